"""Shapes the answer: a quotation where one fact is asked, more where the question wants more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.answering.beside import dated_heading, in_its_item, whole_list
from rag.answering.candidate import Candidate
from rag.answering.comparing import (
    asks_degree,
    asks_difference,
    holds_of_both,
    in_order,
    names_first,
    of_its_own,
    winner,
)
from rag.answering.counterparts import asks_two, counterpart, other_version
from rag.answering.deciding import Decision
from rag.answering.disagreeing import (
    as_likely,
    differing,
    disagreement_note,
    later_note,
    newer,
    other_note,
)
from rag.answering.linking import joined, second_source
from rag.answering.naming import of_one_form
from rag.answering.pairing import alike
from rag.answering.replacing import changed_since, replaced, replaced_note
from rag.answering.shape import Compared, asks_denied, compared, shape_of
from rag.answering.surroundings import proposes
from rag.answering.terms import terms
from rag.answering.writing import Draft
from rag.generation.protocol import Generator
from rag.generation.wording import decide_yes_no, word
from rag.types import Hit
from rag.verification.polarity import denials
from rag.verification.quantities import quantities
from rag.verification.rules import findings

YES_NO_SURE = 1.0  # logits: below it, only the quotation stands
LIST_SENTENCES, LIST_LIKELY = 3, 0.6
_AGAINST = frozenset({"number", "unit", "negation", "opposite"})


@dataclass(frozen=True, slots=True)
class Composed:
    """What was written: the positions of the candidates cited, and remarks."""

    cited: frozenset[int]
    notes: tuple[str, ...] = ()


def compose(
    question: str,
    decision: Decision,
    hits: Sequence[Hit],
    draft: Draft,
    generator: Generator | None,
    evidence_tokens: int,
    threshold: float,
    search: Callable[[str], Sequence[Hit]] | None = None,
) -> Composed:
    """Writes the answer to `draft`: a quotation first, then what the question's shape asks for.

    `search` looks for a second source beyond the hits. What a rival of the document meant says
    (see `Naming`) changes nothing and completes nothing, where both are of one form: of two letters
    one that does not name the flat may well change its lease.
    """
    best = decision.ranked[0]
    whole = draft.document(best.candidate.document)
    rivals = {
        j.candidate.document
        for j in decision.ranked
        if j.candidate.rival and of_one_form(whole, draft.document(j.candidate.document))
    }
    hits = [hit for hit in hits if hit.passage.document not in rivals]
    if decision.paired:
        with_it = decision.ranked[1].candidate
        _both(question, best.candidate, with_it, decision, draft, generator, evidence_tokens)
        return Composed(frozenset({0, 1}))
    said_otherwise = _otherwise(question, decision, hits, draft, threshold)
    if said_otherwise is not None:
        return said_otherwise
    shape = shape_of(question)
    if shape == "list":
        return _listed(question, decision, draft, threshold)
    second = second_source(question, best.candidate, hits, draft.document, search)
    if second is None and shape == "comparison":
        likely = max(threshold, LIST_LIKELY)
        rest = (j.candidate for j in decision.ranked[1:] if j.judged and j.probability >= likely)
        asked = frozenset(t for t in terms(question) if not t.isdigit())
        second = next((c for c in rest if alike(asked, best.candidate, c)), None)
    if second is None and asks_two(question):
        more = search(f"{question} {best.candidate.text}") if search else ()
        found = joined(hits, [h for h in more if h.passage.document not in rivals])
        second = counterpart(question, best.candidate, decision.ranked[1:], found, draft.document)
        generator = None if second else generator  # both are quoted: what follows, the reader sees
    _both(question, best.candidate, second, decision, draft, generator, evidence_tokens)
    return Composed(frozenset({0}))


def _otherwise(
    question: str, decision: Decision, hits: Sequence[Hit], draft: Draft, threshold: float
) -> Composed | None:
    """Writes the answer with what another document says otherwise, if one does.

    First among the judged candidates, then among the sentences of the hits.
    """
    best, others = decision.ranked[0], decision.ranked[1:]
    other = differing(question, best, others, threshold, draft.document)
    if other is not None:
        note, later = disagreement_note(best.candidate, other.candidate, draft.document)
        order = (other, best) if later else (best, other)
        for judged in order:
            draft.quote(judged.candidate)
        return Composed(frozenset({0, decision.ranked.index(other)}), (note,))
    since = newer(question, best, others, threshold, draft.document)
    if since is not None:
        cited = frozenset({0, decision.ranked.index(since)})
        note = later_note(best.candidate, since.candidate)
        return _with(since.candidate, best.candidate, note, draft, cited)
    equal = as_likely(question, best, others, draft.document)
    if equal is not None:
        cited = frozenset({0, decision.ranked.index(equal)})
        note = other_note(best.candidate, equal.candidate, draft.document)
        return _with(best.candidate, equal.candidate, note, draft, cited)
    first = best.candidate
    if change := replaced(first, hits, draft.document):
        return _with(change, first, replaced_note(first, change), draft)
    if change := changed_since(question, first, hits, draft.document):
        return _with(first, change, other_note(first, change, draft.document), draft)
    if change := other_version(question, first, hits, draft.document):
        return _with(first, change, other_note(first, change, draft.document), draft)
    return None


def _with(
    first: Candidate,
    second: Candidate,
    note: str,
    draft: Draft,
    cited: frozenset[int] = frozenset({0}),
) -> Composed:
    """Both as quotations, with a remark; `cited` are those of them among the ranked candidates."""
    for candidate in (first, second):
        draft.quote(candidate)
    return Composed(cited, (note,))


def _both(
    question: str,
    best: Candidate,
    second: Candidate | None,
    decision: Decision,
    draft: Draft,
    generator: Generator | None,
    evidence_tokens: int,
) -> None:
    """Quotes the best sentence and, where there is one, the second; words what follows of both."""
    shape, lead = shape_of(question), ""
    alone = second is None and asks_two(question)  # half of what is compared decides nothing
    if shape == "yes_no" and generator is not None and not alone:
        lead = _yes_or_no(question, [c for c in (best, second) if c], generator)
    if second is None and (dated := dated_heading(question, best, draft.document)):
        draft.quote(dated)
    shown = in_its_item(question, whole_list(question, best, draft.document), draft.document)
    draft.quote(shown, lead=lead, outcome=shape == "yes_no")
    if second is None:
        return
    draft.quote(second)
    if generator is not None and (shape in ("comparison", "count") or decision.paired):
        others = [j.candidate for j in decision.ranked[1:] if j.judged]
        _word(question, [best, second], others, draft, generator, evidence_tokens)


def _listed(question: str, decision: Decision, draft: Draft, threshold: float) -> Composed:
    """Every sentence that is likely to state a part of the answer, in the documents' order."""
    likely = [
        i
        for i, j in enumerate(decision.ranked[:LIST_SENTENCES])
        if i == 0 or (j.judged and j.probability >= max(threshold, LIST_LIKELY))
    ]
    chosen = [decision.ranked[i].candidate for i in likely]
    whole = whole_list(question, chosen[0], draft.document)
    chosen = [whole, *(c for c in chosen[1:] if not c.overlaps(whole))]
    for candidate in sorted(chosen, key=lambda c: (c.document != chosen[0].document, c.span)):
        draft.quote(candidate)
    return Composed(frozenset(likely))


