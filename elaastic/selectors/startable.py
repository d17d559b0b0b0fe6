"""Which images a drill or a failover can start, and why not the others: by the system on which their machine
starts.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from elaastic.levels.level2_terms import NATURES
from elaastic.models import RecoveryPoint, Subscription
from elaastic.selectors.recovery import machines, usable
from provisioning.domain.course import LARGEST

# What each takes for a disk as it is.
_FORMS: Final[Mapping[str, frozenset[str]]] = {
    "openstack": frozenset({"qcow2", "raw"}),
    "proxmox": frozenset({"qcow2", "raw", "vmdk"}),
}
_CALLED: Final = {"openstack": "OpenStack", "proxmox": "Proxmox"}
_GIB: Final = 1 << 30


def startable(points: QuerySet[RecoveryPoint], system: str) -> QuerySet[RecoveryPoint]:
    """Those from which a machine can start there: the same of which `hurdle` has nothing to say."""
    return points.filter(_fits(system))


def _fits(system: str) -> Q:
    return Q(form__in=_FORMS[system], size__lte=LARGEST)


def earlier(subscription: Subscription, newest: Iterable[RecoveryPoint]) -> QuerySet[RecoveryPoint]:
    """The other usable images from which these images' machines can start."""
    rows = {point.machine: point.pk for point in newest}
    fits = Q(pk__in=())
    for machine in machines(subscription):
        if machine["name"] in rows:
            fits |= _fits(NATURES[machine["nature"]]) & Q(machine=machine["name"])
    return (
        usable(RecoveryPoint.objects.filter(subscription=subscription)).filter(fits).exclude(pk__in=rows.values())
    )


def hurdle(point: RecoveryPoint, nature: str) -> str:
    """Why a drill cannot start it, and what would help; "" where it can."""
    system = NATURES[nature]
    told = {"name": point.machine, "system": _CALLED[system]}
    if point.form not in _FORMS[system]:
        forms = ", ".join(sorted(_FORMS[system]))
        return _(
            "The image of %(name)s is no form that %(system)s starts yet: upload one of these (%(forms)s)."
        ) % {**told, "forms": forms}
    if point.size > LARGEST:
        return _(
            "The image of %(name)s is too large: only images of at most %(gib)s GiB can be tried. A qcow2 that "
            "holds only what is used may fit."
        ) % {**told, "gib": LARGEST // _GIB}
    return ""
