"""How an answer looks to a person: quotation, words, sources, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.cli.places import place_of
from rag.cli.terminal import Piece, Terminal

if TYPE_CHECKING:
    from rag.answering import Event
    from rag.opened import Index
    from rag.types import Answer, Citation

CLOSEST = 3
IN_WORDS = {"supported": "supported", "weak": "weakly supported"}


class AnswerView:
    """Shows an answer as it comes: the checked quotation at once, the rest after it."""

    def __init__(self, terminal: Terminal, index: Index) -> None:
        self.terminal = terminal
        self.index = index
        self.quoted: str | None = None
        self.worded = False

    def on_event(self, event: Event) -> None:
        """Shows what has just been checked: the quotation, or a sentence of the answer."""
        from rag.answering import QuotationReady
        from rag.answering.writing import shown_text

        if isinstance(event, QuotationReady):
            citation = event.citation
            self.quoted = citation.quote
            phrase = event.phrase.text if event.phrase else ""
            self.terminal.flow(quotation(citation.quote, phrase))
            where = place_of(citation.document, citation.page, citation.line, citation.heading)
            self.terminal.flow([("— " + where, "dim")], indent="  ")
            return
        if self.quoted is not None and event.sentence.text == shown_text(self.quoted):
            return  # it stands there already, as the quotation
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
        if not self.worded and answer.answer and not self._is_quotation(answer):
            self.terminal.line()
            self.terminal.flow([(answer.answer, "none")])
        for note in answer.notes:
            self.terminal.flow([(note, "yellow")])
        if answer.missing:
            self.terminal.flow([("The documents leave open: ", "yellow"), (answer.missing, "none")])
        self.sources(answer)
        self._footer(answer)

    def _is_quotation(self, answer: Answer) -> bool:
        """Whether the answer is the quotation that stands on the screen, and nothing else."""
        from rag.answering.writing import shown_text

        return self.quoted is not None and [s.text for s in answer.sentences] == [
            shown_text(self.quoted)
        ]

    def sources(self, answer: Answer) -> None:
        """Shows each source: its place, the quoted words, and how well it supports."""
        self.terminal.line()
        self.terminal.line(self.terminal.style("Sources", "bold"))
        for citation in answer.citations:
            self._source(citation, answer)

    def _source(self, citation: Citation, answer: Answer) -> None:
        where = place_of(citation.document, citation.page, citation.line, citation.heading)
        file = self.index.file_of(citation.document)
        marker = self.terminal.style(f"[{citation.marker}]", "green")
        self.terminal.linked(where, file, citation.page, lead=f"{marker} ", hang="    ")
        phrase = answer.phrase
        inside = (
            phrase and phrase.document == citation.document and citation.span.contains(phrase.span)
        )
        if citation.quote != self.quoted:
            words = phrase.text if phrase and inside else ""
            self.terminal.flow(quotation(citation.quote, words), indent="    ")
        resting = [s for s in answer.sentences if citation.marker in s.citations]
        if resting:
            best = max(resting, key=lambda s: s.support)
            words = f"{IN_WORDS[best.verdict]} ({best.support:.2f})"
            style = "dim" if best.verdict == "supported" else "yellow"
            self.terminal.flow([(words, style)], indent="    ")

    def _footer(self, answer: Answer) -> None:
        seconds = answer.timings_ms.get("total", 0.0) / 1000
        partial = "; partial answer" if answer.status == "partial" else ""
        sure = f"confidence {answer.confidence:.2f}{partial}"
        self.terminal.note(f"\n{sure}; {seconds:.1f} s with {answer.model.name}")

    def _not_found(self, answer: Answer) -> None:
        documents = len({h.passage.document for h in answer.hits})
        self.terminal.flow([("The documents do not say.", "bold")])
        searched = f"Searched {len(answer.hits)} passages of {documents} documents."
        self.terminal.flow([(searched, "dim")])
        shown = 0
        for candidate in answer.considered:
            document = self.index.document(candidate.document)
            start = candidate.span.start
            if any(h.start == start for h in document.headings):
                continue  # a heading says nothing
            if not shown:
                self.terminal.line()
                self.terminal.line("Closest, but they do not say:")
            shown += 1
            if shown > CLOSEST:
                break
            where = place_of(
                candidate.document, document.page_at(start), document.line_at(start), None
            )
            self.terminal.flow([(f"{where}: ", "dim"), (candidate.text, "none")], indent="  ")


def quotation(quote: str, phrase: str) -> list[Piece]:
    """A quotation in quotation marks with the answering words in the mark style."""
    at = quote.find(phrase) if phrase else -1
    if at < 0:
        return [("“", "dim"), (quote, "none"), ("”", "dim")]
    return [
        ("“", "dim"),
        (quote[:at], "none"),
        (phrase, "mark"),
        (quote[at + len(phrase) :], "none"),
        ("”", "dim"),
    ]


def show_why(answer: Answer, terminal: Terminal) -> None:
    """Shows the candidates with their signals and outcome, and what was removed."""
    terminal.line()
    terminal.line(terminal.style("Considered", "bold"))
    for number, candidate in enumerate(answer.considered, 1):
        terminal.flow(
            [(f"{number}. {candidate.outcome}: ", "green"), (candidate.text, "none")], hang="   "
        )
        signals = ", ".join(f"{name} {value:.2f}" for name, value in candidate.signals)
        terminal.flow([(f"{candidate.document}:{candidate.span}  {signals}", "dim")], indent="   ")
    if answer.removed:
        terminal.line(terminal.style("Removed", "bold"))
    for removed in answer.removed:
        terminal.flow([(removed.text, "none"), (f" ({removed.reason})", "yellow")], indent="   ")
