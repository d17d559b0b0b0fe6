"""The ground on which operations stand: the engine by its services, archives by their reading key."""

import logging
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from django.conf import settings
from django.db import transaction

from provisioning.domain.checkpoint import reach
from provisioning.domain.conditions import Condition, State
from provisioning.domain.course import Source
from provisioning.domain.errors import PermanentError, PlanStale, StackBusy
from provisioning.domain.manifest import Manifest, Placement
from provisioning.models import Operation, Plan, Stack, clock
from provisioning.operations.ground import Ended, Size, Standing, Store, Taken
from provisioning.selectors.region import region
from provisioning.services import fetching, stacks, storing
from provisioning.services.images import Through
from provisioning.services.surroundings import provider

log = logging.getLogger(__name__)
# A killed worker's operation waits so long; whoever works renews it four times as often.
LEASE: Final = timedelta(seconds=60)


class ClaimLost(Exception):
    """Somebody else has it by now."""


@runtime_checkable
class Starts(Protocol):
    """A provider on which machines start."""

    def runs(self, server: str) -> bool: ...
    def health(self) -> list[str]: ...


@runtime_checkable
class Writes(Protocol):
    """A provider whose machines write on a console."""

    def sizes(self) -> list[tuple[str, int, int, int]]:
        """Name, vCPUs, MiB of memory and GiB of disk of each flavor."""
        ...

    def console(self, server: str, lines: int) -> str: ...


@runtime_checkable
class Copies(Protocol):
    """A provider that makes images of machines that stand."""

    def taken(self, image: str) -> tuple[str, int, str] | None: ...
    def content(self, image: str) -> Iterator[bytes]: ...


class Agent(Protocol):
    """Who answers inside a machine."""

    def answers(self, guest: str) -> bool: ...
    def execute(self, guest: str, command: Sequence[str]) -> int: ...
    def executed(self, guest: str, pid: int) -> "Ran | None": ...


class Ran(Protocol):
    """A command inside a machine that has ended."""

    @property
    def exit_code(self) -> int: ...
    @property
    def output(self) -> str: ...
    @property
    def errors(self) -> str: ...


@runtime_checkable
class Holds(Protocol):
    """A provider with storages for disks, and an agent in its machines."""

    def stores(self) -> list[tuple[str, frozenset[str], int]]:
        """Name, what it takes, and how many bytes are free."""
        ...

    @property
    def agent(self) -> Agent: ...


