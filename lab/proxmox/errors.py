"""What the API says no with. The text goes into the reason line and into `message`, as the real one has it."""

from collections.abc import Mapping

INVALID = "Parameter verification failed."


class Refused(Exception):
    """An answer other than 200; `after_s` is how long the real API takes to say so, seconds.

    `bare` answers have no body at all (401 of the gate, and what a proxy says for a node that is away).
    """

    def __init__(
        self,
        status: int,
        text: str,
        *,
        errors: Mapping[str, str] | None = None,
        bare: bool = False,
        after_s: float = 0,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.errors = errors
        self.bare = bare
        self.after_s = after_s


def died(text: str, *, after_s: float = 0) -> Refused:
    """Domain errors are 500, whatever went wrong."""
    return Refused(500, text, after_s=after_s)


def invalid(**errors: str) -> Refused:
    """One parameter's fault, found by the call itself."""
    return Refused(400, INVALID, errors={name.replace("_", "-"): text for name, text in errors.items()})


def forbidden(what: str = "") -> Refused:
    """`what` is `path, privilege`; nothing where the real API does not say."""
    return Refused(403, f"Permission check failed ({what})" if what else "Permission check failed")


class TaskFailed(Exception):
    """How a task ends badly; the text is its `exitstatus`."""
