"""Refusals of this app; each has one stable code that clients may rely on."""

from django.utils.translation import gettext_lazy as _

from tenants.models.errors import DomainError


class LevelUnavailable(DomainError):
    """Announced and not yet offered."""

    code = "level_unavailable"
    title = _("This level cannot be asked for yet.")


class AuthorityNotVerified(DomainError):
    """Nothing is provisioned for a body that the region has not verified."""

    code = "authority_not_verified"
    title = _("The region has not verified this authority yet; you can ask as soon as it has.")


class AuthorityDiffers(DomainError):
    """A row of many names a body that is registered with other details."""

    code = "authority_differs"
    title = _("This authority is registered already, with other details.")


class SubscriptionExists(DomainError):
    """One live subscription for an authority."""

    code = "subscription_exists"
    title = _("This authority already has a subscription; change that one instead.")


class RequestOpen(DomainError):
    """One open request for a subscription."""

    code = "request_open"
    title = _("A request for this subscription is already open.")


class RequestClosed(DomainError):
    """Somebody decided first, perhaps in this very second."""

    code = "request_decided"
    title = _("This request was already decided or withdrawn.")


class OwnRequest(DomainError):
    """Four eyes."""

    code = "own_request"
    status = 403
    title = _("Whoever asked for it cannot decide it: another approver must.")


class NothingAsked(DomainError):
    """There is no question to answer."""

    code = "nothing_asked"
    title = _("The region waits for no answer to this request.")


class NoCounter(DomainError):
    """What was shown is not what the region proposes now."""

    code = "counter_changed"
    title = _("The region's proposal is no longer the one that you were shown: read it again, then accept it.")


class NotForTalk(DomainError):
    """Nobody at the authority asked for it."""

    code = "not_for_talk"
    title = _("The authority did not ask for this in words of its own: there is nothing to ask it, or to propose.")


class PlanNotReady(DomainError):
    """The worker is still at it."""

    code = "plan_not_ready"
    title = _("The plan is still being made; look again in a moment.")


class PlanStale(DomainError):
    """The world moved; a new plan is on its way."""

    code = "plan_stale"
    title = _("Something changed since this plan was shown. A new plan is being made: read it, then decide.")


class CapacityExhausted(DomainError):
    """It no longer fits."""

    code = "capacity_exhausted"
    title = _("The sites of this plan no longer have room for it.")


class AlreadyRevealed(DomainError):
    """Shown once."""

    code = "already_revealed"
    title = _("This secret was already shown, once, as promised. If it was lost, ask for a new one.")


class NotReady(DomainError):
    """There is nothing to collect yet."""

    code = "not_ready"
    title = _("This credential is not ready yet.")


class NotInForce(DomainError):
    """It has not begun, or it has ended, or it is on its way out."""

    code = "not_in_force"
    title = _("This subscription is not in force; nothing about it can be changed now.")


class NothingChanges(DomainError):
    """The terms are those in force."""

    code = "nothing_changes"
    title = _("This is what is in force already; nothing would change.")


class Busy(DomainError):
    """Too many act on the same rows in the same seconds."""

    code = "busy"
    status = 503
    title = _("Too many decide at this moment. Nothing was changed: try again in a few seconds.")


class RenewalTooEarly(DomainError):
    """The agreement runs for long enough."""

    code = "renewal_too_early"
    title = _("The agreement still runs for long: it can be renewed in its last six months.")


class StillKept(DomainError):
    """Data is kept for as long as was promised."""

    code = "still_kept"
    title = _("What was copied is kept until its date; only then can it be deleted.")


class RestoreTestOpen(DomainError):
    """One at a time: its sample is named, or its proof file is on its way."""

    code = "restore_test_open"
    title = _("A restore test is already open: finish that one, or stop it.")


class NoRestoreTest(DomainError):
    """Ended, or never begun."""

    code = "no_restore_test"
    title = _("No restore test waits for this: it has ended, or it is not that far yet. Read its page again.")


class WritingStopped(DomainError):
    """No copy is taken any more, and the test that was asked for needs one."""

    code = "writing_stopped"
    title = _(
        "Writing is stopped: no copy could take a proof file. When it goes on, begin again; copies that are not "
        "encrypted can be proven now, with rclone, s3cmd or aws-cli."
    )


class ImagesInUse(DomainError):
    """An operation starts machines from them."""

    code = "images_in_use"
    title = _("An operation is using an image of this subscription: ask again when it has ended.")


class NothingToRestore(DomainError):
    """Not begun, or over."""

    code = "nothing_to_restore"
    title = _("There is nothing to restore yet: the subscription is not active, or its key is not ready.")


class DrillOpen(DomainError):
    """The reserve is one."""

    code = "operation_open"
    title = _("A drill of this subscription is still under way, or being cleaned up: wait until it has ended.")


class NothingToStart(DomainError):
    """A machine has no image from which it could start."""

    code = "no_recovery_point"
    title = _("There is no usable image to start from.")


class CannotStart(DomainError):
    """Something that this release cannot start."""

    code = "cannot_start"
    title = _("The portal cannot start this machine yet.")


class FailedOver(DomainError):
    """Its machines run here, for real."""

    code = "failed_over"
    title = _("This subscription has failed over: first take its machines off the reserve.")


class NotFailedOver(DomainError):
    """Nothing of it runs here."""

    code = "not_failed_over"
    title = _("This subscription has not failed over: there is nothing to end.")


class ExportOpen(DomainError):
    """One after the other."""

    code = "operation_open"
    title = _("An export is under way: wait until it has ended, or stop it.")


class ExportEnded(DomainError):
    """There is nothing left to stop."""

    code = "operation_ended"
    title = _("This export has its result already.")


class AlreadyReviewed(DomainError):
    """Somebody was first."""

    code = "already_reviewed"
    title = _("This failover was reviewed already.")


class DrillEnded(DomainError):
    """There is nothing left to stop or to do."""

    code = "operation_ended"
    title = _("This drill has its result already.")
