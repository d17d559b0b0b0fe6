"""Playing the recording: the same calls in the same order on a clock that stands where the recorded one stood.

Names that the far side made up (UPIDs, token values) are put in the place of the recorded ones.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import requests

from tests.lab.proxmox.recorded import (
    ASKED_TO_FAIL,
    FRESH_BEFORE,
    NO_CSRF,
    UPLOADS,
    WRONG_SECRET,
    Exchange,
    exchanges,
)
from tests.lab.proxmox.wire import Wire

PASSWORD = "example-password"
UPID = re.compile(r"UPID:pve1:[0-9A-F]+:[0-9A-F]+:([0-9A-F]+):[^\s\"/]*?:(?=$|[/\"?])")
MIB = 1 << 20
IMAGE = {"storage": "local", "node": "pve1", "content": "import", "format": "qcow2", "size": 196_616}
# What stood on the recorded machine before its first call: two images, a file outside every storage.
BEFORE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("volumes", "pve1 local:import/disk.qcow2",
     {"volid": "local:import/disk.qcow2", "ctime": 1795357319, "virtual": 64 * MIB, **IMAGE}),
    ("volumes", "pve1 local:import/up.qcow2",
     {"volid": "local:import/up.qcow2", "ctime": 1795359157, "virtual": 64 * MIB, **IMAGE}),
    ("paths", "/srv/img/x.raw", {"size": 16 * MIB}),
    ("storages", "local",
     {"content": "images,rootdir,iso,backup,import,snippets,vztmpl", "prune-backups": "keep-all=1"}),
    ("neighbours", "127.0.0.1:8007", {
        "fingerprint":
            "D0:D0:FE:E7:97:B9:A8:06:B1:9D:33:DD:49:9B:22:B9:72:11:66:69:92:3F:34:36:75:81:0F:CB:38:67:01:99",
        "datastores": ["ds1"], "answers": 0}),
)  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What the emulator answered; `end` is the task's exitstatus where one was started."""

    status: int
    reason: str
    answer: Any


class Player:
    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.names: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self.ticket: dict[str, str] = {}

    def play(self, one: Exchange) -> Played:
        if one.number == 0 and one.scenario in FRESH_BEFORE:
            self._start_again()
        if one.place in ASKED_TO_FAIL:
            self.wire.control("fail_task", **ASKED_TO_FAIL[one.place])
        self._move_clock(one)
        response = self._sent(one)
        try:
            answer = response.json() if response.content else ""
        except requests.exceptions.JSONDecodeError:
            answer = response.text
        self._learn(one, answer)
        return Played(response.status_code, response.reason, answer)

    def _start_again(self) -> None:
        self.wire.control("reset", nodes=["pve1"], password=PASSWORD)
        self.wire.control("put", section="storages", id="shared")
        for section, id, value in BEFORE:
            self.wire.control("put", section=section, id=id, value=value)

    def _move_clock(self, one: Exchange) -> None:
        """To where a new task began, or to the end of the one that was seen ended."""
        recorded = one.answer["data"] if isinstance(one.answer, dict) else None
        began = UPID.fullmatch(recorded) if isinstance(recorded, str) else None
        if began:
            self.wire.control("clock", stand=int(began[1], 16))
        if (
            isinstance(recorded, dict)
            and recorded.get("status") == "stopped"
            and recorded.get("upid") in self.names
        ):
            self.wire.control("finish", upid=self.names[recorded["upid"]])

    def _sent(self, one: Exchange) -> requests.Response:
        url, headers, cookies = self._renamed(one.url), {}, {}
        if one.auth == "ticket":
            cookies = {"PVEAuthCookie": self.ticket["ticket"]}
            if one.place not in NO_CSRF:
                headers["CSRFPreventionToken"] = self.ticket["CSRFPreventionToken"]
        if one.auth == "token":
            value = "wrong" if one.place in WRONG_SECRET else self.values.get(one.authid, "unknown")
            headers["Authorization"] = f"PVEAPIToken={one.authid}={value}"
        if one.place in UPLOADS:
            about = UPLOADS[one.place]
            files = {"filename": (about["name"], b"\0" * about["size"])}
            return self.wire.call(
                one.method, url, data={"content": about["content"]}, files=files, headers=headers, cookies=cookies
            )
        if one.body:
            kind = "json" if one.body.startswith("{") else "x-www-form-urlencoded"
            headers["Content-Type"] = f"application/{kind}"
        return self.wire.call(one.method, url, data=self._renamed(one.body), headers=headers, cookies=cookies)

    def _renamed(self, text: str) -> str:
        for old, new in self.names.items():
            text = text.replace(old, new)
        return text

    def _learn(self, one: Exchange, answer: Any) -> None:
        recorded = one.answer["data"] if isinstance(one.answer, dict) else None
        made = answer.get("data") if isinstance(answer, dict) else None
        if isinstance(recorded, str) and isinstance(made, str) and recorded.startswith("UPID:"):
            self.names[recorded] = made
        if isinstance(recorded, dict) and isinstance(made, dict):
            if "ticket" in recorded:
                self.ticket = made
            if "full-tokenid" in recorded:
                self.values[made["full-tokenid"]] = made["value"]


def play(wire: Wire) -> dict[tuple[str, int], Played]:
    """Every exchange's answer by its place."""
    player = Player(wire)
    return {one.place: player.play(one) for one in exchanges()}


def path_of(one: Exchange) -> str:
    return unquote(one.path)
