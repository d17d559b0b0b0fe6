"""The people, the strangers and the weather of a simulation."""

from typing import Any

from provisioning.domain.conditions import State
from provisioning.domain.errors import ProviderError, ProvisioningRefused
from provisioning.domain.manifest import Manifest, Need, Placement
from provisioning.models import Plan, PlatformState, Resource, Stack
from provisioning.services import platforms, stacks
from tests.provisioning.engine.cloud import Conflict
from tests.provisioning.engine.model_kinds import MODEL, NEEDS, PLATFORM, UNIQUE, desired

_WAITS = (State.BLOCKED, State.FAILED, State.DRIFTED)


class People:
    """Everything that is not the engine. `world` is the simulation."""

    def __init__(self, world: Any) -> None:
        self.world, self.rng, self.copies = world, world.rng, []

    def live(self) -> None:
        """Act now and then during the storm; afterwards answer what the portal asks, until all is at rest."""
        world = self.world
        for key in world.keys:
            self.decide(key, self.manifest(), [])
        while world.storm:
            world.sleep(self.rng.expovariate(world.tempo))
            self.act()
            if not world.audit.accepted and self.rng.random() < 0.3:
                self.accept()
        world.say("-- the storm is over --")
        first = True
        while True:
            self.accept()
            for key in world.keys:
                if first:
                    stacks.look_now(key)
                self.answer(key)
            first = False
            world.sleep(20.0)

    def act(self) -> None:
        """One thing that somebody does."""
        acts = {
            self.approve: 6,
            self.teardown: 1,
            self.retry: 2,
            self.answer_one: 6,
            self.remove: 2,
            self.alter: 2,
            self.squat: 1,
            self.outage: 1,
            self.copy: 2,
            self.restore: 1,
        }
        self.rng.choices(list(acts), list(acts.values()))[0]()

    # -- the portal's users ------------------------------------------------------------------------------------
    def manifest(self) -> Manifest:
        """Any closed choice of the model kinds that this scenario knows."""
        names = {n for n in self.world.kinds if self.rng.random() < 0.7}
        for name in ("server", "net", "bucket", "token"):
            if name in names and name in NEEDS:
                names.add(NEEDS[name])
        sizes = {n: self.rng.randint(1, 3) for n in MODEL if n in names}
        held = sum(sizes.values())
        needs = (Need(PLATFORM, "site", "disk", held),) if held else ()
        return Manifest("model", tuple(desired(n, s) for n, s in sizes.items()), needs)

    def _key(self) -> str:
        return self.rng.choice(self.world.keys)

    def approve(self) -> None:
        """A new manifest, sometimes one that gives data up."""
        self.decide(self._key(), self.manifest(), ["bucket"] if self.rng.random() < 0.4 else [])

    def teardown(self) -> None:
        """Everything goes; data only sometimes."""
        self.decide(self._key(), Manifest("model"), ["bucket"] if self.rng.random() < 0.4 else [])

    def decide(self, key: str, manifest: Manifest, purge: list[str]) -> None:
        """Ask for a plan, look at it for a while, say yes."""
        world = self.world
        try:
            plan = Plan.objects.get(pk=stacks.propose_plan(key, manifest, Placement(), purge))
            world.sleep(self.rng.uniform(0, 8))
            stacks.approve_plan(plan.pk, plan.digest)
        except (ProvisioningRefused, ProviderError) as no:
            world.say("refused", key, type(no).__name__)
            return
        told = [(c["name"], c["action"]) for c in plan.changes]
        world.say("approved", key, told, "purge" if purge else "")
        for change in plan.changes:
            if change["action"] in ("recreate", "create", "update"):
                world.audit.remade.append((world.now, key, change["name"]))
            if change["action"] == "recreate":
                world.audit.answered_by_people.add((key, change["name"]))
            if change["purge"]:
                world.audit.purges.append((world.now, key, change["name"]))

    def retry(self) -> None:
        """Somebody presses the button, except where the portal asked a question that they did not read."""
        for row in Resource.objects.filter(stack__key=self._key(), state__in=_WAITS):
            if row.reason not in ("AmbiguousCreate",):
                stacks.retry(row.stack.key, row.name)

    def answer_one(self) -> None:
        """What waits for a person in one stack."""
        self.answer(self._key())

    def answer(self, key: str) -> None:
        """Every question of a stack gets the answer that is true at this moment."""
        again, purge = False, []
        for row in Resource.objects.filter(stack__key=key, state__in=_WAITS).select_related("stack"):
            self.world.say("answer", row.stack.key, row.name, row.reason)
            if row.reason == "AmbiguousCreate":
                self.disambiguate(key, row)
            elif row.state == State.DRIFTED:
                again = True
            elif row.reason == "Vanished":
                purge += [row.name, *self.standing_on(row)]
            else:
                self.make_room(row)
                stacks.retry(key, row.name)
        if again or purge:
            manifest = Manifest.parse(Stack.objects.get(key=key).manifest)
            self.decide(key, manifest, purge)

    def disambiguate(self, key: str, row: Resource) -> None:
        """Look at the platform by hand: keep one, remove its doubles, or say that it was not made."""
        cloud = self.world.cloud
        there = [t for t in cloud.live(row.kind) if t.marker == str(row.marker("sim"))]
        self.world.audit.answered_by_people.add((key, row.name))
        keep = next((t for t in there if t.id == row.external_id), there[0] if there else None)
        for thing in there:
            if keep and thing.id != keep.id:
                cloud.delete(thing.kind, thing.id)
        if keep and not row.external_id:
            stacks.adopt(key, row.name, keep.id)
            return
        stacks.retry(key, row.name)

    def standing_on(self, row: Resource) -> list[str]:
        """What is kept stands on something that is gone: with it go the copies."""
        rows = Resource.objects.filter(stack=row.stack, wish=Resource.Wish.RETAINED).exclude(state=State.GONE)
        return [r.name for r in rows if NEEDS.get(r.name) == row.name]

    def make_room(self, row: Resource) -> None:
        """Whatever took the name is moved away by its owner."""
        for thing in self.world.cloud.live(row.kind):
            known = Resource.objects.filter(kind=row.kind, external_id=thing.id).exclude(state=State.GONE)
            unmarked = not thing.marker and not known.exists()  # a key whose secret went with a lost database
            if thing.name == row.full_name("sim") and (thing.origin == "stranger" or unmarked):
                self.world.cloud.delete(thing.kind, thing.id)

    def accept(self) -> None:
        """An operator reads the report of a restored database."""
        world = self.world
        if not PlatformState.objects.filter(platform=PLATFORM, held_at__isnull=False).exists():
            return
        try:
            platforms.accept_restored(PLATFORM)
            platforms.carry_out_acceptances()
        except ProviderError:
            return
        world.say("accepted")
        world.audit.accepted = True
        for key in world.keys:
            generation = Stack.objects.get(key=key).generation
            world.audit.generations[key] = min(world.audit.generations[key], generation)

    # -- strangers and the weather -----------------------------------------------------------------------------
    def _mine(self) -> list[Any]:
        return [t for t in self.world.cloud.live() if t.origin != "stranger"]

    def remove(self) -> None:
        """Behind our back."""
        if mine := self._mine():
            thing = self.rng.choice(mine)
            self.world.say("stranger removes", thing.id)
            self.world.cloud.delete(thing.kind, thing.id)

    def alter(self) -> None:
        """Behind our back; sometimes a field that protects."""
        if mine := self._mine():
            thing = self.rng.choice(mine)
            field = self.rng.choice(["size", "size", "quota"])
            self.world.say("stranger alters", thing.id, field)
            self.world.cloud.update(thing.kind, thing.id, {field: 9})

    def squat(self) -> None:
        """A stranger takes a name of ours, without our marker. A token's name belongs to its user, who is ours."""
        kind = self.rng.choice([k for k in self.world.kinds if k not in ("bucket", "token")] or ["project"])
        name = f"sim.{self._key()}.{kind}"
        try:
            thing = self.world.cloud.create(kind, name, "", 7, "stranger")
            self.world.say("stranger takes", thing.id, name)
        except Conflict:
            return

    def outage(self) -> None:
        """The platform is away for a while."""
        self.world.away_until = self.world.now + self.rng.uniform(5, 60)
        self.world.say("outage until", round(self.world.away_until, 1))

    def copy(self) -> None:
        """The nightly dump."""
        world = self.world
        held = PlatformState.objects.filter(held_at__isnull=False).exists()
        if world.restores and not held:
            self.copies.append((world.store.snapshot(), world.now))

    def restore(self) -> None:
        """The database is lost, the last dump takes its place; the cloud has moved on."""
        world = self.world
        if not self.copies:
            return
        copy, when = self.rng.choice(self.copies)
        world.store.restore(copy)
        world.say("RESTORED to", round(when, 1))
        world.audit.accepted = False
        world.audit.intents.clear()
        world.audit.known.clear()  # what the database of that day had not seen, the engine cannot know
        world.audit.purges = [p for p in world.audit.purges if p[0] <= when]
        world.audit.answered_by_people |= {
            (key, kind) for key in world.keys for kind in MODEL if kind not in UNIQUE
        }
        world.restart_mortals()
