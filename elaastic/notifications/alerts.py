"""What is late, full or not as it arrived: to the authority, and when it stays so to the region."""

from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from elaastic.models import Alert, AlertKind, Escalation
from elaastic.notifications.letters import LANGUAGE, people_of, region_with, send
from tenants.models import RegionRoleName


def tell(alert: Alert) -> None:
    """One mail to everybody who acts for the authority. OSError when no server takes it; nothing when there is
    nobody to write to, which the region sees in its list of authorities.
    """
    authority = alert.subscription.authority
    with translation.override(LANGUAGE):
        subject, body = _words(alert)
    send(people_of(authority), authority, subject, body, "subscription", alert.subscription.public_id)


def tell_escalation(escalation: Escalation) -> None:
    """The region's people of one role: what stayed open, since when, and whose move it was."""
    alert = escalation.alert
    if alert.ended_at:
        return
    with translation.override(LANGUAGE):
        subject, body = _words(alert)
        since = date_format(localtime(alert.began_at), "d/m/Y H:i")
        open_ = _("This has been so since %(since)s. The authority was told: call whoever looks after its copies.")
        subject = _("%(authority)s: %(what)s") % {"authority": alert.subscription.authority.name, "what": subject}
    to, row = region_with(RegionRoleName(escalation.role)), alert.subscription
    send(to, row.authority, subject, f"{body}\n\n{open_ % {'since': since}}", "subscription", row.public_id)


def _words(alert: Alert) -> tuple[str, str]:
    said = {"archive": alert.archive, "since": date_format(localtime(alert.began_at), "d/m/Y H:i")}
    if alert.kind == AlertKind.DAMAGED:
        return _damaged(alert)
    if alert.kind in (AlertKind.IMAGE_LATE, AlertKind.REFUSED):
        return _of_a_machine(alert)
    if alert.kind == AlertKind.DRILL:
        return _drill(alert)
    if alert.kind == AlertKind.FULL:
        if alert.ended_at:
            return _("There is room again"), _("The space is no longer nearly full. Nothing is to be done.")
        return (
            _("The space is nearly full"),
            _(
                "The next copy may be refused. Ask for more space on the page below, or keep earlier versions for "
                "less long."
            ),
        )
    if alert.ended_at:
        return (
            _("A copy arrived again in “%(archive)s”") % said,
            _("Copies arrive again in the archive “%(archive)s”. Nothing is to be done.") % said,
        )
    return (
        _("A copy is late in “%(archive)s”") % said,
        _(
            "No copy has arrived in the archive “%(archive)s” for longer than was agreed (noticed on %(since)s). "
            "Look at your backup program today: did it run, and what did it say?"
        )
        % said,
    )


def _damaged(alert: Alert) -> tuple[str, str]:
    said = {"archive": alert.archive}
    if alert.ended_at:
        return (
            _("The copies in “%(archive)s” are whole again") % said,
            _("The portal has read a random few of them again, as they arrived. Nothing is to be done."),
        )
    return (
        _("A copy in “%(archive)s” is not as it arrived") % said,
        _(
            "The portal has read a random few copies again, and at least one is not what it was. It is the "
            "region's move; until it is explained, make a new full copy, and keep the other one that you have."
        ),
    )


def _drill(alert: Alert) -> tuple[str, str]:
    if alert.ended_at:
        return _("No drill is due any more"), _("The page below says when the next one is. Nothing is to be done.")
    return (
        _("A drill of the recovery plan is due, and none has passed"),
        _(
            "By the terms that you agreed, the recovery plan has to be tried again. The portal begins a drill by "
            "itself, by night, and could not, or it did not pass. Open the page below, and from it the drills: it "
            "says why, whose move it is, and what to do."
        ),
    )


def _of_a_machine(alert: Alert) -> tuple[str, str]:
    said = {"machine": alert.machine, "since": date_format(localtime(alert.began_at), "d/m/Y H:i")}
    if alert.kind == AlertKind.REFUSED:
        if alert.ended_at:
            return (
                _("The newest image of the machine “%(machine)s” is no longer a refused one") % said,
                _("It was replaced, or is gone from the archive. Nothing is to be done."),
            )
        return (
            _("An image of the machine “%(machine)s” was refused") % said,
            _(
                "The newest image of the machine “%(machine)s” cannot be started from. The page below says why, "
                "and what to do; mend the export and upload it again. Earlier usable images still count."
            )
            % said,
        )
    if alert.ended_at:
        return (
            _("The image of the machine “%(machine)s” is no longer late") % said,
            _("The page below shows from which image it would start now. Nothing is to be done."),
        )
    return (
        _("The image of the machine “%(machine)s” is late") % said,
        _(
            "No usable image of the machine “%(machine)s” has arrived for longer than was agreed (noticed on "
            "%(since)s). Look at the export today: did it run, and did the upload end?"
        )
        % said,
    )
