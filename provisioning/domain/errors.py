"""The two families of failure, raised by clients only, and what the portal's own services refuse.

`TemporaryError` heals by itself: the engine waits and looks again. `PermanentError` does not: a person
must act, and the message says which one.
"""


class ProviderError(Exception):
    """Something the far side said or did not say. `reason` is CamelCase and stable."""

    reason = "ProviderError"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or type(self).reason


class TemporaryError(ProviderError):
    """The outcome is unknown or the far side is busy.

    `retry_after` is in seconds, when it said so. `unsent`: nothing was done for certain (connection refused,
    429), so that a create need not be waited for.
    """

    reason = "PlatformBusy"

    def __init__(
        self, message: str, *, reason: str | None = None, retry_after: float | None = None, unsent: bool = False
    ) -> None:
        super().__init__(message, reason=reason)
        self.retry_after = retry_after
        self.unsent = unsent


class StillAtWork(TemporaryError):
    """A part was done and more is left: called again, it goes on. Neither a failure nor a try.

    What is left, as the platform counts it: objects with their earlier versions and deletion marks, and bytes.
    """

    reason = "Emptying"

    def __init__(self, message: str, *, left_objects: int, left_bytes: int) -> None:
        super().__init__(message)
        self.left_objects = left_objects
        self.left_bytes = left_bytes


class PlatformDown(TemporaryError):
    """No connection, a time-out, or 502/503/504 (Proxmox: 595/596). Only these move the breaker."""

    reason = "PlatformUnavailable"


class PermanentError(ProviderError):
    """The far side refused for good: asking again in the same words cannot help."""

    reason = "Refused"


class AlreadyExists(PermanentError):
    """The name is taken. Not a failure by itself: the next look says whether it is ours."""

    reason = "AlreadyExists"


class ProvisioningRefused(Exception):
    """A service of this app says no. `code` is stable and ends in the API's problem details."""

    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PlanStale(ProvisioningRefused):
    """The world, or somebody, moved since the plan was shown."""

    code = "plan_stale"


class CapacityExhausted(ProvisioningRefused):
    """What is asked does not fit on the sites of the placement."""

    code = "capacity_exhausted"


class StackBusy(ProvisioningRefused):
    """Work is under way; a plan made now would describe a moving thing."""

    code = "stack_busy"


class AlreadyRevealed(ProvisioningRefused):
    """A secret is shown once."""

    code = "already_revealed"


class NotFound(ProvisioningRefused):
    """No such thing."""

    code = "not_found"


class OperationOpen(ProvisioningRefused):
    """The reserve is taken: one operation at a time."""

    code = "operation_open"
