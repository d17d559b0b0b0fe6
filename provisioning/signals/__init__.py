"""How provisioning tells the rest: a Django signal up, and the doorbell to the workers.

Both may be lost. Whatever they start is computed again from rows.
"""

from django.dispatch import Signal

# kwargs: stack_key (str). The stack's summary changed, or a plan of it did.
stack_moved = Signal()

__all__ = ["stack_moved"]
