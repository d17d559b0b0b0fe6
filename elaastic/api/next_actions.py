"""Whose move it is, and which: what a page or a script shows beside a state."""

from functools import lru_cache
from typing import Any, Final

from django.utils.translation import get_language, gettext_lazy
from rest_framework import serializers

from elaastic.api.fields import one_of
from elaastic.levels import Mode
from elaastic.models import Request, RequestState, RestoreState, RestoreTest, SubscriptionState
from elaastic.selectors.subscriptions import Overview, state_of
from elaastic.services.agreeing import ends_soon
from provisioning.domain.conditions import NEEDS_HUMAN, REASONS, Condition, State

WHO: Final = ("nobody", "authority", "region")
# code -> (whose move, sentence). Clients may rely on the codes.
ACTIONS: Final = {
    "none": ("nobody", gettext_lazy("Nothing is to be done.")),
    "wait_for_plan": ("nobody", gettext_lazy("The plan is being made; it takes a moment.")),
    "make_room": ("region", gettext_lazy("It does not fit at present; the region must make room.")),
    "mend_planning": ("region", gettext_lazy("The plan cannot be made; the region must look into it.")),
    "decide": ("region", gettext_lazy("The region must read the plan and decide.")),
    "answer": ("authority", gettext_lazy("The region asks something: answer it, and it goes on deciding.")),
    "answer_counter": (
        "authority",
        gettext_lazy("The region proposes other terms: accept them, or say why not."),
    ),
    "wait_for_work": ("nobody", gettext_lazy("It is being provisioned; nothing is to be done.")),
    "collect": ("authority", gettext_lazy("It is ready: collect the credentials, each is shown once.")),
    "drill": ("authority", gettext_lazy("A drill is due: `health` says what is in its way, and whose move it is.")),
    "renew": ("authority", gettext_lazy("The agreement ends soon or has ended: ask for its renewal.")),
    "mend": ("region", gettext_lazy("The region must look into it.")),
    "ask_again": ("authority", gettext_lazy("Read the reason, then ask again if it is still needed.")),
    "wait_for_sample": (
        "nobody",
        gettext_lazy("The portal chooses what is to be restored; it takes a few seconds."),
    ),
    "copy_proof_file": (
        "authority",
        gettext_lazy("Let your backup program copy the proof file; the next step opens when a copy has arrived."),
    ),
    "writing_stopped": (
        "region",
        gettext_lazy(
            "Writing is stopped: no copy takes the proof file until it goes on. What arrived before counts."
        ),
    ),
    "wait_for_look": (
        "nobody",
        gettext_lazy("A worker reads it from end to end; it takes a while."),
    ),
    "upload_again": ("authority", gettext_lazy("Read the reason, mend the export, and upload the image again.")),
    "restore": ("authority", gettext_lazy("Restore what is named, and send the SHA-256 of what came out.")),
}
_AT_WORK: Final = frozenset(
    {SubscriptionState.APPROVED, SubscriptionState.PROVISIONING, SubscriptionState.CHANGING}
)


class NextActionShape(serializers.Serializer[Any]):
    """Whose move it is; `code` is stable, `text` is for people."""

    who = one_of("WhoseMove", WHO)
    code = one_of("NextActionCode", ACTIONS)
    text = serializers.CharField()


class ConditionShape(serializers.Serializer[Any]):
    """How something stands: a stable reason, and a sentence with the next step."""

    type = one_of("ConditionType", ("stack", "planning"))
    state = one_of("ConditionState", tuple(State))
    reason = serializers.CharField()
    message = serializers.CharField()
    whose_move = one_of("WhoseMove", WHO)


def action(code: str) -> dict[str, str]:
    """One of `ACTIONS` as clients get it."""
    return dict(_action(code, get_language()))


@lru_cache(maxsize=256)
def _action(code: str, _language: str | None) -> dict[str, str]:
    who, text = ACTIONS[code]
    return {"who": who, "code": code, "text": str(text)}


def request_next_action(request: Request) -> dict[str, str]:
    """Whose move a request waits for."""
    state = state_of(request)
    if state == RequestState.AWAITING_DECISION:
        return action("decide")
    if state == RequestState.MORE_INFORMATION:
        return action("answer_counter" if request.counter else "answer")
    if state == RequestState.REJECTED:
        return action("ask_again")
    if state == RequestState.APPROVED:
        return action("wait_for_work")
    if state != RequestState.PLANNING:
        return action("none")
    if request.planning_problem == "NoRoom":
        return action("make_room")
    return action("mend_planning" if request.planning_problem == "Refused" else "wait_for_plan")


def restore_next_action(test: RestoreTest) -> dict[str, str]:
    """Whose move a restore test waits for."""
    if test.state == RestoreState.COPYING and not Mode.parse(test.subscription.mode).writes:
        return action("writing_stopped")
    waits_for = {
        RestoreState.CHOOSING: "wait_for_sample",
        RestoreState.COPYING: "copy_proof_file",
        RestoreState.RESTORING: "restore",
    }
    return action(waits_for.get(test.state, "none"))


def subscription_next_action(seen: Overview) -> dict[str, str]:
    """Whose move a subscription waits for: a request, what is built, what went wrong, what is to be collected."""
    if seen.open_request is not None:
        return request_next_action(seen.open_request)
    if seen.state == SubscriptionState.REJECTED:
        return action("ask_again")
    if seen.condition.state in NEEDS_HUMAN and seen.state != SubscriptionState.ENDED:
        return action("wait_for_work" if whose_move(seen.condition) == "nobody" else "mend")
    if seen.state in _AT_WORK:
        return action("wait_for_work")
    if seen.to_collect and seen.state == SubscriptionState.ACTIVE:
        return action("collect")
    if ends_soon(seen.subscription):
        return action("renew")
    return action("drill" if seen.drill is not None and seen.drill.due else "none")


def conditions_of(seen: Overview) -> list[dict[str, str]]:
    """The stack's condition, and what is in the way of the open request's plan."""
    found = [condition_shape("stack", seen.condition)] if seen.stack else []
    asked = seen.open_request
    if asked is not None and asked.planning_problem:
        told = request_next_action(asked)
        found.append(
            {
                "type": "planning",
                "state": "blocked",
                "reason": asked.planning_problem,
                "message": asked.planning_message or told["text"],
                "whose_move": told["who"],
            }
        )
    return found


def condition_shape(kind: str, condition: Condition) -> dict[str, str]:
    """One condition as clients get it."""
    return {
        "type": kind,
        "state": str(condition.state),
        "reason": condition.reason,
        "message": condition.message,
        "whose_move": whose_move(condition),
    }


def whose_move(condition: Condition) -> str:
    """Who has to act; a reason that nobody listed is the region's to look at."""
    return REASONS.get(condition.reason, ("region", ""))[0]
