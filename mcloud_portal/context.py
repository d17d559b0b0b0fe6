"""What the frame of every page shows: who is signed in, and where that person may go."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from tenants.models import User

# (URL name, label, whom it is for). Read from top to bottom: the order of the navigation.
ENTRIES = (
    ("home", _("Home"), "everybody"),
    ("subscription_list", _("Subscriptions"), "signed in"),
    ("request_queue", _("Requests"), "region"),
    ("console", _("Stacks"), "region"),
    ("capacity", _("Capacity"), "region"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """`nav_items` and the person. Costs at most the two role queries of the signed-in person."""
    user = getattr(request, "user", None)
    person = user if isinstance(user, User) else None
    regional = bool(person and person.region_roles)
    allowed = {"everybody": True, "signed in": person is not None, "region": regional}
    items = [_item(request, name, label) for name, label, whom in ENTRIES if allowed[whom]]
    return {
        "nav_items": [item for item in items if item],
        "person_name": str(person) if person else "",
        "is_regional": regional,
    }


def _item(request: HttpRequest, name: str, label: Any) -> dict[str, Any] | None:
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None
    current = request.path == url if name == "home" else request.path.startswith(url)
    return {"url": url, "label": label, "current": current}
