"""Who acts when nobody is signed in: one closed account, so that the trail has somebody to name."""

from typing import Final

from tenants.models import Actor, User, UserKind

ADDRESS: Final = "visitor@portal.invalid"


def visitor(*, ip: str, on_behalf_of: str = "") -> Actor:
    """An actor without any role or right. Its account is closed, has no password and can be given none."""
    user, new = User.objects.get_or_create(
        email=ADDRESS, defaults={"kind": UserKind.SERVICE, "is_active": False, "full_name": "Visitor"}
    )
    if new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return Actor(user=user, scopes=frozenset(), ip=ip, on_behalf_of=on_behalf_of)
