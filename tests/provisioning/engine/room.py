"""A calm world for one sentence at a time: no dice, no storm; what goes wrong is written down beforehand."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from provisioning.domain.conditions import State
from provisioning.domain.handler import Target
from provisioning.domain.manifest import Manifest, Need, Placement
from provisioning.engine import breaker
from provisioning.engine.reconciler import reconcile
from provisioning.models import CapacityRow, Plan, Resource, Stack
from provisioning.services import stacks
from tests.provisioning.engine.auditor import Auditor
from tests.provisioning.engine.cloud import Cloud, Thing
from tests.provisioning.engine.database import Store
from tests.provisioning.engine.model_kinds import PLATFORM, desired
from tests.provisioning.engine.simulation import Simulation, model_world


class Room(Simulation):
    """One stack `a`, one cloud, a clock that moves when somebody waits."""

    def __init__(self, store: Store) -> None:
        super().__init__(0, store)
        self.storm, self.lost_rings, self.kinds, self.keys = False, 1.0, [], ["a"]
        self.writes_fail: list[str] = []  # the fault of each writing call to come; '' lets one through
        self.reads_fail = ""  # the fault of every reading call while it is set
        self.at: dict[str, Callable[[], None]] = {}  # checkpoint -> what somebody else does meanwhile, once
        self.late_s = 15.0
        self._sending = False

    def furnish(self) -> None:
        """One empty stack, an empty cloud, and a site with 30 GiB."""
        self.store.clear()
        self.cloud, self.audit = Cloud(self), Auditor(self)
        CapacityRow.objects.create(platform=PLATFORM, site="site", resource="disk", total=30)
        stacks.create_stack("a")

    # -- what goes wrong -------------------------------------------------------------------------------------------
    def sent(self, verb: str, kind: str, target: Target) -> None:
        """The next writing call is the one that a fault is meant for."""
        super().sent(verb, kind, target)
        self._sending = True

    def fault(self, *, write: bool) -> str:
        """As written down."""
        if not write:
            return self.reads_fail
        meant, self._sending = self._sending, False
        return self.writes_fail.pop(0) if meant and self.writes_fail else ""

    def later(self, seconds: float, effect: Callable[[], object]) -> None:
        """A late call lands a fixed time later."""
        super().later(self.late_s, effect)

    def checkpoint(self, name: str) -> None:
        """Somebody else acts while the worker stands here."""
        if meanwhile := self.at.pop(name, None):
            meanwhile()

    # -- what people do --------------------------------------------------------------------------------------------
    def plan(self, sizes: dict[str, int], purge: Sequence[str] = (), held: int | None = None) -> Plan:
        """A plan for these resources; `held` GiB are asked of the one site (default: the sum of the sizes)."""
        amount = sum(sizes.values()) if held is None else held
        needs = (Need(PLATFORM, "site", "disk", amount),) if amount else ()
        manifest = Manifest("model", tuple(desired(n, s) for n, s in sizes.items()), needs)
        return Plan.objects.get(pk=stacks.propose_plan("a", manifest, Placement(), purge))

    def approve(self, sizes: dict[str, int], purge: Sequence[str] = ()) -> Plan:
        """A plan, and the yes to it."""
        plan = self.plan(sizes, purge)
        stacks.approve_plan(plan.pk, plan.digest)
        for change in plan.changes:
            if change["purge"]:
                self.audit.purges.append((self.now, "a", change["name"]))
            self.audit.remade.append((self.now, "a", change["name"]))
        return plan

    def approve_over(self, sizes: dict[str, int], purge: Sequence[str] = ()) -> None:
        """A yes that comes while work is under way: the plan was made when a look was due but nobody worked."""
        rows = Resource.objects.exclude(state__in=[State.GONE, State.READY])
        rows.update(state=State.BLOCKED, reason="Waiting")
        self.approve(sizes, purge)

    # -- what workers do -------------------------------------------------------------------------------------------
    def work(self) -> None:
        """One reconcile, as a ring asks for it."""
        reconcile(self.stack.pk, self.around())

    def settle(self, seconds: float = 300.0) -> None:
        """Workers look whenever something is due, for so long or until nothing is."""
        end = self.now + seconds
        while self.now < end:
            for platform in breaker.open_platforms():
                breaker.probe(platform, self.provider)
            self.work()
            self.sleep(1.0)
            states = set(Resource.objects.exclude(state=State.GONE).values_list("state", flat=True))
            if not states & {State.PENDING, State.PROGRESSING}:
                return

    def wait(self, seconds: float) -> None:
        """Time passes and nobody works."""
        self.sleep(seconds)

    # -- what is there ---------------------------------------------------------------------------------------------
    @property
    def stack(self) -> Stack:
        """The stack's row as it is now."""
        return Stack.objects.get(key="a")

    def row(self, name: str) -> Resource:
        """The resource's row as it is now."""
        return Resource.objects.get(stack__key="a", name=name)

    def there(self, kind: str) -> list[Thing]:
        """What exists of that kind and is not a stranger's."""
        return [t for t in self.cloud.live(kind) if t.origin != "stranger"]

    def state(self, name: str) -> tuple[str, str]:
        """A resource's state and reason."""
        row = self.row(name)
        return str(row.state), row.reason

    def writes(self) -> int:
        """Calls so far that write."""
        return sum(self.audit.sends.values())

    def unharmed(self) -> None:
        """Nothing that must never happen has happened."""
        assert self.bad == [], self.bad


@contextmanager
def room_in(store: Store) -> Iterator[Room]:
    """A room, furnished."""
    room = Room(store)
    with model_world(room):
        room.furnish()
        yield room
