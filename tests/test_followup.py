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
        (
            "and the deposit?",
            "What is the monthly rent of the flat?",
            "What is the deposit of the flat?",
        ),
        ("and the cricket final?", "When is the open day?", "When is the cricket final?"),
        (
            "And the rent of the garage?",
            "How much is the rent of the flat?",
            "How much is the rent of the garage?",
        ),
        ("Why?", "Was the plan rejected?", "Was the plan rejected? Why?"),
        ("and how much?", "Was the fee raised?", "Was the fee raised? how much?"),
        ("and Room B?", "Who booked Room A?", "Who booked Room B?"),
        (
            "And Room 12 on Monday?",
            "Who booked Room 11 on Sunday?",
            "Who booked Room 12 on Monday?",
        ),
        ("And on 5 May?", "Who spoke on 3 June 2024?", "Who spoke on 5 May 2024?"),
        ("And Anna in 2025?", "What did Bert earn in 2024?", "What did Anna earn in 2025?"),
        ("And in 2025?", "How much did 10 members pay?", "How much did 10 members pay, in 2025?"),
        (
            "What about 5 km?",
            "How long does 10 km take in 2020?",
            "How long does 5 km take in 2020?",
        ),
        ("and who pays the rent?", "When is the rent due?", "who pays the rent?"),
    ],
)
def test_a_follow_up_takes_what_it_lacks_from_the_question_before(asked, previous, understood):
    assert resolve(asked, previous) == understood


@pytest.mark.parametrize(
    ("asked", "answered", "understood"),
    [
        ("and what did he put up?", "Peter Voss", "What did Peter Voss put up?"),
        (
            "What did she say to her deputy?",
            "Dr Ada de Bruin",
            "What did Dr Ada de Bruin say to Dr Ada de Bruin's deputy?",
        ),
        ("Who wrote to her in May?", "Ines", "Who wrote to Ines in May?"),
        ("When did he leave?", "two of the tenants", "Who reported rats? When did he leave?"),
        ("Did Bea say she would come?", "Ines", "Did Bea say she would come?"),
        ("When did he leave?", None, "Who reported rats? When did he leave?"),
    ],
)
def test_he_and_she_are_who_was_the_answer(asked, answered, understood):
    assert resolve(asked, "Who reported rats?", answered) == understood


@pytest.mark.parametrize(
    "asked", ["What is the notice period?", "Who is Ms Adeyemi?", "How many crates were delivered?"]
)
def test_a_question_that_stands_by_itself_is_left_alone(asked):
    assert resolve(asked, "What was the target in 2030?") == asked


def test_the_first_question_has_nothing_to_lean_on():
    assert resolve("and in 2035?", None) == "and in 2035?"
