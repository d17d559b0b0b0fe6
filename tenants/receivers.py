"""What the login library tells us."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.dispatch import receiver
from django.http import HttpRequest

from tenants.models import User
from tenants.services.second_factor import METHOD


@receiver(authenticator_added)
def setting_it_up_proves_it(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    """To set the app up a code of it was typed: this session needs no other."""
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, METHOD, id=authenticator.pk, type=authenticator.type)
