"""No reason, resource or state reaches a page without words for it."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from elaastic.levels import LEVELS
from elaastic.models import RequestState, SubscriptionState
from elaastic.views import condition_words, words
from elaastic.views.plans import SIGNS
from elaastic.views.standing import BADGES
from provisioning.domain.conditions import REASONS, Condition, State, condition
from provisioning.domain.manifest import Placement
from provisioning.domain.plan import Action

ROOT = Path(__file__).resolve().parents[3]


def test_every_reason_has_its_sentence_and_no_sentence_is_left_over() -> None:
    assert set(condition_words.CONDITIONS) == {reason for reason in REASONS if reason}
    assert all(str(sentence).endswith(".") for sentence in condition_words.CONDITIONS.values())


def test_every_reason_that_a_provider_gives_is_one_that_has_a_sentence() -> None:
    given = {
        reason
        for file in (ROOT / "provisioning" / "providers").rglob("*.py")
        for reason in re.findall(r'\breason ?= ?"(\w+)"', file.read_text())
    }
    assert {"QuotaExceeded", "NotEmpty", "TaskFailed"} <= given
    assert given <= set(REASONS)


def test_every_reason_has_its_sentence_in_italian() -> None:
    with translation.override("it"):
        italian = {reason: str(sentence) for reason, sentence in condition_words.CONDITIONS.items()}
    with translation.override("en"):
        assert not [r for r, sentence in condition_words.CONDITIONS.items() if str(sentence) == italian[r]]


def test_a_copy_that_the_cloud_refuses_is_the_town_s_move_and_a_full_cloud_the_region_s() -> None:
    assert condition_words.whose_move(condition(State.FAILED, "ImageRefused")) == "authority"
    for reason in ("QuotaExceeded", "NoHost", "ContentDiffers", "FileMissing", "TooLarge"):
        assert condition_words.whose_move(condition(State.FAILED, reason)) == "region"


def test_every_resource_of_every_offered_level_has_a_title() -> None:
    everywhere = {name: name for name in ("ceph", "openstack", "proxmox")}
    placement = Placement(everywhere, "three", ("an", "pu", "mc"), "pu")
    for level in LEVELS.values():
        if level.blueprint is None:
            continue
        terms = dict(level.defaults)
        if level.natures:
            terms["machines"] = [{**terms["machines"][0], "nature": nature} for nature in level.natures]
        for desired in level.blueprint(terms, placement).resources:
            assert words.resource_title(desired.name) != desired.name


def test_every_action_of_a_plan_has_its_sign_and_every_state_its_colour() -> None:
    assert set(SIGNS) == set(Action) - {Action.NOOP}
    grey = {RequestState.APPROVED, RequestState.REJECTED}  # shared with the subscription's state of that name
    assert set(BADGES) >= (set(SubscriptionState) | set(RequestState)) - grey


def test_the_platforms_own_words_are_kept_apart_from_the_sentence() -> None:
    said = condition(State.FAILED, "Refused", "QuotaTooOdd on bucket x.")
    assert condition_words.platform_said(said) == "QuotaTooOdd on bucket x."
    assert "QuotaTooOdd" not in condition_words.explain(said)


@pytest.mark.parametrize("reason", ["SomethingNew", ""])
def test_an_unknown_reason_is_shown_as_it_is_and_is_the_regions_move(reason: str) -> None:
    unknown = Condition(State.FAILED, reason, "It said so.")
    assert condition_words.explain(unknown) == ("It said so." if reason else "")
    assert condition_words.whose_move(Condition(State.FAILED, "SomethingNew")) == "region"


def test_memory_below_a_gib_is_not_nothing() -> None:
    assert words.amount("ram_mib", 512) == "512 MiB RAM"
    assert words.amount("ram_mib", 2048) == "2 GiB RAM"
