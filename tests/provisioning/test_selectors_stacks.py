"""Which stacks a page shows first when it cannot show all."""

import pytest

from provisioning.models import Stack
from provisioning.selectors.stacks import most_urgent

pytestmark = pytest.mark.django_db


def test_what_waits_for_a_person_comes_first_and_no_more_than_asked_for() -> None:
    for state in ("ready", "pending", "failed", "progressing", "drifted", "blocked", "failed"):
        Stack.objects.create(key=f"{state}-{Stack.objects.count()}", state=state)
    urgent, total = most_urgent(limit=5)
    assert total == 7
    assert [view.key for view in urgent] == [
        "failed-2",
        "failed-6",
        "blocked-5",
        "drifted-4",
        "progressing-3",
    ]
    urgent, total = most_urgent(["ready", "pending"], limit=5)
    assert ([view.key for view in urgent], total) == (["pending-1", "ready-0"], 2)
    assert most_urgent(["gone"], limit=5) == ([], 0)
