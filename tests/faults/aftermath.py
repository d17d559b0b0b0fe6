"""T24: what workers and the region's people do when the database is an hour old and the clouds are not; and what
the census does by the clock.
"""

from typing import Any

from django.conf import settings
from django.test import Client

from elaastic.models import Request
from elaastic.services.deciding import approve_request, reject_request
from mcloud_portal import sweeper
from provisioning.engine.claims import LEASE
from provisioning.models import OrphanSighting, Resource
from provisioning.services import upkeep
from tenants.models import User
from tests.faults import acts
from tests.personas import sign_in

OPERATOR, APPROVER = "operator@region.example", "approver@region.example"


def keep_up() -> None:
    """What the timetable has workers do for the platforms themselves: marks, census, capacity."""
    acts.begin()
    upkeep.push_marks()
    upkeep.take_census()
    upkeep.release_surplus()


def look_for_orphans() -> None:
    """By the clock: two censuses, more than a lease apart."""
    source = acts.begin()
    for _sighting in range(2):
        keep_up()
        source.skip(LEASE.total_seconds() + 1)


def look_on(minutes: int) -> dict[str, Any]:
    """Workers look at everything for a while, whether it rests or not."""
    source = acts.begin()
    acts.look_again()
    for _minute in range(minutes):
        sweeper.run_once()
        source.skip(60)
    return acts.shown()


def read_console() -> dict[str, str]:
    """The operator's pages, as they come."""
    acts.begin()
    client = _operator()
    return {
        path: client.get(path).content.decode() for path in ("/console/", f"/console/platforms/{PLATFORM}/accept/")
    }


def accept() -> int:
    """The operator presses the button of the report; the status of the answer."""
    acts.begin()
    return int(_operator().post(f"/console/platforms/{PLATFORM}/accept/").status_code)


def refuse_all() -> None:
    """What the portal asks to repair by itself nobody says yes to."""
    acts.begin()
    for asked in Request.objects.filter(decision="", requested_by=None):
        reject_request(request=asked, by=acts._actor(APPROVER), note="The database is an hour old.")


def approve_what_is_open() -> None:
    """The same request, with the plan that workers made of it since."""
    acts.begin()
    for asked in Request.objects.filter(decision=""):
        approve_request(request=asked, plan_digest=asked.plan_digest, by=acts._actor(APPROVER))


def known() -> dict[str, Any]:
    """External ids, by whether a row has them or a person can read that they are there."""
    rows = Resource.objects.exclude(state="gone").exclude(external_id="")
    told = OrphanSighting.objects.filter(settled_at=None)
    return {
        "in rows": sorted(rows.values_list("external_id", flat=True)),
        "told": sorted(told.values_list("external_id", flat=True)),
        "to be removed": sorted(rows.filter(wish="absent").values_list("external_id", flat=True)),
    }


PLATFORM = "ceph-marche"


def _operator() -> Client:
    settings.ALLOWED_HOSTS = ["*"]
    client = Client(raise_request_exception=False)
    sign_in(client, User.objects.get(email=OPERATOR))
    return client
