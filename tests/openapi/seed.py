"""A portal with something of everything in it, under ids that `schemathesis.toml` knows; prints the caller's token.

A program and not a test: the portal that is then served is a process of its own.
"""

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from elaastic.models import Request, Subscription  # noqa: E402
from provisioning.models import Stack  # noqa: E402
from provisioning.services import capacity, surroundings  # noqa: E402
from provisioning.signals import doorbell  # noqa: E402
from tenants.models import ApiToken, LocalAuthority, MemberRole, RegionRoleName  # noqa: E402
from tenants.services.people import add_member, grant_region_role  # noqa: E402
from tests.elaastic import region as simulated  # noqa: E402
from tests.elaastic.flow import Flow  # noqa: E402
from tests.personas import World, make_world  # noqa: E402


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
    secret = _token_of_everything(world)
    _give_known_ids(world, stands["id"], asked["id"])
    print(secret)  # noqa: T201 - the answer of a program


def _token_of_everything(world: World) -> str:
    """Of the one person who may do whatever somebody may; and another token, to be revoked."""
    person, by = world["operator"], world["administrator"].actor
    assert person.user is not None
    for role in (RegionRoleName.APPROVER, RegionRoleName.ADMINISTRATOR):
        grant_region_role(user=person.user, role=role, by=by)
    for authority in (world.home, world.other):
        add_member(authority=authority, user=person.user, role=MemberRole.OWNER, by=by)
    spare = person.with_token().secret
    ApiToken.objects.filter(prefix=spare[:10]).update(public_id=_id("d", 1))
    return person.with_token().secret


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
