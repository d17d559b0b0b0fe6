"""A recovery plan's pure half: whatever the terms, the plan that follows from them is whole, and can be walked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from elaastic.levels.level2_terms import DEFAULTS
from elaastic.levels.recovery import default_document, faults, fitted, stale, steps, surroundings
from elaastic.levels.recovery_schema import CHECKS_OF, MOST_GROUPS, SCHEMA

machine = st.builds(
    lambda name, nature, group: {"name": name, "nature": nature} | ({"boot_group": group} if group else {}),
    st.from_regex(r"[a-z][a-z0-9-]{1,8}[a-z0-9]", fullmatch=True),
    st.sampled_from(["stateless", "stateful"]),
    st.integers(0, 20),
)
some_terms = st.lists(machine, min_size=1, max_size=12, unique_by=lambda m: m["name"]).map(
    lambda machines: {**DEFAULTS, "machines": machines}
)
DNS = {"name": "dns", "nature": "stateless", "boot_group": 1}
FILES = {"name": "files", "nature": "stateful", "boot_group": 2}
TERMS: dict[str, Any] = {**DEFAULTS, "machines": [FILES, DNS]}
CALL = {"text": "Chiama il fornitore.", "who": "authority"}


def codes(document: dict[str, Any], terms: dict[str, Any]) -> list[tuple[str, str]]:
    return [(f.code, f.about) for f in faults(document, terms)]


def judged(document: Any) -> list[str]:
    return [".".join(map(str, e.absolute_path)) for e in Draft202012Validator(SCHEMA).iter_errors(document)]


@given(some_terms)
def test_the_first_plan_is_whole_whatever_the_terms(terms: dict[str, Any]) -> None:
    made = default_document(terms)
    assert judged(made) == []
    assert faults(made, terms) == []
    here = surroundings(terms, "pesaro")
    assert stale(made, terms, written_for=here, now=here) == []


@given(some_terms)
def test_a_plan_starts_each_machine_once_in_the_order_of_its_boot_group_and_then_checks_it(
    terms: dict[str, Any],
) -> None:
    walked = list(steps(default_document(terms)))
    started = [step.machine for step in walked if step.kind == "start"]
    assert sorted(started) == sorted(m["name"] for m in terms["machines"])
    order = {m["name"]: m.get("boot_group", 1) for m in terms["machines"]}
    assert [order[name] for name in started] == sorted(order.values())
    assert [step.group for step in walked] == sorted(step.group for step in walked)
    for name in started:
        kinds = [step.kind for step in walked if step.machine == name]
        assert kinds == ["start", "check"]


@given(some_terms, some_terms)
def test_a_plan_is_fitted_to_other_machines_and_keeps_what_still_stands(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    written = default_document(before) | {"notes": "Le chiavi sono dal sindaco."}
    made = fitted(written, after)
    assert judged(made) == []
    assert faults(made, after) == []
    assert made["notes"] == written["notes"]
    assert fitted(made, after) == made
    assert fitted(written, before) == written


@given(some_terms, some_terms)
def test_it_is_stale_exactly_when_it_does_not_fit(before: dict[str, Any], after: dict[str, Any]) -> None:
    here = surroundings(before, "pesaro")
    found = stale(default_document(before), after, written_for=here, now=here)
    natures = [{m["name"]: m["nature"] for m in terms["machines"]} for terms in (before, after)]
    assert bool(found) == (natures[0] != natures[1])


def test_people_and_pauses_come_before_the_group_that_waits_for_them() -> None:
    document = default_document(TERMS)
    document["groups"][1] |= {"pause_seconds": 60, "before": [CALL]}
    told = [(s.kind, s.group, s.machine or s.text or s.seconds) for s in steps(document)]
    assert told == [
        ("start", 1, "dns"), ("check", 1, "dns"),
        ("pause", 2, 60), ("people", 2, "Chiama il fornitore."), ("start", 2, "files"), ("check", 2, "files"),
    ]  # fmt: skip


def test_each_nature_has_the_check_that_can_be_asked_of_it() -> None:
    checks = default_document(TERMS)["checks"]
    assert checks["dns"] == [{"kind": "console", "text": "login:", "within_seconds": 300}]
    assert checks["files"] == [{"kind": "agent", "within_seconds": 300}]
    assert {kind for kinds in CHECKS_OF.values() for kind in kinds} == set(SCHEMA_KINDS)


CHECK = {"within_seconds": 60}


@pytest.mark.parametrize(
    ("check", "good"),
    [
        ({"kind": "console", "text": "login:"}, True),
        ({"kind": "console"}, False),
        ({"kind": "console", "text": "login:", "port": 22}, False),
        ({"kind": "agent"}, True),
        ({"kind": "agent", "text": "login:"}, False),
        ({"kind": "tcp", "port": 22}, True),
        ({"kind": "tcp"}, False),
        ({"kind": "tcp", "port": 22, "path": "/"}, False),
        ({"kind": "tcp", "port": 65536}, False),
        ({"kind": "http", "port": 80}, True),
        ({"kind": "http", "port": 80, "path": "/login?x=%20"}, True),
        ({"kind": "http", "port": 80, "path": "//other.example"}, True),  # a path of the machine's own
        ({"kind": "http", "port": 80, "path": "login"}, False),
        ({"kind": "http", "port": 80, "path": "/$(reboot)"}, False),
        ({"kind": "http", "port": 80, "path": "/a b"}, False),
        ({"kind": "http", "port": 80, "path": "/@elsewhere"}, False),
    ],
)
def test_a_check_has_what_its_kind_needs_and_nothing_else(check: dict[str, Any], good: bool) -> None:
    document = default_document(TERMS)
    document["checks"]["files"] = [{**check, **CHECK}]
    assert (judged(document) == []) is good


def test_a_port_and_a_page_are_asked_of_what_starts_on_proxmox_alone() -> None:
    document = default_document(TERMS)
    document["checks"]["files"] = [{"kind": "http", "port": 80, "path": "/login", **CHECK}]
    assert judged(document) == [] and codes(document, TERMS) == []
    assert [(s.check, s.port, s.path) for s in steps(document) if s.kind == "check"][1] == ("http", 80, "/login")
    document["checks"]["dns"] = [{"kind": "tcp", "port": 53, **CHECK}]
    assert codes(document, TERMS) == [("check_for_stateless", "dns")]


SCHEMA_KINDS = SCHEMA["properties"]["checks"]["additionalProperties"]["items"]["properties"]["kind"]["enum"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"groups": [{"machines": ["dns"], "pause_seconds": 0, "before": []}]}, ("machine_in_no_group", "files")),
        ({"checks": {"dns": [{"kind": "console", "text": "x", "within_seconds": 60}]}},
         ("machine_without_check", "files")),
        ({"groups": [{"machines": ["dns", "files", "old"], "pause_seconds": 0, "before": []}]},
         ("machine_unknown", "old")),
        ({"groups": [{"machines": ["dns", "files", "dns"], "pause_seconds": 0, "before": []}]},
         ("machine_twice", "dns")),
        ({"groups": [{"machines": ["dns", "files"], "pause_seconds": 0, "before": []},
                     {"machines": [], "pause_seconds": 9, "before": []}]}, ("group_empty", "")),
        ({"checks": {"dns": [{"kind": "agent", "within_seconds": 60}],
                     "files": [{"kind": "agent", "within_seconds": 60}]}}, ("check_for_stateless", "dns")),
    ],
)  # fmt: skip
def test_what_no_schema_can_say(change: dict[str, Any], fault: tuple[str, str]) -> None:
    assert codes(default_document(TERMS), TERMS) == []
    assert codes({**default_document(TERMS), **change}, TERMS) == [fault]


@pytest.mark.parametrize(("lan", "site", "moved"), [
    ("192.168.1.0/24", "pesaro", []),
    ("10.0.0.0/24", "pesaro", [("lan_moved", "10.0.0.0/24")]),
    ("192.168.1.0/24", "ancona", [("reserve_moved", "ancona")]),
])  # fmt: skip
def test_it_is_stale_when_its_addresses_or_its_site_moved(lan: str, site: str, moved: list[Any]) -> None:
    then = surroundings(TERMS, "pesaro")
    found = stale(default_document(TERMS), TERMS, written_for=then, now=surroundings({**TERMS, "lan": lan}, site))
    assert [(f.code, f.about) for f in found] == moved


@pytest.mark.parametrize(
    ("check", "where"),
    [
        ({"kind": "udp", "within_seconds": 60}, "checks.dns.0.kind"),
        ({"kind": "console", "within_seconds": 60}, "checks.dns.0"),
        ({"kind": "agent", "text": "login:", "within_seconds": 60}, "checks.dns.0"),
        ({"kind": "console", "text": "a\nb", "within_seconds": 60}, "checks.dns.0.text"),
        ({"kind": "console", "text": "  ", "within_seconds": 60}, "checks.dns.0.text"),
        ({"kind": "agent", "within_seconds": 5}, "checks.dns.0.within_seconds"),
    ],
)
def test_a_check_that_nobody_can_make_is_no_plan(check: dict[str, Any], where: str) -> None:
    document = default_document(TERMS)
    assert where in judged({**document, "checks": {**document["checks"], "dns": [check]}})


def test_there_are_never_more_groups_than_a_plan_may_have() -> None:
    many = {**TERMS, "machines": [{**DNS, "name": f"vm-{n}", "boot_group": n + 1} for n in range(MOST_GROUPS)]}
    more = {**many, "machines": [*many["machines"], {**DNS, "name": "new"}]}
    made = fitted(default_document(many), more)
    assert judged(made) == []
    assert faults(made, more) == []
