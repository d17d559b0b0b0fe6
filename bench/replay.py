"""The calls that the engine made to the platforms, recorded; and the same calls without it, on another stack."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Final

from provisioning.domain.errors import TemporaryError
from provisioning.domain.names import Marker
from provisioning.domain.observation import Outcome, Present
from provisioning.domain.secrets import Secret

# Seconds: what the engine waits before it asks again the first time.
AGAIN_S: Final = 1.0


@dataclass(frozen=True)
class Call:
    """One handler call as the engine made it: on which platform, of which kind, which verb, and what came of it."""

    platform: str
    kind: str
    verb: str
    target: Any
    arguments: tuple[Any, ...]
    seconds: float
    answer: Any = None
    failed: bool = False


@dataclass
class Recorder:
    """A provider that remembers every call of its handlers, and how long the marks of a restored database took."""

    platform: str
    provider: Any
    calls: list[Call]
    guard_s: float = 0.0
    handlers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.handlers = {name: _Handler(self, name, one) for name, one in self.provider.handlers.items()}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.provider, name)
        if name not in ("marks", "push_mark"):
            return found

        def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return found(*arguments)
            finally:
                self.guard_s += time.perf_counter() - began

        return timed


class _Handler:
    def __init__(self, recorder: Recorder, kind: str, handler: Any) -> None:
        self.recorder, self.kind, self.handler = recorder, kind, handler

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        def call(target: Any, *arguments: Any) -> Any:
            began, answer, failed = time.perf_counter(), None, True
            try:
                answer = getattr(self.handler, verb)(target, *arguments)
                failed = False
                return answer
            finally:
                took = time.perf_counter() - began
                told = Call(self.recorder.platform, self.kind, verb, target, arguments, took, answer, failed)
                self.recorder.calls.append(told)

        return call


def replay(providers: Mapping[str, Any], calls: list[Call], old: str, new: str) -> float:
    """Seconds for the same calls, one after the other, on the names of stack `new`. What one call answers goes into
    the later ones. A call that failed is left out; one that fails here is made again a second later, as the engine
    does.
    """
    words = {old: new}
    began = time.perf_counter()
    for call in calls:
        if not call.failed:
            handler = providers[call.platform].handlers[call.kind]
            _learn(
                words,
                call.answer,
                _until_it_works(getattr(handler, call.verb), _moved(call.target, words, new), call),
            )
    return time.perf_counter() - began


def _until_it_works(verb: Callable[..., Any], target: Any, call: Call) -> Any:
    for _ in range(5):
        try:
            return verb(target, *call.arguments)
        except TemporaryError:
            time.sleep(AGAIN_S)
    return verb(target, *call.arguments)


def _learn(words: dict[str, str], theirs: Any, ours: Any) -> None:
    """What the far side made up: its ids, and what it tells of an object."""
    if isinstance(theirs, Present | Outcome) and theirs.external_id and ours.external_id:
        words |= dict(zip(theirs.external_id.split(" "), ours.external_id.split(" "), strict=True))
    if isinstance(theirs, Present):
        for name, said in theirs.outputs.items():
            if isinstance(said, str) and said:
                words[said] = str(ours.outputs[name])


def _moved(target: Any, words: Mapping[str, str], stack: str) -> Any:
    """The same target, of the other stack."""
    marker = Marker(target.marker.installation, stack, target.marker.name)
    return replace(
        target,
        marker=marker,
        full_name=str(_said(target.full_name, words)),
        external_id=_said(target.external_id, words),
        handle=_said(target.handle, words),
        spec=_said(target.spec, words),
        secrets=_own(target.secrets, stack),
        ref_secrets={ref: _own(secrets, stack) for ref, secrets in target.ref_secrets.items()},
    )


def _said(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for old, new in words.items():
            value = value.replace(old, new)
        return value
    if isinstance(value, list | tuple):
        return type(value)(_said(one, words) for one in value)
    if isinstance(value, Mapping):
        return {name: _said(one, words) for name, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type | Secret):
        return replace(value, **{one.name: _said(getattr(value, one.name), words) for one in fields(value)})
    return value


def _own(secrets: Mapping[str, Secret], stack: str) -> dict[str, Secret]:
    """The names of S3 keys are the whole gateway's; passwords may be the same."""
    return {
        name: Secret((stack.upper() + one.reveal())[:20]) if name == "access_key" else one
        for name, one in secrets.items()
    }