def _yes_or_no(question: str, sources: Sequence[Candidate], generator: Generator) -> str:
    """`Yes` or `No` where the model is sure and the rules do not contradict it, else empty.

    Empty, too, where the question denies ("Aren't dogs allowed?"), where a proposal is told and
    something else is asked (a small model takes it for what came to pass), where the sources hold
    less than half of the question's words, which is no yes, and where nothing in them denies or
    differs, which is no no.
    """
    texts = [s.text for s in sources]
    if asks_denied(question) or (proposes(texts[0]) and not proposes(question)):
        return ""
    leaning = decide_yes_no(generator, question, texts)
    told = " ".join(texts)
    kinds = {f.kind for f in findings(question, told)} & _AGAINST
    asked = frozenset(terms(question))
    held = asked & frozenset(terms(" ".join([told, *(s.told for s in sources)])))
    if leaning >= YES_NO_SURE and not kinds and 2 * len(held) >= len(asked):
        return "Yes"
    # A number that the sources do not hold differs only from another one that they do hold.
    denied = denials(told) or kinds & {"negation", "opposite"} or (kinds and quantities(told))
    if denied and leaning <= (-YES_NO_SURE if kinds else -2 * YES_NO_SURE):
        return "No"
    return ""


def _word(
    question: str,
    sources: Sequence[Candidate],
    others: Sequence[Candidate],
    draft: Draft,
    generator: Generator,
    evidence_tokens: int,
) -> None:
    """Adds what follows from the quotations, if it fits, ends by itself and passes its check."""
    texts = [s.text for s in sources]
    if asks_difference(question):  # reckoning is beyond a small model, and beyond the checks
        return
    things, which = compared(question), None
    pair = in_order(things, [f"{s.told} {s.text}" for s in sources]) if things else None
    if things and asks_degree(question):
        which = winner(question, texts)
        if pair is None or which is None:
            return  # the sources do not tell, so no model can
    if sum(generator.count_tokens(t) for t in texts) > evidence_tokens:
        return
    worded = word(generator, question, texts)
    if worded.text.strip() and worded.finished:
        if against := _against(worded.text, pair, which, texts):
            draft.refuse(worded.text, against)
            return
        draft.say(
            worded.text,
            [(s.document, s.span) for s in sources],
            others=[(s.document, s.span) for s in others],
        )


def _against(
    text: str, pair: tuple[Compared, Compared] | None, which: int | None, texts: Sequence[str]
) -> str:
    """What speaks against a wording of two sources, in words; empty where nothing does."""
    if not holds_of_both(text, texts):
        return "only one of its sources says what it says of both"
    if pair and which is not None and not names_first(text, pair, which):
        return "the values in its sources say that it is the other one"
    if pair and not of_its_own(text, pair, texts):
        return "it says of one what the source of the other says"
    return ""
