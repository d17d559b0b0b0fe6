"""What provisioning tells us. A signal may be lost: whatever it starts is computed again from rows."""

from typing import Any

from django.dispatch import receiver

from elaastic.services import planning
from provisioning.domain.conditions import State
from provisioning.selectors.stacks import stacks
from provisioning.signals import stack_moved


@receiver(stack_moved)
def notice(sender: object, stack_key: str, **_: Any) -> None:
    """First activation and applied requests at once; a drifted stack asks for its repair."""
    planning.settle()
    stack = stacks([stack_key]).get(stack_key)
    if stack is not None and stack.condition.state == State.DRIFTED:
        planning.ask_repair(stack_key)
