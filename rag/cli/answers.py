"""How an answer looks to a person: quotation, words, sources, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.cli.copies import copies_of
from rag.cli.terminal import Piece, Terminal, plural
from rag.places import place_of
from rag.types import JUDGED_WHOLE

if TYPE_CHECKING:
    from rag.answering import Event
    from rag.opened import Index
    from rag.types import Answer, Citation, Phrase, Sentence

CLOSEST = 3
IN_WORDS = {"supported": "supported", "weak": "weakly supported"}
# Of all signals of a candidate, those that a person can read something from.
TELLING = {
    "p": "chance",
    "judge": "judge",
    "place": "passage",
    "within": "in its passage",
    "reader": "reader",
    "overlap": "overlap",
}

UNSURE = 0.5  # of 43 recorded answers below it 12 were wrong, of 242 others 21

CHANGED = "has changed on disk since it was indexed: `rag index` brings the index up to date"
NONE_SEARCHED = (
    "No document was searched: none fits the filters (--path, --format, --since, --until)."
)


def changed_since(index: Index, name: str) -> bool:
    """Whether a document's file is another one now. It is read only where its time differs."""
    import hashlib

    file = index.file_of(name)
    if file is None or file.name != name.rsplit("/", 1)[-1]:  # gone, or inside an archive
        return False
    document = index.document(name)
    try:
        if file.stat().st_mtime == document.modified:
            return False
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() != document.sha256
    except OSError:
        return False


def unsure(confidence: float, sources: int) -> str:
    """A warning beside an answer that is not sure enough to stand without; else empty."""
    if confidence >= UNSURE or not sources:
        return ""
    said = "the source says" if sources == 1 else "the sources say"
    return f"This may not answer the question (confidence {confidence:.2f}): see what {said}."


class AnswerView:
    """Shows an answer as it comes: the checked quotation at once, the rest after it."""

    def __init__(self, terminal: Terminal, index: Index) -> None:
        self.terminal = terminal
        self.index = index
        self.quoted: list[str] = []
        self.worded = False

    def on_event(self, event: Event) -> None:
        """Shows what has just been checked: the quotation, or a sentence of the answer."""
        from rag.answering import QuotationReady

        if isinstance(event, QuotationReady):
            citation = event.citation
            self.quoted.append(citation.quote)
            self.terminal.flow(quotation(citation, event.phrase))
            self._linked(citation, lead="  — ", hang="    ", style="dim")
            return
        if self._stands(event.sentence):
            return
        if not self.worded:
            self.terminal.line()
        self.worded = True
        markers = "".join(f"[{m}]" for m in event.sentence.citations)
        self.terminal.flow([(event.sentence.text, "none"), (f" {markers}", "green")])

    def finish(self, answer: Answer) -> None:
        """Shows what remains: notes, what is missing, the sources, or that nothing was found."""
        if answer.status == "not_found":
            self._not_found(answer)
            return
        if not self.worded and not all(map(self._stands, answer.sentences)):
            self.terminal.line()
            self.terminal.flow([(answer.answer, "none")])
        if warning := unsure(answer.confidence, len(answer.citations)):
            self.terminal.flow([(warning, "yellow")])
        for note in answer.notes:
            self.terminal.flow([(note, "yellow")])
        if answer.missing:
            self.terminal.flow([("The documents leave open: ", "yellow"), (answer.missing, "none")])
        self.terminal.line()
        self.sources(answer)
        for name in dict.fromkeys(c.document for c in answer.citations):
            if changed_since(self.index, name):
                self.terminal.flow([(f"{name} {CHANGED}", "yellow")])
        self._footer(answer)

    def _stands(self, sentence: Sentence) -> bool:
        """Whether a sentence of the answer stands on the screen already, as a quotation."""
        from rag.answering.writing import shown_text

        return any(sentence.text == shown_text(quote) for quote in self.quoted)

    def sources(self, answer: Answer) -> None:
        """Shows each source: its place, the quoted words, and how well it supports."""
        self.terminal.line("Sources", "bold")
        for citation in answer.citations:
            self._source(citation, answer)

    def _source(self, citation: Citation, answer: Answer) -> None:
        lead = self.terminal.style(f"[{citation.marker}]", "green") + " "
        resting = [s for s in answer.sentences if citation.marker in s.citations]
        best = max(resting, key=lambda s: s.support, default=None)
        support = f"{IN_WORDS[best.verdict]} ({best.support:.2f})" if best else ""
        style = "yellow" if best and best.verdict == "weak" else "dim"
        shown = citation.quote in self.quoted  # its heading and words, with it
        self._linked(citation, lead=lead, hang="    ", support=support if shown else "")
        if copies := copies_of(citation.document, self.index):
            self.terminal.flow([(copies, "dim")], indent="    ")
        if shown:
            return
        self.terminal.flow(quotation(citation, answer.phrase), indent="    ")
        self.terminal.flow([(support, style)], indent="    ")

    def _linked(
        self, citation: Citation, *, lead: str, hang: str, style: str = "none", support: str = ""
    ) -> None:
        label = self.index.label_at(citation.document, citation.span.start)
        heading = None if support else citation.heading
        where = place_of(citation.document, citation.page, citation.line, heading, label)
        file = self.index.file_of(citation.document)
        where += f": {support}" if support else ""
        self.terminal.linked(where, file, citation.page, lead=lead, hang=hang, style=style)

    def _footer(self, answer: Answer) -> None:
        seconds = answer.timings_ms.get("total", 0.0) / 1000
        partial = "; partial answer" if answer.status == "partial" else ""
        sure = f"confidence {answer.confidence:.2f}{partial}"
        self.terminal.note(f"\n{sure}; {seconds:.1f} s with {answer.model.name}")

    def _not_found(self, answer: Answer) -> None:
        self.terminal.flow([("The documents do not say.", "bold")])
        for note in answer.notes:
            self.terminal.flow([(note, "yellow")])
        if not answer.hits:
            self.terminal.flow([(NONE_SEARCHED, "yellow")])
            return
        status = self.index.snapshot
        near = len({h.passage.document for h in answer.hits})
        looked = (
            f"Looked at the nearest {len(answer.hits)} of {status.passage_count} passages, "
            f"in {near} of {plural(status.document_count, 'document')}."
        )
        self.terminal.flow([(looked, "dim")])
        self._closest(answer)

    def _closest(self, answer: Answer) -> None:
        shown = 0
        for candidate in answer.considered:
            document = self.index.document(candidate.document)
            start = candidate.span.start
            if (
                any(h.start == start for h in document.headings)
                or candidate.outcome == JUDGED_WHOLE
            ):
                continue  # a heading says nothing, a passage too much
            if not shown:
                self.terminal.line()
                self.terminal.line("Closest, but they do not say:")
            shown += 1
            if shown > CLOSEST:
                break
            label = document.place_at(start)
            page, line = document.page_at(start), document.line_at(start)
            where = place_of(candidate.document, page, line, None, label)
            self.terminal.flow(
                [(f"{where}: ", "dim"), (candidate.text, "none")], indent="  ", hang="    "
            )


