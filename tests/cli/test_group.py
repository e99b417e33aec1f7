import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.cli.group import SWITCHES, WITH_VALUE, hoist


@pytest.mark.parametrize(
    ("given", "moved"),
    [
        (["ask", "x", "--json"], ["--json", "ask", "x"]),
        (["ask", "--index", "d", "x"], ["--index", "d", "ask", "x"]),
        (["search", "x", "--index=d", "-k", "3"], ["--index=d", "search", "x", "-k", "3"]),
        (["ask", "--", "--json"], ["ask", "--", "--json"]),
        (["search", "x", "--index"], ["search", "x", "--index"]),
    ],
)
def test_global_options_may_stand_after_the_command(given, moved):
    assert hoist(given) == moved


WORDS = st.sampled_from(["ask", "x", "-k", "3", "--path", "*.md", *SWITCHES, *WITH_VALUE, "a=b"])


@given(st.lists(WORDS))
def test_moving_keeps_every_argument_and_the_order_of_the_others(args):
    moved = hoist(args)
    assert sorted(moved) == sorted(args)
    assert hoist(moved) == moved
