"""`proxmox.backup_job`: what is done regularly in a namespace, by the server itself. The comment is the marker.

An id has 32 characters at most, so it is made of the full name and does not show it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import AlreadyExists
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, Observation, Outcome, Present
from provisioning.kinds.backup_server import JobSpec
from provisioning.providers.instant import Instant
from provisioning.providers.proxmox.backup.namespace import listed
from provisioning.providers.proxmox.client.api import Api

ACTIONS: Final = ("prune", "verify")
_WORDS: Final = {
    "prune": {
        "store": "store", "namespace": "ns", "schedule": "schedule", "keep_last": "keep-last",
        "keep_daily": "keep-daily", "keep_weekly": "keep-weekly", "keep_monthly": "keep-monthly",
        "keep_yearly": "keep-yearly",
    },
    "verify": {"store": "store", "namespace": "ns", "schedule": "schedule", "outdated_after": "outdated-after"},
}  # fmt: skip
_TEXTS: Final = frozenset({"store", "ns", "schedule"})


@dataclass(frozen=True)
class JobHandler(Instant):
    """The external id is `<action> <id>`."""

    api: Api

    def observe(self, target: Target) -> Observation:
        """The datastore must show itself: without that one does not see its jobs."""
        action, id = self._id(target)
        if target.spec:
            listed(self.api, target.spec.store)
        found = {str(one.get("id")): one for one in self.api.listed(f"listing {action} jobs", f"config/{action}")}
        if id not in found:
            return Absent()
        one = found[id]
        shape = {ours: one.get(theirs, "" if theirs in _TEXTS else 0) for ours, theirs in _WORDS[action].items()}
        shape |= {"action": action, "enabled": str(one.get("disable", 0)) not in ("1", "True")}
        others = dict.fromkeys(_ALL - set(shape), 0)
        ours = one.get("comment") == str(target.marker)
        return Present(f"{action} {id}", {**others, **shape}, {"job": id}, ours=ours)

    def create(self, target: Target) -> Outcome:
        """It begins with its next time."""
        if isinstance(self.observe(target), Present):
            raise AlreadyExists("A job of this name is there.")
        action, id = self._id(target)
        words = {"id": id, "comment": str(target.marker), **_words(_spec(target))}
        self.api.call(f"making the {action} job of {target.full_name}", "post", f"config/{action}", **words)
        return Outcome(external_id=f"{action} {id}")

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """What it shall not have is taken away in the same call."""
        action, id = self._id(target)
        spec = _spec(target)
        words = _words(spec)
        gone = sorted(theirs for ours, theirs in _WORDS[action].items() if ours in after and theirs not in words)
        more = {"delete": gone} if gone else {}
        self.api.call(f"changing the job {id}", "put", f"config/{action}/{id}", **words, **more)
        return Outcome(external_id=f"{action} {id}")

    def delete(self, target: Target) -> Outcome:
        """What it did stays done."""
        if isinstance(self.observe(target), Present):
            action, id = self._id(target)
            self.api.call(f"removing the job {id}", "delete", f"config/{action}/{id}")
        return Outcome()

    @staticmethod
    def _id(target: Target) -> tuple[str, str]:
        if target.external_id:
            action, _, id = target.external_id.partition(" ")
            return action, id
        return _spec(target).action, f"m-{hashlib.sha256(target.full_name.encode()).hexdigest()[:24]}"


def _words(spec: JobSpec) -> dict[str, Any]:
    """As the server has them; what is nought is not said."""
    words = {theirs: getattr(spec, ours) for ours, theirs in _WORDS[spec.action].items()}
    switch = {"disable": int(not spec.enabled)} if spec.action == "prune" else {}
    return {name: value for name, value in words.items() if value} | switch


_ALL: Final = frozenset(name for words in _WORDS.values() for name in words)


def _spec(target: Target) -> JobSpec:
    assert isinstance(target.spec, JobSpec)
    return target.spec