def quotation(citation: Citation, phrase: Phrase | None) -> list[Piece]:
    """A quotation in quotation marks with the answering words in the mark style.

    The words are found by their place: `5` may stand in a year of the quotation too. Words that
    are not of this quotation are not marked in it.
    """
    quote = citation.quote
    inside = (
        phrase is not None
        and phrase.document == citation.document
        and citation.span.contains(phrase.span)
    )
    if phrase is None or not inside:
        return [("“", "dim"), (quote, "none"), ("”", "dim")]
    words = phrase.span.shifted(-citation.span.start)
    return [
        ("“", "dim"),
        (quote[: words.start], "none"),
        (words.of(quote), "mark"),
        (quote[words.end :], "none"),
        ("”", "dim"),
    ]


def show_why(answer: Answer, terminal: Terminal) -> None:
    """Shows the candidates with their telling signals and outcome, and what was removed."""
    if not answer.considered:
        terminal.line("nothing was considered: no passage came near the question")
        return
    terminal.line("Considered", "bold")
    for number, candidate in enumerate(answer.considered, 1):
        lead = f"{number}. "
        hang = " " * len(lead)
        terminal.flow(
            [(f"{lead}{candidate.outcome}: ", "green"), (candidate.text, "none")], hang=hang
        )
        known = dict(candidate.signals)
        signals = ", ".join(f"{TELLING[n]} {known[n]:.2f}" for n in TELLING if n in known)
        where = f"{candidate.document}:{candidate.span}"
        terminal.flow([(f"{where}  {signals}", "dim")], indent=hang)
    if answer.removed:
        terminal.line("Removed", "bold")
    for removed in answer.removed:
        terminal.flow([(removed.text, "none"), (f" ({removed.reason})", "yellow")], indent="   ")
