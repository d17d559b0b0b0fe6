"""Keys for programs: one's own, and those of the programs that one answers for."""

from typing import Any, Final
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.forms import JudgedForm, ServiceAccountForm, TokenForm
from tenants.models import Actor, LocalAuthority, MemberRole, User
from tenants.models.errors import DomainError
from tenants.permissions import may_grant
from tenants.selectors import my_authorities, tokens_with_state
from tenants.services.service_accounts import close_service_account, open_service_account, service_accounts_of
from tenants.services.tokens import issue_token, revoke_token
from tenants.views.confirming import Question, confirm
from tenants.views.person import actor_of, signed_in

# A page with a secret is kept nowhere: not by the browser, not by anything between.
_KEPT_NOWHERE: Final = {"Cache-Control": "no-store, private", "Pragma": "no-cache"}
_REGION: Final = "region"
# The newest; the API's list goes on.
_SHOWN: Final = 200


@signed_in
def tokens(request: HttpRequest) -> HttpResponseBase:
    """One's own, then those of each program."""
    actor = actor_of(request)
    accounts = list(service_accounts_of(actor)[:_SHOWN])
    rows = list(tokens_with_state([actor.user, *accounts])[:_SHOWN])
    context = {
        "own": [t for t in rows if t.user_id == actor.user.pk],
        "accounts": [(a, [t for t in rows if t.user_id == a.pk]) for a in accounts],
        "opens": bool(_places(actor)),
    }
    return render(request, "tenants/tokens.html", context)


@signed_in
def token_issue(request: HttpRequest, holder: UUID | None = None) -> HttpResponseBase:
    """The form, and after it the secret, once; who asks has typed the password a moment ago."""
    actor = actor_of(request)
    user = actor.user if holder is None else _account(actor, holder)
    answer: HttpResponseBase = _after_proof(request, actor, user)
    return answer


@reauthentication_required
def _after_proof(request: HttpRequest, actor: Actor, user: User) -> HttpResponse:
    reachable = list(my_authorities(Actor(user)))
    form = TokenForm(request.POST or None, authorities=reachable)
    if request.method != "POST":
        return _issue_page(request, user, form)
    if not form.is_valid():
        return _issue_page(request, user, form, 400)
    told = form.cleaned_data
    only = next((a for a in reachable if str(a.public_id) == told["authority"]), None)
    try:
        issued = issue_token(
            user=user, scopes=told["scopes"], by=actor, name=told["name"], authority=only, days=told["days"]
        )
    except DomainError as refused:
        form.add_faults(refused.errors, refused.detail)
        return _issue_page(request, user, form, refused.status)
    context = {"token": issued.token, "secret": issued.secret, "holder": user}
    return _kept_nowhere(render(request, "tenants/token_issued.html", context))


def _issue_page(request: HttpRequest, user: User, form: JudgedForm, status: int = 200) -> HttpResponse:
    context = {"holder": user, "form": form}
    return _kept_nowhere(render(request, "tenants/token_issue.html", context, status=status))


def _kept_nowhere(answer: HttpResponse) -> HttpResponse:
    for header, value in _KEPT_NOWHERE.items():
        answer[header] = value
    return answer


@signed_in
def token_revoke(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """One's own or a program's."""
    actor = actor_of(request)
    holders = [actor.user, *service_accounts_of(actor)]
    found = tokens_with_state(holders).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    question = Question(
        title=gettext_lazy("Revoke the token"),
        lead=f"{found.name} ({found.prefix}…)",
        consequence=gettext_lazy("Whatever uses this token is refused from now on, and for ever."),
        label=gettext_lazy("Revoke it now"),
        done=gettext_lazy("The token is revoked."),
        back=reverse("tokens"),
    )
    return confirm(request, question, lambda: revoke_token(token=found, by=actor))


@signed_in
def service_account_open(request: HttpRequest) -> HttpResponseBase:
    """A program gets a name, a place and a role; its tokens come after."""
    actor = actor_of(request)
    places = _places(actor)
    if not places:
        raise Http404
    form = ServiceAccountForm(request.POST or None, places=[(key, label) for key, (label, _a) in places.items()])
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            told = form.cleaned_data
            where = places[told["place"]][1]
            try:
                account = open_service_account(name=told["name"], authority=where, role=told["role"], by=actor)
            except DomainError as refused:
                form.add_faults(refused.errors, refused.detail)
                status = refused.status
            else:
                messages.success(request, _("The account is open: now issue a token for it."))
                return redirect("token_issue_for", account.public_id)
    return render(request, "tenants/service_account.html", {"form": form}, status=status)


@signed_in
def service_account_close(request: HttpRequest, holder: UUID) -> HttpResponseBase:
    """With all its tokens."""
    actor = actor_of(request)
    account = _account(actor, holder)
    question = Question(
        title=gettext_lazy("Close the account of the program"),
        lead=str(account),
        consequence=gettext_lazy("All its tokens are revoked, and the program is refused from now on."),
        label=gettext_lazy("Close it now"),
        done=gettext_lazy("The account is closed."),
        back=reverse("tokens"),
    )
    return confirm(request, question, lambda: close_service_account(account=account, by=actor))


def _account(actor: Actor, public_id: UUID) -> User:
    found = service_accounts_of(actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def _places(actor: Actor) -> dict[str, tuple[Any, LocalAuthority | None]]:
    """Where the person may open accounts for programs: key → (label, authority; None for the region)."""
    roles = actor.user.roles_by_authority
    owned = [a for a in my_authorities(actor) if roles[a.pk] == MemberRole.OWNER]
    places: dict[str, tuple[Any, LocalAuthority | None]] = {str(a.public_id): (a.name, a) for a in owned}
    if may_grant(actor):
        places[_REGION] = (_("The region, as its operator"), None)
    return places
