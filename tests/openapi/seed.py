"""A portal with something of everything in it, under ids that `schemathesis.toml` knows.

    python tests/openapi/seed.py PERSONA        # prints the token of one of CALLERS

A program and not a test: the portal that is then served is a process of its own.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from elaastic.models import Request, RestoreTest, Subscription  # noqa: E402
from elaastic.services.proving import begin_restore_test  # noqa: E402
from provisioning.models import Stack  # noqa: E402
from provisioning.services import capacity, surroundings  # noqa: E402
from provisioning.services.clock import now  # noqa: E402
from provisioning.signals import doorbell  # noqa: E402
from tenants.models import (  # noqa: E402
    ApiToken,
    Invitation,
    LocalAuthority,
    Mandate,
    MemberRole,
    User,
)
from tenants.services.authorities import register_authority  # noqa: E402
from tenants.services.invitations import invite  # noqa: E402
from tenants.services.mandates import give_mandate  # noqa: E402
from tests.elaastic import region as simulated  # noqa: E402
from tests.elaastic.flow import Flow  # noqa: E402
from tests.personas import Persona, World, details, make_world  # noqa: E402

# Another authority's owner owns `other`; a narrow token reads, and of `home` alone.
CALLERS: Final[dict[str, Callable[[World], Persona]]] = {
    **{
        name: lambda world, name=name: world[name].with_token()  # type: ignore[misc]
        for name in ("owner", "viewer", "stranger", "operator", "approver", "auditor", "administrator")
    },
    "narrow_token": lambda world: world["owner"].with_token(
        "authorities:read", "subscriptions:read", authority=world.home
    ),
}


def main() -> None:
    doorbell.deliver = lambda task, id, queue: None
    provider = simulated.MemoryProvider()
    surroundings.open_platform = lambda platform: provider  # type: ignore[assignment, return-value]
    setup_test_environment()
    call_command("migrate", verbosity=0)
    capacity.load_totals()
    world = make_world()
    flow = Flow(world)
    stands, asked = flow.active("owner"), flow.asked("stranger")
    _give_known_ids(world, stands["id"], asked["id"])
    _let_others_act(world)
    _begin_a_restore(world)
    print(_token(CALLERS[sys.argv[1]], world))  # noqa: T201 - the answer of a program


def _token(caller: Callable[[World], Persona], world: World) -> str:
    """To call with; and another of the same person, to be revoked."""
    spare, played = caller(world).secret, caller(world).secret
    ApiToken.objects.filter(prefix=spare[:10]).update(public_id=_id("d", 1))
    return played


def _let_others_act(world: World) -> None:
    """A member, an invitation and a mandate of home, and another body that may be given one."""
    by = world["owner"].actor
    for number, name in ((1, "owner"), (4, "viewer")):
        User.objects.filter(email=f"{name}@comune.example").update(public_id=_id("e", number))
    asked = invite(authority=world.home, email="nuova@comune.example", role=MemberRole.VIEWER, by=by)
    Invitation.objects.filter(pk=asked.pk).update(public_id=_id("e", 2))
    bodies = [
        register_authority(details=details(serial, kind="provincia"), by=world["administrator"].actor)
        for serial in (80, 81)
    ]
    LocalAuthority.objects.filter(pk=bodies[1].pk).update(public_id=_id("a", 4))
    until = timezone.localdate() + timedelta(days=30)
    given = give_mandate(town=world.home, body=bodies[0], role=MemberRole.VIEWER, until=until, by=by)
    Mandate.objects.filter(pk=given.pk).update(public_id=_id("e", 3))


def _begin_a_restore(world: World) -> None:
    """The proof file of home's test has been copied: any sum may be sent."""
    row = Subscription.objects.get(public_id=_id("b", 1))
    test = begin_restore_test(subscription=row, archive="backup", tool="restic", by=world["owner"].actor)
    RestoreTest.objects.filter(pk=test.pk).update(public_id=_id("f", 1), ready_at=now(), look_due=None)


def _give_known_ids(world: World, stands: str, asked: str) -> None:
    for number, authority in enumerate((world.home, world.other, world.pending), start=1):
        LocalAuthority.objects.filter(pk=authority.pk).update(public_id=_id("a", number))
    for number, old in enumerate((stands, asked), start=1):
        row = Subscription.objects.get(public_id=old)
        Request.objects.filter(subscription=row).update(public_id=_id("c", number))
        Stack.objects.filter(key=row.stack_key).update(key=f"stack-{number}")
        Subscription.objects.filter(pk=row.pk).update(public_id=_id("b", number), stack_key=f"stack-{number}")


def _id(kind: str, number: int) -> str:
    return f"{kind * 8}-0000-4000-8000-{number:012d}"


if __name__ == "__main__":
    main()
