"""What the frame of every page shows: who is signed in, and where that person may go."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.models import AUDITS, MemberRole, Membership, RegionRoleName, User

# (URL name, label, whom it is for). Read from top to bottom: the order of the navigation.
ENTRIES = (
    ("home", _("Home"), "everybody"),
    ("choose", _("Which level"), "outside"),
    ("subscription_list", _("Subscriptions"), "signed in"),
    ("verifications", _("Proofs"), "signed in"),
    ("request_queue", _("Requests"), "region"),
    ("console", _("Stacks"), "region"),
    ("platforms", _("Platforms"), "region"),
    ("capacity", _("Capacity"), "region"),
    ("authority_list", _("Authorities"), "region"),
    ("people", _("People"), "signed in"),
    ("trail", _("Trail"), "audits"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """`nav_items` and the person. Costs at most two role queries and one for the name of the own authority."""
    user = getattr(request, "user", None)
    person = user if isinstance(user, User) else None
    regional = bool(person and person.region_roles)
    allowed = {
        "everybody": True,
        "outside": not regional,
        "signed in": person is not None,
        "region": regional,
        "audits": _audits(person),
    }
    items = [_item(request, name, label) for name, label, whom in ENTRIES if allowed[whom]]
    return {
        "nav_items": [item for item in items if item],
        "person_name": str(person) if person else "",
        "person_role": _role(person) if person else "",
        "is_regional": regional,
        # Said on every page of the region, so that nobody takes a demo's door for a real one.
        "second_factor_waived": regional and settings.REGION_MFA != "required",
    }


def _audits(person: User | None) -> bool:
    """From the roles that were read already."""
    if person is None:
        return False
    owns = MemberRole.OWNER in person.roles_by_authority.values() if not person.region_roles else False
    return owns or bool(person.region_roles & AUDITS)


def _role(person: User) -> str:
    """What the person is here, in words: at the region, at the one own authority, or at several."""
    if person.region_roles:
        roles = ", ".join(str(RegionRoleName(role).label) for role in sorted(person.region_roles))
        return f"Regione Marche, {roles.lower()}"
    if not person.roles_by_authority:
        return ""
    if len(person.roles_by_authority) > 1:
        return gettext("%(count)s authorities") % {"count": len(person.roles_by_authority)}
    own = Membership.objects.filter(user=person).select_related("authority").first()
    return f"{own.authority.name}, {own.get_role_display().lower()}" if own else ""


def _item(request: HttpRequest, name: str, label: Any) -> dict[str, Any] | None:
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None
    current = request.path == url if name == "home" else request.path.startswith(url)
    return {"url": url, "label": label, "current": current}
