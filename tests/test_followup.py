import pytest

from rag.followup import resolve


@pytest.mark.parametrize(
    ("asked", "previous", "understood"),
    [
        ("and in 2035?", "What was the target in 2030?", "What was the target in 2035?"),
        ("And for Oslo?", "How many members has Bergen?", "How many members has Oslo?"),
        ("What about 12 months?", "What is due after 6 months?", "What is due after 12 months?"),
        (
            "Who chaired it?",
            "When was the March meeting?",
            "When was the March meeting? Who chaired it?",
        ),
        ("in writing?", "How is notice given?", "How is notice given, in writing?"),
        ("and who pays the rent?", "When is the rent due?", "who pays the rent?"),
    ],
)
def test_a_follow_up_takes_what_it_lacks_from_the_question_before(asked, previous, understood):
    assert resolve(asked, previous) == understood


@pytest.mark.parametrize(
    "asked", ["What is the notice period?", "Who is Ms Adeyemi?", "How many crates were delivered?"]
)
def test_a_question_that_stands_by_itself_is_left_alone(asked):
    assert resolve(asked, "What was the target in 2030?") == asked


def test_the_first_question_has_nothing_to_lean_on():
    assert resolve("and in 2035?", None) == "and in 2035?"
