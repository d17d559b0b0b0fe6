"""Every recorded exchange of a real 9.2.11 against the emulator: same status, same words, same end of task."""

import re
from typing import Any

import pytest

from tests.lab.proxmox.recorded import COUNT, NOT_THE_PRODUCTS, OTHERWISE, Exchange, Place, data_needed, exchanges
from tests.lab.proxmox.replay import Played


def test_the_recording_is_whole() -> None:
    if not data_needed():
        pytest.skip("the recording is not on this machine")
    assert len(exchanges()) == COUNT
    assert {one.place for one in exchanges()} >= {*NOT_THE_PRODUCTS, *OTHERWISE}


@pytest.mark.parametrize("one", exchanges(), ids=lambda one: one.id)
def test_the_emulator_answers_as_the_real_one_did(one: Exchange, played: dict[Place, Played]) -> None:
    got = played[one.place]
    assert (got.status, got.reason) == (one.status, one.reason)
    if not isinstance(one.answer, dict):
        assert got.answer == one.answer
        return
    assert got.answer.get("message") == one.answer.get("message")
    assert got.answer.get("errors") == one.answer.get("errors")
    if one.place in NOT_THE_PRODUCTS:
        return
    if one.place in OTHERWISE:
        assert type(got.answer["data"]) is type(one.answer["data"])
        return
    assert _telling({**got.answer, "message": None}) == _telling({**one.answer, "message": None})


# Moments, measurements, and what the far side makes up.
MADE_UP = frozenset({
    "CSRFPreventionToken", "avail", "cpu", "digest", "disk", "endtime", "mem", "meta", "netin", "next-run",
    "netout", "pid", "pstart", "size", "smbios1", "starttime", "ticket", "total", "uptime", "used", "used_fraction",
    "value", "vmgenid",
})  # fmt: skip
NODE_FIGURES = frozenset({"maxcpu", "maxmem", "maxdisk"})
NAMES = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=BC:24:11:)[0-9A-F:]{8}|UPID:pve1:[0-9A-F:]{26}:")


def _telling(data: Any, name: str = "") -> Any:
    """Of an answer all but what is made up; without order where the real API has none."""
    if isinstance(data, dict):
        hidden = MADE_UP | (NODE_FIGURES if data.get("type") in ("node", "storage") else frozenset())
        return {key: None if key in hidden and not _told(key, data) else _telling(value, key)
                for key, value in sorted(data.items())}  # fmt: skip
    if isinstance(data, list):
        return sorted((_telling(one) for one in data), key=repr)
    if isinstance(data, str):
        text = NAMES.sub("…", data)
        return sorted(text.split(",")) if name == "content" else sorted(text.split("\n")) if "\n" in text else text
    return data


def _told(key: str, data: dict[str, Any]) -> bool:
    """The value beside a `key` is a line of a configuration."""
    return key == "value" and data.get("key") not in (None, "digest", "vmgenid", "smbios1", "meta")
