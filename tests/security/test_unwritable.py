"""T15: a field that nobody may write changes nothing, in no call and in no form.

Fields, forms and bodies are found by walking the code; what each act sends stands in tests/scene/acts.py.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django import forms
from django.utils import timezone

from tenants.api.serializers import StrictSerializer
from tests.elaastic.region import region
from tests.personas import world
from tests.scene.acts import OF_THE_API, OF_THE_PAGES, Act
from tests.scene.addresses import Address
from tests.scene.names import all_bodies, all_forms, all_names
from tests.scene.stage import BY_NAME, Stage, stage
from tests.scene.stored import everything_stored

__all__ = ["region", "stage", "world"]

CONTRACT = json.loads((Path(__file__).resolve().parents[2] / "docs" / "openapi.json").read_text(encoding="utf-8"))
# Bodies are tried with every name at once: the refusal has to name each.
NESTED = ("seat", "security_contact")
# What a view reads itself beside its form, by address: there the name is no stranger.
READ_BY_THE_VIEW = {
    "console/<slug:key>/retry/": {"resource"},
    "subscriptions/<uuid:public_id>/drills/": {"images", "machine"},
}
# A base without fields, and one that only narrows what is shown.
WRITES_NOTHING = {"JudgedForm", "TrailForm", "VerificationsForm"}


def test_no_call_takes_a_field_that_the_contract_does_not_name(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: set[type] = set()
    read = StrictSerializer.to_internal_value

    def meet(self: StrictSerializer, data: Any) -> Any:
        met.add(type(self))
        return read(self, data)

    monkeypatch.setattr(StrictSerializer, "to_internal_value", meet)
    wrong = []
    for act in OF_THE_API:
        wrong += [f"{act}: {fault}" for fault in _taken(stage, act)]
    assert wrong == []
    assert {kind.__name__ for kind in all_bodies() - met} == set()


def _taken(stage: Stage, act: Act) -> Iterator[str]:
    """Names that the contract does not have and that were not refused; or what has changed all the same."""
    known = _properties(BY_NAME[act.address], act.method)
    if known is None:
        yield from _moved_by(stage, act, all_names())
        return
    strange = {name: value for name, value in all_names().items() if name not in known}
    with stage.set_for(act):
        body = act.body(stage)
        before = everything_stored()
        answer = stage.play(act, body, strange)
        yield from sorted(set(strange) - set(_refused(answer)))
        for name in NESTED:
            if name in known:
                inside = _refused(stage.play(act, _with(body, name, dict.fromkeys(all_names(), "x"))))
                yield from sorted({f"{name}.{inner}" for inner in set(all_names()) - known[name]} - set(inside))
        if "terms" in known and "terms" in body:
            refused = stage.play(act, _with(body, "terms", {**strange, **body["terms"]}))
            yield from [] if refused.status_code == 400 else ["terms"]
        yield from [label for label, rows in everything_stored().items() if rows != before[label]]


def _with(body: Any, name: str, value: Any) -> Any:
    return [_with(row, name, value) for row in body] if isinstance(body, list) else {**body, name: value}


def _properties(address: Address, method: str) -> dict[str, set[str]] | None:
    """What the published body has, each with what is inside it; None: the call has no body."""
    path = "/rest/elaastic/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address.path)
    body = CONTRACT["paths"][path][method.lower()].get("requestBody")
    if body is None:
        return None
    schema = _resolved(body["content"]["application/json"]["schema"])
    schema = _resolved(schema.get("items", schema))
    return {
        name: set(_resolved(inner).get("properties", ())) for name, inner in schema.get("properties", {}).items()
    }


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return dict(CONTRACT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return schema


def _refused(answer: Any) -> list[str]:
    """Names of the fields at fault, of the first one when many were sent."""
    told = answer.json()
    if answer.status_code == 200 and "items" in told:
        told = told["items"][0]["refusal"] or {}
    elif answer.status_code != 400:
        return []
    return [name.removeprefix("0.") for name in told.get("errors", {})]


def test_no_form_takes_a_field_that_it_does_not_have(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored is the same with every other name sent along, and with what a form only shows."""
    met: dict[str, list[forms.BaseForm]] = {}
    make = forms.BaseForm.__init__

    def meet(self: forms.BaseForm, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        met.setdefault(playing, []).append(self)

    monkeypatch.setattr(forms.BaseForm, "__init__", meet)
    wrong = []
    for act in OF_THE_PAGES:
        playing = str(act)
        with stage.set_for(act):
            stage.play(act)
        bound = [form for form in met.get(playing, ()) if form.is_bound]
        taken = {name for form in bound for name, field in form.fields.items() if not field.disabled}
        shown = {name: _another(field) for form in bound for name, field in form.fields.items() if field.disabled}
        taken |= READ_BY_THE_VIEW.get(act.address, set())
        strange = {name: value for name, value in all_names().items() if name not in taken} | shown
        wrong += [f"{act}: {moved}" for moved in _moved_by(stage, act, strange)]
    assert wrong == []
    seen = {type(form) for bound in met.values() for form in bound if form.is_bound}
    assert {kind.__name__ for kind in all_forms() - seen} == WRITES_NOTHING


def _another(field: forms.Field) -> str:
    choices = [str(key) for key, _label in getattr(field, "choices", ())]
    return choices[-1] if choices else "7777"


def _moved_by(stage: Stage, act: Act, strange: dict[str, str]) -> Iterator[str]:
    """Columns that say something else when `strange` is sent along; secrets differ every time.

    The clock stands still: what is named after a second or a day would differ now and then.
    """
    with time_machine.travel(timezone.now(), tick=False):
        first, second = _after(stage, act), _after(stage, act)
        always = set(_differences(first, second))
        for cell in _differences(second, _after(stage, act, strange)):
            if cell not in always:
                yield f"{cell}"


def _after(stage: Stage, act: Act, more: Mapping[str, str] | None = None) -> dict[str, list[dict[str, Any]]]:
    with stage.set_for(act):
        body = act.body(stage)
        answer = stage.play(act, body, more)
        assert answer.status_code < 400, f"{act}: {answer.status_code}"
        return everything_stored()


def _differences(
    one: dict[str, list[dict[str, Any]]], other: dict[str, list[dict[str, Any]]]
) -> Iterator[tuple[Any, ...]]:
    for label, rows in one.items():
        if len(rows) != len(other[label]):
            yield (label, len(rows), len(other[label]))
            continue
        for number, (row, there) in enumerate(zip(rows, other[label], strict=True)):
            yield from ((label, number, name) for name in row if row[name] != there[name])