@dataclass(frozen=True)
class Ground:
    """Of one operation. `through` sees an image's bytes pass and keeps the claim alive."""

    operation: Operation
    token: uuid.UUID
    through: Through

    def now(self) -> str:
        """The database's time."""
        return clock.now().isoformat()

    def apply(self, wanted: Manifest, purge: Iterable[str] = ()) -> bool:
        """The reserve was approved with the subscription; within it an operation says yes to its own plans."""
        key = self.operation.stack.key
        stack = Stack.objects.get(pk=self.operation.stack_id)
        if stack.manifest == wanted.as_json():
            return True
        if not stack.manifest and not wanted.resources:
            return True
        try:
            proposed = stacks.propose_plan(key, wanted, Placement.parse(self.operation.host.placement), purge)
            plan = Plan.objects.get(pk=proposed)
            if plan.unseen:
                return False
            reach("planned")
            with transaction.atomic():
                self._hold()
                stacks.approve_plan(plan.pk, plan.digest)
        except (StackBusy, PlanStale) as error:
            log.info("The plan of %s waits: %s", key, error.message)
            return False
        reach("approved")
        return True

    def _hold(self) -> None:
        """Whoever lost the claim approves nothing: somebody else may have cleaned up already."""
        moment = clock.now()
        mine = Operation.objects.filter(pk=self.operation.pk, claim_token=self.token, ended_at=None)
        if not mine.filter(claim_until__gt=moment).update(claim_until=moment + LEASE):
            raise ClaimLost

    def standing(self) -> Mapping[str, Standing]:
        """From the engine's rows; nobody is asked."""
        return _standing(self.operation.stack)

    def hosted(self) -> Mapping[str, Standing]:
        """The same of the subscription's own stack."""
        return _standing(self.operation.host)

    def sizes(self, platform: str) -> list[Size]:
        """What it offers today."""
        return [Size(*one) for one in _writing(platform).sizes()]

    def copies(self, platform: str) -> bool:
        """A cluster of Proxmox gives no disk away: that takes a storage on a Backup Server."""
        named = region().platform(platform)
        return named is None or named.provider != "proxmox" or bool(named.backup_storage)

    def stores(self, platform: str) -> list[Store]:
        """Those that answer."""
        return [Store(*one) for one in _holding(platform).stores()]

    def answers(self, platform: str, machine_id: str) -> bool:
        """NotThere when the machine is gone."""
        return _holding(platform).agent.answers(machine_id)

    def execute(self, platform: str, machine_id: str, command: Sequence[str]) -> int:
        """Its number, by which `executed` finds it."""
        return _holding(platform).agent.execute(machine_id, command)

    def executed(self, platform: str, machine_id: str, number: int) -> Ended | None:
        """Told once: whoever reads it must write it down, or ask anew."""
        ran = _holding(platform).agent.executed(machine_id, number)
        return Ended(ran.exit_code, ran.output, ran.errors) if ran else None

    def console(self, platform: str, machine_id: str, lines: int) -> str:
        """As it is now."""
        return _writing(platform).console(machine_id, lines)

    def retry(self) -> None:
        """All of it."""
        stacks.retry(self.operation.stack.key)

    def runs(self, platform: str, machine_id: str) -> bool:
        """False for one that is gone, too."""
        return _starting(platform).runs(machine_id)

    def is_down(self, platform: str, site: str) -> bool:
        """Asked now: the last sample may be from before."""
        return site in _starting(platform).health()

    def fetch(self, source: Source, to: Path) -> None:
        """Every byte is compared with what was looked at when it arrived."""
        host = self.operation.host.key
        fetching.fetch(host, source.archive, source.key, source.version, to, source.sha512, through=self.through)

    def taken(self, platform: str, image: str) -> Taken | None:
        """Asked now."""
        found = _copying(platform).taken(image)
        return Taken(*found) if found else None

    def collect(self, platform: str, image: str, to: Path, sha512: str) -> str:
        """Whole, or not at all."""
        return fetching.keep(_copying(platform).content(image), to, sha512, through=self.through)[1]

    def store(self, archive: str, key: str, file: Path, sha512: str) -> None:
        """Into the host's archive; only whoever holds the claim ends it."""
        host = self.operation.host.key
        storing.store(host, archive, key, file, sha512, through=self.through, hold=self._hold)
        reach("stored")
        file.unlink(missing_ok=True)

    def abandon(self, archive: str, key: str) -> None:
        """Of the host's archive."""
        storing.abandon(self.operation.host.key, archive, key)

    def folder(self) -> Path:
        """Readable by this portal's workers alone."""
        folder: Path = settings.SPOOL_DIR / self.operation.stack.key
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def forget_folder(self) -> None:
        """It may be gone."""
        shutil.rmtree(settings.SPOOL_DIR / self.operation.stack.key, ignore_errors=True)


def _standing(stack: Stack) -> Mapping[str, Standing]:
    return {
        row.name: Standing(Condition(State(row.state), row.reason, row.message), row.external_id)
        for row in stack.resources.exclude(state=State.GONE)
    }


def _starting(platform: str) -> Starts:
    found: object = provider(platform)
    if not isinstance(found, Starts):
        raise _removed(platform)
    return found


def _writing(platform: str) -> Writes:
    found: object = provider(platform)
    if not isinstance(found, Writes):
        raise _removed(platform)
    return found


def _copying(platform: str) -> Copies:
    found: object = provider(platform)
    if not isinstance(found, Copies):
        raise _removed(platform)
    return found


def _holding(platform: str) -> Holds:
    found: object = provider(platform)
    if not isinstance(found, Holds):
        raise _removed(platform)
    return found


def _removed(platform: str) -> PermanentError:
    return PermanentError(
        f"No machine can be started on {platform}; the region's operator must put it back.",
        reason="PlatformRemoved",
    )
