"""One act on a subscription, each on a page that says what follows from it: leave, purge, a pause, keys."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elaastic.levels import LEVELS
from elaastic.models import Request, Subscription
from elaastic.permissions import may_ask, may_collect, may_operate
from elaastic.services import agreeing, changing, failing_over, keys
from elaastic.views import words
from elaastic.views.exports import what_goes
from elaastic.views.person import actor_of, sentence_of, signed_in
from elaastic.views.subscriptions import subscription_or_404
from tenants.models import Actor
from tenants.models.errors import DomainError


@dataclass(frozen=True)
class Act:
    """`typed`: the authority's name must be typed. `names`: whose key it is about stands in the address."""

    may: Callable[[Actor, Subscription], bool]
    title: words.Text
    consequence: words.Text
    label: words.Text
    done: words.Text
    warning: words.Text = ""
    typed: bool = False
    danger: bool = True


def _operates(actor: Actor, row: Subscription) -> bool:
    del row
    return may_operate(actor)


def _may_revoke(actor: Actor, row: Subscription) -> bool:
    return may_collect(actor, row) or may_operate(actor)


_FOLLOW: Final = gettext_lazy("The request was sent; you follow it here.")
ACTS: Final[dict[str, Act]] = {
    "leave": Act(
        may_ask,
        gettext_lazy("Leave"),
        gettext_lazy(
            "When the region has agreed, nothing new can be copied. What was copied is kept for as long as the "
            "terms say, and the restore key goes on working until then: take away what you need."
        ),
        gettext_lazy("Ask to leave"),
        _FOLLOW,
        typed=True,
    ),
    "renew": Act(
        may_ask,
        gettext_lazy("Renew the agreement"),
        gettext_lazy(
            "The agreement goes on for three years under the present terms, when the region has agreed. What "
            "stopped because it had run out goes on then."
        ),
        gettext_lazy("Ask for the renewal"),
        _FOLLOW,
        danger=False,
    ),
    "failback": Act(
        may_ask,
        gettext_lazy("End the failover"),
        gettext_lazy(
            "When the region has agreed, the machines that run on the reserve are removed, and the reserve is free "
            "again. Your archives and the images in them stay as they are."
        ),
        gettext_lazy("Ask that the machines go"),
        _FOLLOW,
        gettext_lazy(
            "What the machines have written since they were last exported goes with them, and nobody can bring it "
            "back: stop what writes in them, export once more, then ask."
        ),
        typed=True,
    ),
    "purge": Act(
        may_ask,
        gettext_lazy("Delete what was kept"),
        gettext_lazy(
            "When the region has agreed, every copy in every archive is deleted, and the restore key ends."
        ),
        gettext_lazy("Ask for the deletion of everything"),
        _FOLLOW,
        gettext_lazy("Nobody can bring it back: not you, not the region. Restore what you need first."),
        typed=True,
    ),
    "suspend": Act(
        _operates,
        gettext_lazy("Suspend writing"),
        gettext_lazy("Nothing new can be copied from now on; everything can be restored. It happens at once."),
        gettext_lazy("Suspend writing now"),
        gettext_lazy("Writing is being suspended."),
    ),
    "resume": Act(
        _operates,
        gettext_lazy("Let writing go on"),
        gettext_lazy("New copies are taken again. It happens at once."),
        gettext_lazy("Let writing go on now"),
        gettext_lazy("Writing goes on in a moment."),
        danger=False,
    ),
    "rotate": Act(
        may_collect,
        gettext_lazy("A new key"),
        gettext_lazy(
            "A second key is made beside the present one. Both work for a week: collect the new one, put it into "
            "your programs, and let a backup run with it."
        ),
        gettext_lazy("Make a new key"),
        gettext_lazy("The new key is being made: collect it in a moment."),
        danger=False,
    ),
    "revoke": Act(
        _may_revoke,
        gettext_lazy("This key has leaked"),
        gettext_lazy(
            "The present key stops working at once, and so does every program that uses it; a new one is made."
        ),
        gettext_lazy("End the present key now"),
        gettext_lazy("The key is being ended, and a new one made: collect it in a moment."),
    ),
}
_PLAIN: Final = {
    "leave": changing.leave,
    "purge": changing.purge,
    "failback": failing_over.fail_back,
    "renew": agreeing.renew,
    "suspend": changing.suspend,
    "resume": changing.resume,
}
_KEYS: Final = {"rotate": keys.rotate, "revoke": keys.revoke}


@signed_in
def act_on(request: HttpRequest, public_id: UUID, act: str, name: str = "") -> HttpResponseBase:
    """GET: what follows. POST: it is asked for; what needs a yes is followed on the request's page."""
    actor, what = actor_of(request), ACTS[act]
    row = subscription_or_404(actor, public_id)
    if name and name not in LEVELS[row.level].credentials:
        raise Http404
    if not what.may(actor, row):
        raise PermissionDenied
    problem, status = "", 200
    if request.method == "POST":
        if what.typed and request.POST.get("authority_name", "").strip() != row.authority.name:
            problem, status = _("The name that you typed is not that of the authority; nothing was done."), 400
        else:
            try:
                asked = _ask(act, row, name, actor)
            except DomainError as refused:
                problem, status = sentence_of(refused), refused.status
            else:
                messages.success(request, str(what.done))
                return (
                    redirect("subscription", public_id)
                    if asked.preapproved_by_id
                    else redirect("request", asked.public_id)
                )
    goes = what_goes(row) if act == "failback" else []
    context = {
        "row": row,
        "act": what,
        "goes": goes,
        "subject": words.CREDENTIALS[name][0] if name else "",
        "problem": problem,
    }
    return render(request, "elaastic/act.html", context, status=status)


def _ask(act: str, row: Subscription, name: str, actor: Actor) -> Request:
    if act in _KEYS:
        return _KEYS[act](subscription=row, name=name, by=actor)
    return _PLAIN[act](subscription=row, by=actor)
