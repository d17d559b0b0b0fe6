"""Whoever changes a stack and its resources in one act takes the stack's row first, as approval does.

The other way round an approval and an operator's click wait for each other, and PostgreSQL ends one of them.
"""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from provisioning.domain.errors import NotFound
from provisioning.models import Event, Resource, Stack
from provisioning.services import stacks
from tests.elaastic.region import MemoryProvider

ACTS: dict[str, Callable[[], object]] = {
    "retry": lambda: stacks.retry("a"),
    "retry of one": lambda: stacks.retry("a", "owner"),
    "adopt": lambda: stacks.adopt("a", "owner", "somebody$owner"),
    "look": lambda: stacks.look_now("a"),
}


@pytest.fixture
def stopped(region: MemoryProvider) -> Resource:
    """One resource that waits for a person."""
    stacks.create_stack("a")
    return Resource.objects.create(
        stack=Stack.objects.get(key="a"),
        name="owner",
        kind="ceph.user",
        platform="ceph-test",
        spec={"role": "owner"},
        state="blocked",
        reason="NameTaken",
    )


@pytest.mark.parametrize("act", ACTS)
def test_an_act_takes_the_stack_before_its_resources(stopped: Resource, act: str) -> None:
    with CaptureQueriesContext(connection) as said:
        ACTS[act]()
    written = [found[1] for q in said if (found := re.match(r'UPDATE "provisioning_(\w+)"', q["sql"]))]
    assert "resource" in written
    assert written[0] == "stack"


def test_a_retry_of_what_is_not_there_is_refused_and_leaves_no_trace(stopped: Resource) -> None:
    before = Stack.objects.values_list("wanted", flat=True).get(key="a")
    with pytest.raises(NotFound):
        stacks.retry("a", "../../etc/passwd")
    assert not Event.objects.filter(stack__key="a").exists()
    assert Stack.objects.values_list("wanted", flat=True).get(key="a") == before
