"""Of whom a second factor is demanded: of people with a role at the region, in every session.

What counts is that this session saw a code, not that its person has an app: a session that was open before the app
was set up proves nothing.
"""

from typing import Final

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.models import Actor, User
from tenants.models.errors import Forbidden, WrongState
from tenants.permissions import may_grant
from tenants.services import audit

METHOD: Final = "mfa"


def is_required() -> bool:
    """`MCLOUD_REGION_MFA=optional` is for demos; the pages say so and `check --deploy` warns."""
    return bool(settings.REGION_MFA == "required")


def is_lacking(request: HttpRequest) -> bool:
    """Does this session have to see a code before it may do anything?"""
    user = request.user
    if not is_required() or not isinstance(user, User):
        return False
    seen = any(record.get("method") == METHOD for record in get_authentication_records(request, user))
    return not seen and bool(user.region_roles)


def has_one(user: User) -> bool:
    """Is an app set up?"""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


@transaction.atomic
def reset_second_factor(*, user: User, by: Actor) -> None:
    """A colleague lost the telephone and the recovery codes: the next sign-in sets the app up anew.

    Administrators, never for themselves. Raises Forbidden, WrongState (there is none).
    """
    if not may_grant(by) or by.scopes is not None or by.user.pk == user.pk:
        raise Forbidden(_("Another administrator resets your second factor."))
    gone, _rows = Authenticator.objects.filter(user=user).delete()
    if not gone:
        raise WrongState(_("This person has no second factor."))
    audit.record(
        by=by, action="second_factor.reset", subject_type="person", subject_id=user.public_id,
        after={"email": user.email},
    )  # fmt: skip
