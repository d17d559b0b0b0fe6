"""No reason, resource or state reaches a page without words for it."""

import pytest

from elaastic.levels import LEVELS
from elaastic.models import RequestState, SubscriptionState
from elaastic.views import words
from elaastic.views.plans import SIGNS
from elaastic.views.standing import BADGES
from provisioning.domain.conditions import REASONS, Condition, State, condition
from provisioning.domain.manifest import Placement
from provisioning.domain.plan import Action


def test_every_reason_has_its_sentence_and_no_sentence_is_left_over() -> None:
    assert set(words.CONDITIONS) == {reason for reason in REASONS if reason}
    assert all(str(sentence).endswith(".") for sentence in words.CONDITIONS.values())


def test_every_resource_of_every_offered_level_has_a_title() -> None:
    placement = Placement({"ceph": "ceph"}, "three", ("an", "pu", "mc"))
    for level in LEVELS.values():
        if level.blueprint is None:
            continue
        for desired in level.blueprint(level.defaults, placement).resources:
            assert words.resource_title(desired.name) != desired.name


def test_every_action_of_a_plan_has_its_sign_and_every_state_its_colour() -> None:
    assert set(SIGNS) == set(Action) - {Action.NOOP}
    grey = {RequestState.APPROVED, RequestState.REJECTED}  # shared with the subscription's state of that name
    assert set(BADGES) >= (set(SubscriptionState) | set(RequestState)) - grey


def test_the_platforms_own_words_are_kept_apart_from_the_sentence() -> None:
    said = condition(State.FAILED, "Refused", "QuotaTooOdd on bucket x.")
    assert words.platform_said(said) == "QuotaTooOdd on bucket x."
    assert "QuotaTooOdd" not in words.explain(said)


@pytest.mark.parametrize("reason", ["SomethingNew", ""])
def test_an_unknown_reason_is_shown_as_it_is_and_is_the_regions_move(reason: str) -> None:
    unknown = Condition(State.FAILED, reason, "It said so.")
    assert words.explain(unknown) == ("It said so." if reason else "")
    assert words.whose_move(Condition(State.FAILED, "SomethingNew")) == "region"
