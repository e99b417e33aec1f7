"""The run of one question, from retrieval to the checked answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rag.answering.candidate import Candidate
from rag.answering.candidates import find_candidates
from rag.answering.composing import compose
from rag.answering.confirming import confirmed
from rag.answering.deciding import Decision, decide
from rag.answering.in_place import decide_in_place
from rag.answering.linking import second_source
from rag.answering.metering import Metered
from rag.answering.naming import bearing, head_notes
from rag.answering.pairing import decide_pair, holds_both, judged_together, paired, sides_of
from rag.answering.shape import Compared, compared, parts_of, posed
from rag.answering.verdicts import Verdicts
from rag.answering.workshop import Event, Workshop, checked_question
from rag.answering.writing import Draft
from rag.calibration import for_answers
from rag.generation.protocol import Generator
from rag.retrieval.subject import Subject, with_subject
from rag.types import Answer, Considered, Hit, ModelInfo, Status

STAGES = ("retrieve", "select", "first_token", "generate", "verify", "total")


def ask(
    question: str,
    workshop: Workshop,
    *,
    retrieve_k: int = 20,
    read_k: int = 10,
    evidence_tokens: int = 140,
    seed: int = 0,
    quote_only: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Answer:
    """The answer to a question: every sentence cited and checked, or `not_found`.

    `retrieve_k` passages are searched, the best `read_k` read; a language model words from at
    most `evidence_tokens`. With `quote_only`, or without a generator, the reader answers alone by
    a quotation. `on_event` is told of each thing that passed its check, never of anything else.
    Decoding is greedy, so `seed` is only recorded. Raises `QuestionInvalid`.
    """
    question = checked_question(question)
    if retrieve_k < 1 or read_k < 1:
        raise ValueError(f"retrieve_k and read_k must be at least 1, not {retrieve_k}, {read_k}")
    run = _Run(workshop, None if quote_only else workshop.generator, read_k, evidence_tokens)
    with run.timed("retrieve"):
        hits = tuple(workshop.search(question, retrieve_k))
    run.listen(on_event)
    asked = posed(question)
    parts = parts_of(asked)
    taken = [run.answer_part(part, asked, hits, retrieve_k) for part in parts]
    return run.finish(question, hits, parts, taken, seed)


@dataclass(frozen=True, slots=True)
class _Part:
    """What became of one part of a question."""

    decision: Decision
    cited: frozenset[int]
    notes: tuple[str, ...] = ()


class _Run:
    """The state of one answer."""

    def __init__(
        self,
        workshop: Workshop,
        generator: Generator | None,
        read_k: int,
        evidence_tokens: int,
    ) -> None:
        self.workshop = workshop
        self.generator = Metered(generator) if generator else None
        self.alone = workshop.alone or for_answers(None)
        self.calibration = workshop.calibration or self.alone
        if self.generator and workshop.calibration is None:
            self.calibration = for_answers(self.generator.name)
        elif generator is not workshop.generator:  # made for the model that is not asked
            self.calibration = self.alone
        # A model whose word on a sentence tells nothing is not asked about two either.
        self.judge = self.generator if self.calibration.weights.get("judge") else None
        self.read_k = read_k
        self.evidence_tokens = evidence_tokens
        self.spent = dict.fromkeys(STAGES, 0.0)
        self.began = time.perf_counter()
        self.draft = Draft(workshop.document, workshop.reader, generator=self.generator)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds the time of the block to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.spent[stage] += (time.perf_counter() - start) * 1000

    def listen(self, on_event: Callable[[Event], None] | None) -> None:
        """Passes events on, and notes when the first thing was shown."""

        def tell(event: Event) -> None:
            if not self.spent["first_token"]:
                self.spent["first_token"] = (time.perf_counter() - self.began) * 1000
            if on_event:
                on_event(event)

        self.draft.on_event = tell

    def answer_part(
        self, part: str, question: str, hits: tuple[Hit, ...], retrieve_k: int
    ) -> _Part:
        """Finds, judges and writes the answer to one part of a question."""
        if part != question:
            with self.timed("retrieve"):
                hits = tuple(self.workshop.search(part, retrieve_k))
        read, subject = self._read(part, hits)
        decision = self._decide(part, read, subject)
        verdicts = self._verdicts(part, decision, read, subject)
        if verdicts:
            with self.timed("generate"):
                decision = confirmed(decision, verdicts, self.calibration)
        decision = self._compare(part, decision, retrieve_k) or decision
        if not decision.found:
            decision = self._link(part, decision, hits, retrieve_k) or decision
        if not decision.found and verdicts:
            with self.timed("generate"):
                reader = self.workshop.reader
                decision = decide_in_place(decision, verdicts, self.calibration, reader)
        if not decision.found:
            return _Part(decision, frozenset())
        with self.timed("generate"):
            composed = compose(
                part,
                decision,
                hits,
                self.draft,
                self.generator,
                self.evidence_tokens,
                self.calibration.threshold("answer", 0.5),
                lambda text: self.workshop.search(text, retrieve_k),
            )
        cited = [decision.ranked[i].candidate for i in sorted(composed.cited)]
        heads = head_notes((c.document, c.named) for c in cited)
        ranks = (f"{c.document}: the {c.rank} of {c.ranked_of} rows" for c in cited if c.rank)
        return _Part(decision, composed.cited, (*composed.notes, *heads, *ranks))

    def _decide(self, part: str, read: tuple[Hit, ...], subject: Subject) -> Decision:
        candidates = self._find(part, read, subject)
        with self.timed("generate"):
            return decide(
                part,
                candidates,
                self.generator,
                self.calibration,
                self.alone,
                self.workshop.document,
            )

    def _link(
        self, part: str, decision: Decision, hits: tuple[Hit, ...], retrieve_k: int
    ) -> Decision | None:
        """The decision for the best sentence with one that completes it, if they answer together.

        "Where was the author of the book born?" is answered by no sentence alone.
        """
        best = decision.best
        if best is None or self.judge is None:
            return None
        with self.timed("select"):
            second = second_source(
                part,
                best.candidate,
                hits,
                self.workshop.document,
                lambda text: self.workshop.search(text, retrieve_k),
            )
        if second is None:
            return None
        pair = (best, replace(best, candidate=second, signals={}))
        with self.timed("generate"):
            pair = judged_together(part, pair, self.judge, self.calibration)
        linked = paired(pair, decision.ranked, self.calibration.threshold("answer", 0.5))
        return linked if linked.found else None

    def _compare(self, part: str, single: Decision, retrieve_k: int) -> Decision | None:
        """The decision of a question that compares two named things, if there is enough of both.

        None where the single sentence found speaks of both.
        """
        pair = compared(part)
        if pair is None or holds_both(single, pair):
            return None

        def find(side: Compared) -> list[Candidate]:
            with self.timed("retrieve"):
                hits = tuple(self.workshop.search(side.question, retrieve_k))
            read, subject = self._read(side.question, hits)
            return self._find(side.question, self._titled(side, read, subject), subject)

        sides = sides_of(pair, find, self.alone)
        if sides is None:
            return None
        with self.timed("generate"):
            decision = decide_pair(part, sides, self.judge, self.calibration)
        return decision if decision.found else None

    def _verdicts(
        self, part: str, decision: Decision, read: tuple[Hit, ...], subject: Subject
    ) -> Verdicts | None:
        """What the judge said so far; None where the reader alone leaves no doubt."""
        if self.judge is None or not any(j.judged for j in decision.ranked):
            return None
        document = self.workshop.document
        return Verdicts(part, read, subject, document, self.judge, decision.ranked)

    def _read(self, question: str, hits: tuple[Hit, ...]) -> tuple[tuple[Hit, ...], Subject]:
        """What is read: the best hits, and those in what the question names, with that."""
        shop = self.workshop
        with self.timed("retrieve"):
            subject = shop.subject(question)
            about = subject.documents
            read = hits[: self.read_k]
            if any(hit.passage.document not in about for hit in read) and about:
                more = shop.within(question, self.read_k, about)
                read = tuple(with_subject(hits, more, self.read_k))
        return read, subject

    def _titled(self, side: Compared, read: tuple[Hit, ...], subject: Subject) -> tuple[Hit, ...]:
        """What is read of a thing compared: the document that bears its name, if there is one.

        Its name stands in others more often, so that they rank higher; they but mention it.
        """
        holding = dict.fromkeys([*(hit.passage.document for hit in read), *subject.documents])
        own = bearing(side.name, list(holding), self.workshop.document)
        if not own:
            return read
        with self.timed("retrieve"):
            return tuple(self.workshop.within(side.question, self.read_k, own)) or read

    def _find(self, question: str, read: tuple[Hit, ...], subject: Subject) -> list[Candidate]:
        shop = self.workshop
        with self.timed("select"):
            return find_candidates(question, read, shop.reader, shop.document, subject)

    def finish(
        self,
        question: str,
        hits: tuple[Hit, ...],
        parts: tuple[str, ...],
        taken: list[_Part],
        seed: int,
    ) -> Answer:
        """The answer, with everything that was noted on the way."""
        draft, metered = self.draft, self.generator
        open_parts = [p for p, t in zip(parts, taken, strict=True) if not t.decision.found]
        status = _status(draft, bool(open_parts))
        found = [t for t in taken if t.decision.found]
        backbone = found[0].decision.best if found and draft.sentences else None
        confidences = [t.decision.confidence for t in found or taken]
        notes = tuple(dict.fromkeys(n for t in taken for n in t.notes))
        if metered and metered.prompts and not self.calibration.calibrated:
            notes += (f"confidence is not calibrated for the model {metered.name}",)
        self.spent["verify"] = draft.checked_ms
        self.spent["generate"] = max(0.0, self.spent["generate"] - draft.checked_ms)
        self.spent["total"] = (time.perf_counter() - self.began) * 1000
        reader = ModelInfo(self.workshop.reader.name, self.workshop.reader.sha256)
        return Answer(
            question=question,
            status=status,
            answer=draft.text(),
            confidence=round(min(confidences, default=0.0), 4),
            phrase=backbone.candidate.phrase if backbone else None,
            sentences=tuple(draft.sentences),
            removed=tuple(draft.removed),
            missing=" ".join(open_parts) if status == "partial" and open_parts else None,
            citations=tuple(draft.citations),
            hits=hits,
            model=ModelInfo(metered.name, metered.sha256) if metered else reader,
            reader=reader,
            index_digest=self.workshop.index_digest,
            seed=seed,
            prompt_tokens=metered.prompt_tokens if metered else 0,
            completion_tokens=metered.completion_tokens if metered else 0,
            timings_ms=dict(self.spent),
            considered=_considered(taken),
            prompts=tuple(metered.prompts) if metered else (),
            notes=notes if status != "not_found" else (),
        )


def _status(draft: Draft, open_parts: bool) -> Status:
    if not draft.sentences:
        return "not_found"
    weak = any(s.verdict == "weak" for s in draft.sentences)
    return "partial" if weak or open_parts else "answered"


def _considered(taken: list[_Part]) -> tuple[Considered, ...]:
    return tuple(c for t in taken for c in t.decision.considered(t.cited))
