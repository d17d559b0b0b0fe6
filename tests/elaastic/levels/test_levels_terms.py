"""The terms of level 1: what is refused, at which field, and in which words."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from elaastic.levels.level1 import DEFAULTS
from elaastic.models.errors import LevelUnavailable
from elaastic.services.asking import available_level, check_terms
from tenants.models.errors import Invalid


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Sentences are compared in the language they are written in."""
    with translation.override("en"):
        yield


ARCHIVE = DEFAULTS["archives"][0]
S3_ALWAYS = "S3 is always among them: the others are ways to what S3 keeps."
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("a quota of nothing", {"quota_gib": 0}, "terms.quota_gib", "At least 1."),
    ("a quota beyond the level", {"quota_gib": 8193}, "terms.quota_gib", "At most 8192."),
    ("a quota in words", {"quota_gib": "500"}, "terms.quota_gib", "This has the wrong type; expected: integer."),
    ("a quota that is half", {"quota_gib": 1.5}, "terms.quota_gib", "This has the wrong type; expected: integer."),
    (
        "a quota that is a yes",
        {"quota_gib": True},
        "terms.quota_gib",
        "This has the wrong type; expected: integer.",
    ),
    ("no retention", {"retention_days": 0}, "terms.retention_days", "At least 1."),
    ("retention for ever", {"retention_days": 3651}, "terms.retention_days", "At most 3650."),
    ("one copy", {"copies": 1}, "terms.copies", "One of these: 2, 3."),
    (
        "another immutability",
        {"immutability": "soft"},
        "terms.immutability",
        "One of these: none, governance, compliance.",
    ),
    ("a protocol that does not work", {"protocols": ["s3", "nfs"]}, "terms.protocols.1", "One of these: s3."),
    ("a protocol that this region lacks", {"protocols": ["s3", "sftp"]}, "terms.protocols.1", "One of these: s3."),
    ("no protocol", {"protocols": []}, "terms.protocols", S3_ALWAYS),
    ("a protocol twice", {"protocols": ["s3", "s3"]}, "terms.protocols", "The same thing is named twice."),
    ("no archive", {"archives": []}, "terms.archives", "At least 1 is needed."),
    (
        "too many archives",
        {"archives": [{**ARCHIVE, "name": f"a{n:02}"} for n in range(21)]},
        "terms.archives",
        "At most 20 are possible.",
    ),
    (
        "an archive twice",
        {"archives": [ARCHIVE, {**ARCHIVE, "expected_interval_hours": 1}]},
        "terms.archives",
        "Two archives cannot have the same name.",
    ),
    (
        "an archive that is a word",
        {"archives": ["backup"]},
        "terms.archives.0",
        "This has the wrong type; expected: object.",
    ),
    (
        "an archive without interval",
        {"archives": [{"name": "backup"}]},
        "terms.archives.0",
        "A field is missing: expected_interval_hours.",
    ),
    (
        "an archive with more",
        {"archives": [{**ARCHIVE, "colour": 1}]},
        "terms.archives.0",
        "This field is not known: colour.",
    ),
    (
        "an interval of nothing",
        {"archives": [{**ARCHIVE, "expected_interval_hours": 0}]},
        "terms.archives.0.expected_interval_hours",
        "At least 1.",
    ),
    (
        "an interval of two years",
        {"archives": [{**ARCHIVE, "expected_interval_hours": 8785}]},
        "terms.archives.0.expected_interval_hours",
        "At most 8784.",
    ),
    ("an unknown field", {"colour": "red"}, "terms", "This field is not known: colour."),
]
HOSTILE_NAMES = (
    "", "ab", "a" * 31, "Backup", "-backup", "backup-", "back_up", "back.up", "../etc", "a;rm", "$(id)", "a b c",
    "backup\n", "\nbackup", "back\0up", "citt\u00e0-uno", "\u202ebackup", "x" * 10_000,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "field", "sentence"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED]
)
def test_each_fault_is_told_at_its_field_in_one_sentence(
    changed: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        check_terms(1, {**DEFAULTS, **changed})
    assert {name: [str(text) for text in texts] for name, texts in refused.value.errors.items()} == {
        field: [sentence]
    }


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=repr)
def test_a_name_that_some_platform_would_not_take_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_terms(1, {**DEFAULTS, "archives": [{**ARCHIVE, "name": name}]})
    assert refused.value.errors["terms.archives.0.name"] == ["3 to 30 small letters, digits and inner hyphens."]


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        check_terms(1, {})
    missing = ("quota_gib", "archives", "retention_days", "copies")
    assert refused.value.errors == {"terms": [f"A field is missing: {name}." for name in missing]}


@pytest.mark.parametrize(
    "name", ["\ud800", "a\u202eb", "x" * 10_000, "\0"], ids=["half", "turned", "long", "nothing"]
)
def test_a_field_of_any_name_is_refused_in_words_that_can_be_sent(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_terms(1, {**DEFAULTS, name: 1})
    (sentence,) = refused.value.errors["terms"]
    assert str(sentence).isprintable()
    assert len(str(sentence).encode()) < 120


def test_several_faults_are_told_together() -> None:
    with pytest.raises(Invalid) as refused:
        check_terms(1, {**DEFAULTS, "quota_gib": 0, "copies": 9, "retention_days": None})
    assert refused.value.errors.keys() == {"terms.quota_gib", "terms.copies", "terms.retention_days"}


def test_what_is_left_out_takes_the_published_default() -> None:
    short = {name: DEFAULTS[name] for name in ("quota_gib", "archives", "retention_days", "copies")}
    assert check_terms(1, short) == DEFAULTS


def test_a_whole_number_is_stored_as_one_however_it_was_written() -> None:
    """JSON Schema takes 500.0 for an integer; a size of 500.0 GiB must not reach a platform."""
    full = check_terms(1, {**DEFAULTS, "quota_gib": 500.0, "copies": 3.0})
    assert (repr(full["quota_gib"]), repr(full["copies"])) == ("500", "3")


@pytest.mark.parametrize("number", [3, 4])
def test_an_announced_level_cannot_be_asked_for_and_says_so(number: int) -> None:
    with pytest.raises(LevelUnavailable):
        available_level(number)


@pytest.mark.parametrize("number", [0, 5, -1])
def test_an_unknown_level_is_an_error_of_the_field(number: int) -> None:
    with pytest.raises(Invalid) as refused:
        available_level(number)
    assert refused.value.errors.keys() == {"level"}
