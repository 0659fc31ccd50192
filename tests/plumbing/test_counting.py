"""One way to say how many."""

import re

import pytest

from plumbing.counting import counted
from tests.structure.repository import first_party

BY_HAND = re.compile(r"""['"]s['"] if |else ['"]s['"]""")
# The engine knows no layer of ours.
PURE = "routing/engine/"


@pytest.mark.parametrize(
    ("number", "says"),
    [(0, "0 leads wait"), (1, "1 lead waits"), (2, "2 leads wait"), (2400, "2,400 leads wait")],
)
def test_a_count_agrees_with_its_noun_and_verb(number, says):
    assert counted(number, "lead waits", "leads wait") == says


def test_a_noun_of_its_own_gets_an_s():
    assert (counted(1, "kind"), counted(3, "kind")) == ("1 kind", "3 kinds")


def test_no_sentence_makes_its_plural_by_hand():
    modules = [module for module in first_party() if not module.name.startswith(PURE)]
    assert [module.name for module in modules if BY_HAND.search(module.text)] == []
