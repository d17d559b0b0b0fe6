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


class StillKept(DomainError):
    """Data is kept for as long as was promised."""

    code = "still_kept"
    title = _("What was copied is kept until its date; only then can it be deleted.")
