"""What the judge says of texts for one question: each text in its setting is shown to it once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from rag.answering.candidate import Candidate, Judged
from rag.answering.dating import dated
from rag.answering.deciding import judged_text
from rag.answering.naming import Naming
from rag.answering.sentences import candidate_at, readable
from rag.generation.judging import judge, judge_nested
from rag.generation.protocol import Generator
from rag.retrieval.subject import Subject
from rag.types import Document, Hit, Span


class Verdicts:
    """The judge's words on sentences of the hits of a question, and on whole passages: logits.

    `ranked` are sentences of which some were judged; what was said of them is known.
    """

    def __init__(
        self,
        question: str,
        hits: Sequence[Hit],
        subject: Subject,
        document: Callable[[str], Document],
        generator: Generator,
        ranked: Sequence[Judged],
    ) -> None:
        self.question = question
        self.hits = hits
        self._subject = subject
        self._document = document
        self._generator = generator
        self._known = {
            (judged_text(j.candidate), j.candidate.told): j.signals["judge"]
            for j in ranked
            if "judge" in j.signals
        }

    @cached_property
    def named(self) -> Naming:
        """What the question names among the documents of the hits."""
        return Naming(self._subject, self.hits, self._document)

    def at(self, hit: Hit, span: Span) -> Candidate:
        """Some sentences of a hit, or all, as a candidate that no reader has read."""
        return in_its_place(self.question, hit, span, self.named)

    def on(self, text: str, setting: str) -> float:
        """The word on a text in its setting; the same prompt has the same logit."""
        if (text, setting) not in self._known:
            [logit] = judge(self._generator, self.question, [text], setting)
            self._known[text, setting] = logit
        return self._known[text, setting]

    def on_passage(self, hit: Hit) -> float:
        """The word on the whole passage of a hit."""
        return self.on(readable(hit.passage), self.at(hit, hit.passage.span).told)

    def on_nested(self, texts: Sequence[str], setting: str) -> list[float]:
        """The words on texts that each begin the one before; none without a trained head."""
        return judge_nested(self._generator, self.question, texts, setting)


def in_its_place(question: str, hit: Hit, span: Span, named: Naming) -> Candidate:
    """Some sentences of a hit as a candidate, in their setting and with a date that is asked of."""
    return dated(question, candidate_at(hit, span, span, named), named.document)
