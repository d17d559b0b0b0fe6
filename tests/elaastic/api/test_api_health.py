"""Do copies arrive, and how full is it, as a client reads it."""

from datetime import timedelta

import pytest

from provisioning.models import ArchiveSample, Resource
from provisioning.services.clock import now
from tests.elaastic.flow import Flow


def sampled(hours: float) -> None:
    ArchiveSample.objects.create(
        resource=Resource.objects.get(name="archive-backup"),
        at=now(),
        held_bytes=95 * 2**30,
        held_objects=2,
        current_bytes=1,
        current_objects=1,
        newest_at=now() - timedelta(hours=hours),
    )


@pytest.mark.parametrize(("hours", "light", "state"), [(1, "green", "fresh"), (25, "red", "late")])
def test_the_light_is_that_of_the_worst_archive(flow: Flow, hours: float, light: str, state: str) -> None:
    row = flow.active()
    sampled(hours)
    seen = flow.get("owner", f"/subscriptions/{row['id']}/health/").json()
    assert seen["light"] == light
    assert [(a["name"], a["state"], a["expected_interval_hours"]) for a in seen["archives"]] == [
        ("backup", state, 24)
    ]


def test_before_anybody_looked_and_before_it_stands(flow: Flow) -> None:
    asked = flow.asked()
    seen = flow.get("owner", f"/subscriptions/{asked['id']}/health/").json()
    assert seen == {"light": "off", "archives": [], "machines": [], "drill": None}
    flow.approve(asked["request"])
    seen = flow.get("owner", f"/subscriptions/{asked['id']}/usage/").json()
    assert seen == {"held_bytes": 0, "quota_bytes": 100 * 2**30, "nearly_full": False, "at": None}


def test_how_full_it_is(flow: Flow) -> None:
    row = flow.active()
    sampled(1)
    seen = flow.get("owner", f"/subscriptions/{row['id']}/usage/").json()
    assert (seen["held_bytes"], seen["nearly_full"]) == (95 * 2**30, True)


@pytest.mark.parametrize("what", ["health", "usage"])
def test_somebody_elses_is_not_there(flow: Flow, what: str) -> None:
    row = flow.active()
    assert flow.get("stranger", f"/subscriptions/{row['id']}/{what}/").status_code == 404
