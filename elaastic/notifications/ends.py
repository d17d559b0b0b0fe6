"""What is about to end: an agreement, a former key."""

from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from elaastic.models import Ending, Reminder, Subscription
from elaastic.notifications.letters import LANGUAGE, people_of, send
from elaastic.selectors.subscriptions import credentials


def tell_reminder(reminder: Reminder) -> None:
    """The agreement is about to end, has ended, or has stopped the writing, or a former key is about to end: what
    follows, and what to do.
    """
    row = reminder.subscription
    if reminder.about == Ending.KEYS:
        _tell_keys(row)
        return
    with translation.override(LANGUAGE):
        said = {
            "day": date_format(reminder.until, "d/m/Y"),
            "grace": date_format(row.writes_until or reminder.until, "d/m/Y"),
            "left": reminder.mark,
        }
        subject, body = _about_the_end(reminder.mark)
        subject, body = subject % said, body % said
    send(people_of(row.authority), row.authority, subject, body, "subscription", row.public_id)


def _tell_keys(row: Subscription) -> None:
    """Nothing when the former key has ended meanwhile, or was replaced later again."""
    former = [c for c in credentials(row) if c.former_until is not None]
    if not former or row.keys_until is None:
        return
    with translation.override(LANGUAGE):
        said = {"at": date_format(localtime(row.keys_until), "d/m/Y, H:i")}
        subject = _("The former key ends on %(at)s") % said
        body = _("From then on only the new key opens the archives.")
        todo = _("What to do: see that your program uses the new key.")
        if not all(c.secret_shown for c in former):
            todo = _(
                "The new key has not been collected yet. What to do: collect it, and put it into your program."
            )
    send(people_of(row.authority), row.authority, subject, f"{body} {todo}", "subscription", row.public_id)


def _about_the_end(mark: int) -> tuple[str, str]:
    if mark < -1:
        return (
            _("Writing has stopped: the agreement has run out"),
            _(
                "The agreement ended on %(day)s, and new copies were taken until %(grace)s. Nothing is deleted, "
                "and the restore key goes on working. Ask for the renewal on the page below: writing goes on with "
                "the region's yes."
            ),
        )
    if mark < 0:
        return (
            _("The agreement ended on %(day)s"),
            _(
                "New copies are taken until %(grace)s. Ask for the renewal on the page below. Nothing is ever "
                "deleted because an agreement has run out."
            ),
        )
    return (
        _("The agreement ends on %(day)s"),
        _(
            "It is the moment to ask for the renewal, on the page below. Without one, new copies are taken until "
            "%(grace)s; nothing is deleted, and the restore key goes on working."
        ),
    )
