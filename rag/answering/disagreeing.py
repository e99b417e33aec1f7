"""Notices when two documents answer the same question differently."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from decimal import Decimal

from rag.answering.candidate import Candidate, Judged
from rag.answering.dating import date_beside, later
from rag.answering.naming import head_lines, of_one_form
from rag.answering.surroundings import leans
from rag.answering.terms import named, terms
from rag.types import Document
from rag.verification.quantities import days, months, quantities
from rag.verification.rules import content_words, normalised

SHARED_WORDS = 0.4  # of the shorter sentence: about the same thing, not just of the same kind
LIKELY = 0.5  # a second document is cited where it is likelier than not to answer, too
SURELY = 0.8  # a second document that answers as likely is cited, though its words are others
NEARLY = 0.5  # of the first one's probability: so likely a later document is not passed over
SHARED_BY_NAMES = 0.5  # two names are less often one question's two answers than two numbers
_REPLACES = re.compile(
    r"\b(?:replaces?d?|supersedes?d?|no longer|instead of|amend(?:s|ed|ment)|previously|"
    r"formerly|used to|from now on|as of|new(?:ly)?|revised?|corrected|"
    r"withdrawn|raised from|changed from)\b",
    re.I,
)
_ADDS = re.compile(r"\b(?:also|in addition|additionally|as well|furthermore|besides)\b", re.I)


def differing(
    question: str,
    first: Judged,
    others: Sequence[Judged],
    threshold: float,
    document: Callable[[str], Document],
) -> Judged | None:
    """The best other judged candidate of another document that says another number or date.

    Both must speak of the same names of the question.
    """
    wanted, names = set(content_words(question)), named(question)
    for other in others:
        same = other.candidate.document == first.candidate.document
        likely = other.judged and other.probability >= max(threshold, LIKELY)
        if same or not likely or not _differ(wanted, first.candidate, other.candidate):
            continue
        if _held(names, first.candidate, document) == _held(names, other.candidate, document):
            return other
    return None


def newer(
    question: str,
    first: Judged,
    others: Sequence[Judged],
    threshold: float,
    document: Callable[[str], Document],
) -> Judged | None:
    """The best other judged candidate that is a later word (see `later_word`), if nearly as likely.

    What an earlier document says may hold no longer, in words that share little with the later
    ones.
    """
    least = max(threshold, NEARLY * first.probability)
    for other in others:
        likely = other.judged and other.probability >= least
        if likely and later_word(question, first.candidate, other.candidate, document):
            return other
    return None


def as_likely(
    question: str,
    first: Judged,
    others: Sequence[Judged],
    document: Callable[[str], Document],
) -> Judged | None:
    """A judged candidate of another document, no less likely and sure, that says another value.

    Where dates do not tell which of the two is the later: a reader of the answer should see both.
    """
    least, names = max(first.probability, SURELY), named(question)
    values = _days_or_numbers(first.candidate.phrase.text)
    held = _held(names, first.candidate, document)
    for other in others:
        found = other.candidate
        if not other.judged or other.probability < least or found.rival:
            continue
        dated = [date_beside(document(c.document), c.text) for c in (first.candidate, found)]
        if found.document == first.candidate.document or later(*dated) is not None:
            continue
        more = _days_or_numbers(found.phrase.text)
        if values and more and not values & more and _held(names, found, document) == held:
            return other
    return None


def later_word(
    question: str, first: Candidate, other: Candidate, document: Callable[[str], Document]
) -> bool:
    """Whether a sentence of a document that bears a later date may speak of the same.

    Both must speak of the same names of the question, and not point at the same phrase. The later
    sentence itself must hold a word of the question, or begin with one that points back: what only
    stands under the same heading may be about anything.
    """
    dates = (date_beside(document(c.document), c.text) for c in (other, first))
    if not later(*dates):
        return False
    if normalised(first.phrase.text) == normalised(other.phrase.text):
        return False
    if not leans(other.text) and frozenset(terms(question)).isdisjoint(terms(other.text)):
        return False
    return same_names(named(question), first, other, document)


def same_names(
    names: frozenset[str],
    first: Candidate,
    other: Candidate,
    document: Callable[[str], Document],
) -> bool:
    """Whether the other sentence is of all the names, too, that the first one is of."""
    return _held(names, first, document) <= _held(names, other, document)


def later_note(first: Candidate, other: Candidate) -> str:
    """A remark that a later document speaks of the same."""
    return f"{other.document} is later than {first.document} and speaks of this, too"


def other_note(first: Candidate, other: Candidate, document: Callable[[str], Document]) -> str:
    """A remark that another document speaks of the same otherwise, and whether it is later."""
    dates = (date_beside(document(c.document), c.text) for c in (other, first))
    if later(*dates):
        return later_note(first, other)
    which = "which of the two is later, they do not say"
    return f"{other.document} speaks of this, too, and not as {first.document} does; {which}"


def _held(
    names: frozenset[str], candidate: Candidate, document: Callable[[str], Document]
) -> frozenset[str]:
    """Which of the question's names a sentence, what stands above it and its document's head hold.

    What is said of the DX-30 does not contradict what is said of the DX-40. Whose contract an
    amendment changes stands at its head alone.
    """
    head = head_lines(document(candidate.document))
    return names & frozenset(
        terms(f"{candidate.document} {head} {candidate.setting} {candidate.text}")
    )


def worth_judging(question_words: frozenset[str], first: Candidate, other: Candidate) -> bool:
    """Whether a candidate could contradict the first, so that it should be judged too."""
    return other.document != first.document and _differ(question_words, first, other)


def _differ(wanted: Set[str], one: Candidate, other: Candidate) -> bool:
    """Whether two sentences say the same of the question's words, with other values or names.

    A phrase over several cells of a table is no one value.
    """
    if "|" in one.phrase.text or "|" in other.phrase.text:
        return False
    values, others = _days_or_numbers(one.phrase.text), _days_or_numbers(other.phrase.text)
    if values and others:
        apart, least = not values & others, SHARED_WORDS
    else:
        names, more_names = _names(one.phrase.text), _names(other.phrase.text)
        apart = bool(names and more_names) and not names & more_names
        least = SHARED_BY_NAMES
    if not apart or normalised(one.phrase.text) == normalised(other.phrase.text):
        return False
    words, more = set(content_words(one.text)), set(content_words(other.text))
    if not wanted & words <= wanted & more:
        return False
    return len(words & more) / max(1, min(len(words), len(more))) >= least


def _names(phrase: str) -> set[str]:
    """The words with a capital letter that carry meaning: `You` and `The` name nothing."""
    return {w.lower() for w in re.findall(r"\b[A-Z]\w+", phrase) if content_words(w)}


def _days_or_numbers(phrase: str) -> set[Decimal | str]:
    """The days that a phrase names or, without any, its numbers and months.

    The last days of two years share their numbers.
    """
    found: set[Decimal | str] = {day.iso for day in days(phrase) if day.year}
    if not found:
        found.update(q.value for q in quantities(phrase))
        found.update(Decimal(m) / 100 for m in months(phrase))
    return found


def disagreement_note(
    one: Candidate, other: Candidate, document: Callable[[str], Document]
) -> tuple[str, bool]:
    """A remark about two documents that differ, and whether `other` is the later one."""
    first, second = document(one.document), document(other.document)
    dates = date_beside(first, one.text), date_beside(second, other.text)
    phrases = _short(one.phrase.text), _short(other.phrase.text)
    said = f"'{phrases[0]}' ({first.path}) and '{phrases[1]}' ({second.path})"
    if of_one_form(first, second):  # two leases do not contradict each other
        said += " (both of one form: name the one that you mean)"
    after = later(dates[1], dates[0])
    if after is not None:
        newest, oldest = (second, first) if after else (first, second)
        if _ADDS.search(other.text if after else one.text):
            return f"{newest.path} is later than {oldest.path} and adds to it", after
        return f"two documents disagree: {said}; {newest.path} is the later one", after
    replaces = (bool(_REPLACES.search(one.text)), bool(_REPLACES.search(other.text)))
    if replaces[0] != replaces[1]:
        newest = second if replaces[1] else first
        return f"two documents disagree: {said}; {newest.path} reads as the later one", replaces[1]
    return f"two documents disagree: {said}", False


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= 60 else folded[:57] + "..."
