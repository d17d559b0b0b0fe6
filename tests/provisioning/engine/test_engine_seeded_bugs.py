"""T30: take a rule out, and the sentence that stands beside it in the table must turn red.

A mutation that nobody notices fails the build: either the rule is not needed, or a test is missing.
"""

import pytest

from tests.provisioning.engine.bugs_around import AROUND
from tests.provisioning.engine.bugs_inside import INSIDE
from tests.provisioning.engine.database import Store
from tests.provisioning.engine.mutations import Mutation, applied
from tests.provisioning.engine.sentences import notices, sentences

BUGS = INSIDE + AROUND


@pytest.mark.parametrize("mutation", BUGS, ids=lambda m: m.rule.replace(" ", "-"))
def test_somebody_notices_when_a_rule_is_missing(store: Store, mutation: Mutation) -> None:
    test = sentences()[mutation.shown_by]
    with applied(mutation):
        assert notices(test, store), f"Without {mutation.rule!r}, {mutation.shown_by} stays green."


def test_the_sentences_are_green_with_every_rule_in_place(store: Store) -> None:
    shown = {m.shown_by for m in BUGS}
    assert [name for name, test in sentences().items() if name in shown and notices(test, store)] == []
