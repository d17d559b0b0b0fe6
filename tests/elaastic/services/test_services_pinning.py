"""Images that an operation starts from: held while anybody needs them, and which ones these can be."""

from datetime import timedelta

import pytest

from elaastic.models import Drill, Failover, RecoveryPoint, Subscription
from elaastic.selectors.recovery import pinned
from elaastic.selectors.startable import hurdle, startable
from elaastic.services import drilling, failing_over
from elaastic.services.pinning import PINNED_FOR, keep_pinned, unpin
from provisioning.domain.course import LARGEST
from provisioning.services.clock import now
from tests.elaastic.services.test_services_drilling import brings, point, row
from tests.elaastic.services.town import Town

__all__ = ["brings", "row"]


def test_an_image_is_let_go_when_the_last_that_starts_from_it_is_over(town: Town, row: Subscription) -> None:
    for name in ("web", "mail"):
        point(row, name)
    drilling.begin_drill(subscription=row, by=town.world["owner"].actor)
    failing_over.fail_over(subscription=row, by=town.world["owner"].actor)
    Drill.objects.update(settled_at=now())
    unpin(RecoveryPoint.objects.all())
    assert pinned(row).count() == 2
    Failover.objects.update(settled_at=now())
    unpin(RecoveryPoint.objects.all())
    assert not pinned(row).exists()


def test_a_pin_is_renewed_once_half_of_its_time_is_over(row: Subscription) -> None:
    made = point(row, "web")

    def left(before: timedelta | None) -> timedelta:
        made.pinned_until = before and now() + before
        made.save()
        keep_pinned(RecoveryPoint.objects.all())
        made.refresh_from_db()
        assert made.pinned_until is not None
        return made.pinned_until - now()

    hour = timedelta(hours=1)
    assert left(None) > PINNED_FOR - hour
    assert left(PINNED_FOR / 2 - hour) > PINNED_FOR - hour
    assert left(PINNED_FOR / 2 + hour) < PINNED_FOR / 2 + hour


@pytest.mark.parametrize(("nature", "system"), [("stateless", "openstack"), ("stateful", "proxmox")])
def test_what_can_start_is_what_no_hurdle_is_told_of(row: Subscription, nature: str, system: str) -> None:
    for form in ("qcow2", "raw", "vmdk", "ova"):
        for size in (1, LARGEST, LARGEST + 1):
            made = point(row, "web", form, keyed=f"web/{form}-{size}")
            RecoveryPoint.objects.filter(pk=made.pk).update(size=size)
    there = set(startable(RecoveryPoint.objects.all(), system))
    assert there == {one for one in RecoveryPoint.objects.all() if not hurdle(one, nature)}
    assert 0 < len(there) < RecoveryPoint.objects.count()
