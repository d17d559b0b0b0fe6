"""What towns of level 2 ask for, and their failover: what people do before the workers do the rest."""

import os
import signal
from typing import Any, Final

from django.core.management import call_command
from django.db import connection

from elaastic.models import Subscription
from elaastic.services import failing_over
from elaastic.services.changing import change_terms, leave
from mcloud_portal import sweeper
from tenants.models import LocalAuthority, User
from tenants.models.errors import DomainError
from tenants.services.people import add_member
from tests.faults import acts
from tests.faults.drills import _MACHINE, TERMS

OWNER, COLLEAGUE, OTHER = "owner@comune.example", "viewer@comune.example", "stranger@comune.example"
WIDER: Final[dict[str, Any]] = {
    **TERMS,
    "quota_gib": 150,
    "archives": [*TERMS["archives"], {"name": "documents", "expected_interval_hours": 24}],
    "machines": [*TERMS["machines"], {"name": "mail", **_MACHINE, "boot_group": 2}],
}


def neighbour_steps_up() -> None:
    """The other town has a reserve beside this one's: whoever touches any of it touched what is not its own."""
    acts.begin()
    call_command("load_capacity")
    row = Subscription.objects.get(authority__membership__user__email=OTHER, closed_at=None)
    terms = {**TERMS, "quota_gib": 40, "archives": [*row.terms["archives"], *TERMS["archives"]]}
    change_terms(subscription=row, terms=terms, level=2, by=acts._actor(OTHER))
    plan_and_say_yes()


def widen() -> None:
    """More room, another archive, another machine."""
    acts.begin()
    change_terms(subscription=acts._subscription(), terms=WIDER, by=acts._actor(OWNER))
    plan_and_say_yes()


def leave_for_good() -> None:
    """The town ends it: its images are kept, its reserve goes."""
    acts.begin()
    leave(subscription=acts._subscription(), by=acts._actor(OWNER))
    plan_and_say_yes()


def colleague_comes() -> None:
    """A second person acts for the town."""
    acts.begin()
    by = acts._actor(OWNER)
    home = LocalAuthority.objects.get(membership__user=by.user)
    add_member(authority=home, user=User.objects.get(email=COLLEAGUE), role="operator", by=by)


def fail_over() -> None:
    """The owner presses the button; the agreement has said yes."""
    acts.begin()
    failing_over.fail_over(subscription=acts._subscription(), by=acts._actor(OWNER))


def fail_back() -> None:
    """The machines are to go: asked for, planned, approved."""
    ask_fail_back()
    plan_and_say_yes()


def plan_and_say_yes() -> None:
    """To what is open."""
    acts.begin()
    sweeper.run_once()
    acts.say_yes()


def ask_fail_back() -> None:
    """By the owner."""
    acts.begin()
    failing_over.fail_back(subscription=acts._subscription(), by=acts._actor(OWNER))


def press_as_well(button: str) -> str:
    """The colleague presses it too. All was looked at and all was well; before the first word is written this
    process stops, and what others do meanwhile is theirs. What the colleague was told, "" for a yes.
    """
    acts.begin()
    by = acts._actor(COLLEAGUE)
    press = {"fail_over": failing_over.fail_over, "fail_back": failing_over.fail_back}[button]
    try:
        with connection.execute_wrapper(_Pause()):
            press(subscription=acts._subscription(), by=by)
    except DomainError as refusal:
        return refusal.code
    return ""


class _Pause:
    """Stops the process once, before it first writes."""

    def __init__(self) -> None:
        self._stopped = False

    def __call__(self, run: Any, sql: str, *rest: Any) -> Any:
        if not self._stopped and sql.startswith(("INSERT", "UPDATE", "DELETE")):
            self._stopped = True
            os.kill(os.getpid(), signal.SIGSTOP)
        return run(sql, *rest)
