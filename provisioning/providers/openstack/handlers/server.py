"""`openstack.server`: a machine from an image, plugged into a port that was made before it. A tag is the marker.

Nova makes a server in the project of whoever asks, so it is asked for with the town's own credential; it is looked
at, stopped and removed with the portal's. Names are not unique, but Nova knows of a server before it answers: one
that is not listed was not made.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from provisioning.domain.errors import PermanentError
from provisioning.domain.handler import Target
from provisioning.domain.observation import Absent, InProgress, Many, Observation, Outcome, Present
from provisioning.kinds.openstack import ServerSpec
from provisioning.providers.openstack.client.cloud import Cloud
from provisioning.providers.openstack.client.errors import NotThere

# Seconds between two looks at a machine that is being built.
_POLL_S: Final = 2.0
_RUNNING: Final = {"ACTIVE": True, "SHUTOFF": False}


@dataclass(frozen=True)
class ServerHandler:
    """Nova's id is the external id, and the handle while it builds."""

    cloud: Cloud

    def observe(self, target: Target) -> Observation:
        """By its id; without one, by its project and the tag. No double is ever called empty."""
        found = self._found(target)
        if not found:
            return Absent()
        if len(found) > 1:
            return Many(tuple(one.id for one in found))
        return self._seen(target, found[0])

    def create(self, target: Target) -> Outcome:
        """Asked for; it is built when it is polled for."""
        spec, doing = _spec(target), f"making the server {target.full_name}"
        who = {"auth_type": "v3applicationcredential", "application_credential_id": spec.credential}
        who["application_credential_secret"] = target.ref_secrets["credential"]["secret"].reveal()
        with self.cloud.signed_in(doing, **who) as town:
            made = town.compute.create_server(
                name=target.full_name.replace(".", "-"),  # a host's name too
                image_id=spec.image,
                flavor_id=self._flavor(spec.flavor),
                networks=[{"port": spec.port}],
                tags=[str(target.marker)],
                **({"availability_zone": spec.zone} if spec.zone else {}),
            )
        return Outcome(external_id=made.id, handle=made.id)

    def update(self, target: Target, after: Mapping[str, Any]) -> Outcome:
        """Started or stopped; TaskFailed, or NoHost, for one that Nova could not build."""
        doing, id = f"changing the server {target.full_name}", target.external_id
        found = self.cloud.read(doing, lambda c: c.compute.get_server(id))
        if found.status == "ERROR":
            raise _failed(found)
        if other := set(after) - {"running"}:
            raise PermanentError(
                f"The {' and '.join(sorted(other))} of a server cannot change; whoever asked for it must have "
                "another one made."
            )
        verb = "start_server" if after["running"] else "stop_server"
        self.cloud.read(doing, lambda c: getattr(c.compute, verb)(id))
        return Outcome(external_id=id)

    def delete(self, target: Target) -> Outcome:
        """With its disk; the port stays."""
        assert target.external_id
        with suppress(NotThere):
            self.cloud.delete(f"removing the server {target.full_name}", "compute", "server", target.external_id)
        return Outcome()

    def poll(self, target: Target) -> Observation:
        """Built, or not yet. One that could not be built is there all the same, and shows."""
        try:
            found = self.cloud.read("waiting for a server", lambda c: c.compute.get_server(target.handle))
        except NotThere:
            return Absent()
        return self._seen(target, found)

    def _seen(self, target: Target, one: Any) -> Observation:
        if one.status == "BUILD":
            return InProgress(one.id, _POLL_S)
        ports = self.cloud.listed("reading a server's ports", "network", "port", device_id=one.id)
        mine = sorted(port.id for port in ports if port.device_id == one.id)
        shown = {
            "image": one.image["id"] if one.image else "",
            "flavor": one.flavor["original_name"] if one.flavor else "",
            "port": mine[0] if len(mine) == 1 else mine,
            "running": _RUNNING.get(one.status, one.status),
        }
        return Present(one.id, shown, {"server": one.id}, ours=str(target.marker) in (one.tags or []))

    def _found(self, target: Target) -> list[Any]:
        doing = f"reading the server {target.full_name}"
        if target.external_id:
            with suppress(NotThere):
                return [self.cloud.read(doing, lambda c: c.compute.get_server(target.external_id))]
            return []
        project, marker = _spec(target).project, str(target.marker)
        words = {"all_projects": True, "project_id": project, "tags": marker}
        found = self.cloud.listed(doing, "compute", "server", **words)
        mine = [one for one in found if one.project_id == project and marker in (one.tags or [])]
        return sorted(mine, key=lambda one: (one.created_at or "", one.id))

    def _flavor(self, name: str) -> str:
        found = self.cloud.listed("looking for a size of servers", "compute", "flavor", get_extra_specs=False)
        for one in found:
            if one.name == name:
                return str(one.id)
        raise PermanentError(f"OpenStack has no flavor {name}; the region's operator must make it.")


def console(cloud: Cloud, server: str, lines: int) -> str:
    """The last lines that the machine wrote to its console; "" before the first. NotThere when it is gone."""
    doing = f"reading the console of {server}"
    # An answer without it says nothing, and least of all that the machine is silent.
    said = cloud.read(doing, lambda c: c.compute.get_server_console_output(server, length=lines)["output"])
    return str(said or "")


def _failed(server: Any) -> PermanentError:
    """Nova's own words stay in Nova, but for the one case that is the region's to mend and nobody's backup."""
    if "No valid host" in str((server.fault or {}).get("message", "")):
        return PermanentError(
            "Nova found no host with room for it; the region's operator must make room, and Retry.", reason="NoHost"
        )
    return PermanentError(
        f"Nova could not build it ({server.id}); the region's operator must look at its fault there.",
        reason="TaskFailed",
    )


def _spec(target: Target) -> ServerSpec:
    assert isinstance(target.spec, ServerSpec)
    return target.spec
