"""What is said about a request: question, answer, proposal, and the decision."""

from collections.abc import Mapping
from typing import Final

from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elaastic.levels import Mode
from elaastic.models import Decision, Message, Request, RequestKind
from elaastic.notifications.letters import LANGUAGE, people_of, send
from tenants.models import UserKind

Words = tuple[object, object]  # subject, body: lazy sentences

# What follows from a yes, and the one next action. Kinds that nobody at the town has asked for, nor feels, are left
# out: a repair, and the end of writing, of which the reminder tells.
_YES: Final[Mapping[str, Words]] = {
    RequestKind.START: (
        gettext_lazy("The region has said yes: the space is being made"),
        gettext_lazy(
            "In a minute or so everything stands. What to do: collect the credentials on the subscription's page; "
            "they are shown once."
        ),
    ),
    RequestKind.CHANGE: (
        gettext_lazy("The region has said yes: the new terms come into force"),
        gettext_lazy("It takes a minute or so, and no copy is interrupted. The page below shows each step."),
    ),
    RequestKind.RENEW: (
        gettext_lazy("The agreement is renewed"),
        gettext_lazy("It goes on until %(agreed)s under the present terms. Nothing is to be done."),
    ),
    RequestKind.END: (
        gettext_lazy("The region has said yes: the subscription ends"),
        gettext_lazy(
            "Nothing new can be copied. What was copied is kept until %(kept)s, and the restore key works until "
            "then. What to do: take away what you need."
        ),
    ),
    RequestKind.PURGE: (
        gettext_lazy("The region has said yes: what was kept is being deleted"),
        gettext_lazy("The certificate of deletion can be printed once it is done. The page below shows each step."),
    ),
    RequestKind.SUSPEND: (
        gettext_lazy("The region has suspended writing"),
        gettext_lazy(
            "Nothing new can be copied; everything can be restored. What to do: ask the region for the reason, if "
            "nobody has told you."
        ),
    ),
    RequestKind.RESUME: (
        gettext_lazy("Writing goes on"),
        gettext_lazy("The region has lifted the suspension. What to do: see that the next copy arrives."),
    ),
    RequestKind.FAIL_OVER: (
        gettext_lazy("Your machines start on the region's reserve"),
        gettext_lazy(
            "%(person)s asked for it, as the agreement allows. What to do: follow it below, and see that your own "
            "machines are switched off. If nobody at your office knows of this, call the region at once."
        ),
    ),
    RequestKind.FAIL_BACK: (
        gettext_lazy("The region has said yes: the machines on the reserve go"),
        gettext_lazy("What they wrote goes with them; your archives stay. The page below shows each step."),
    ),
    RequestKind.KEYS: (
        gettext_lazy("Only the newest keys work from now on"),
        gettext_lazy(
            "%(person)s asked for it, or the week in which both keys worked is over. What to do: see that the next "
            "copy arrives. If nobody at your office knows of this, write to the region at once."
        ),
    ),
}
_SECOND_KEY: Final[Words] = (
    gettext_lazy("There is a new key beside the former one"),
    gettext_lazy(
        "%(person)s asked for it. The former key works until %(keys)s. What to do: collect the new key and put it "
        "into your program. If nobody at your office knows of this, write to the region at once."
    ),
)
_NO: Final[Words] = (
    gettext_lazy("The region has said no"),
    gettext_lazy(
        "Nothing has changed. The reason:\n\n    %(note)s\n\nWhat to do: correct what it says and ask again."
    ),
)


def tell_decision(request: Request) -> None:
    """The region's yes or no, to who acts for the authority and to who asked, be it for another body; a no to what
    a program asked also to who answers for the program. Of a yes the program reads over the API.
    """
    words = _words(request)
    if words is None:
        return
    row = request.subscription
    with translation.override(LANGUAGE):
        said = {
            "note": request.note,
            "agreed": row.agreed_until and date_format(row.agreed_until, "d/m/Y"),
            "kept": row.kept_until and date_format(localtime(row.kept_until), "d/m/Y"),
            "keys": row.keys_until and date_format(localtime(row.keys_until), "d/m/Y"),
            "person": request.decided_by,
        }
        subject, body = str(words[0]), str(words[1]) % said
    to = _asking(request, needs_a_hand=request.decision == Decision.REJECTED)
    send(to, row.authority, subject, body, "request", request.public_id)


def _words(request: Request) -> Words | None:
    if request.decision == Decision.REJECTED:
        return _NO
    if request.kind == RequestKind.KEYS and any(len(s) > 1 for s in Mode.parse(request.mode).keys.values()):
        return _SECOND_KEY
    return _YES.get(request.kind)


def _asking(request: Request, *, needs_a_hand: bool) -> list[str]:
    to = people_of(request.subscription.authority)
    asked = request.requested_by
    if asked is not None and asked.kind == UserKind.SERVICE:
        # A program asks for hundreds of towns: only what it cannot do by itself is a letter to a person.
        asked = asked.accountable if needs_a_hand else None
    return list(dict.fromkeys([*to, asked.email])) if asked and asked.is_active else to


def tell_message(message: Message) -> None:
    """What the region asked or proposes goes to the authority's side; an answer goes to who asked last. The words
    themselves stay on the page, behind a login.
    """
    authority, asked = message.subscription.authority, message.request
    page, id = ("request", asked.public_id) if asked else ("subscription", message.subscription.public_id)
    with translation.override(LANGUAGE):
        if message.from_region:
            to = _asking(asked, needs_a_hand=True) if asked else people_of(authority)
            subject, body = _from_region(proposes=bool(asked and asked.counter))
        else:
            last = message.subscription.messages.filter(from_region=True, pk__lt=message.pk).last()
            to = [last.author.email] if last and last.author.is_active else []
            subject = _("%(authority)s has answered") % {"authority": authority.name}
            body = _("The answer is on the page below; the decision is yours again.")
    send(to, authority, subject, body, page, id)


def _from_region(*, proposes: bool) -> tuple[str, str]:
    if proposes:
        return (
            _("The region proposes other terms"),
            _("The region would approve other terms than you asked for. Read them, and accept or answer, below."),
        )
    return (
        _("The region asks you something"),
        _("The region needs a word from you before it can decide. Read it and answer on the page below."),
    )
