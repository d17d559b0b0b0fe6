"""What the region's operators do to a stack: through here, so that the trail knows."""

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

from provisioning.domain import errors as provisioning_errors
from provisioning.services import platforms, stacks
from tenants.models import Actor
from tenants.models.errors import Forbidden, NotFound, WrongState
from tenants.permissions import may_operate
from tenants.services import audit
from tenants.services.checking import check_text

T = TypeVar("T")


def retry_stack(*, stack_key: str, by: Actor, resource: str = "") -> int:
    """Try again what failed or is blocked; how many resources were freed."""
    return _act("stack.retried", stack_key, by, {"resource": resource}, lambda: stacks.retry(stack_key, resource))


def adopt_resource(*, stack_key: str, resource: str, external_id: str, by: Actor) -> None:
    """Say which object is this resource's; the next look holds it against the marker."""
    check_text("external_id", external_id)
    told = {"resource": resource, "external_id": external_id}
    _act("stack.adopted", stack_key, by, told, lambda: stacks.adopt(stack_key, resource, external_id))


def look_at_stack(*, stack_key: str, by: Actor) -> None:
    """Look at everything now."""
    _act("stack.looked_at", stack_key, by, {}, lambda: stacks.look_now(stack_key))


def accept_restored(*, platform: str, by: Actor) -> None:
    """The report was read; a worker lets writing to the platform go on."""
    _act("platform.accepted", platform, by, {}, lambda: platforms.accept_restored(platform), subject="platform")


def _act(
    action: str, subject_id: str, by: Actor, told: dict[str, str], act: Callable[[], T], *, subject: str = "stack"
) -> T:
    if not may_operate(by):
        raise Forbidden
    try:
        with transaction.atomic():
            done = act()
            audit.record(by=by, action=action, subject_type=subject, subject_id=subject_id, after=told)
            return done
    except provisioning_errors.NotFound as error:
        raise NotFound from error
    except provisioning_errors.ProvisioningRefused as error:
        raise WrongState(error.message) from error
