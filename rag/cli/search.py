"""`rag search`: passages for a query, without a language model."""

from __future__ import annotations

import re
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli.batch import BatchLine, read_batch, run_batch
from rag.cli.copies import copies_of, with_copies
from rag.cli.filters import Format, FromFile, PathGlob, Since, Until, filters_of
from rag.cli.state import State
from rag.cli.terminal import Piece, Terminal, write_json
from rag.places import place_of

if TYPE_CHECKING:
    from rag.narrowing import Narrowing
    from rag.opened import Found, Index
    from rag.types import Document, Hit, Mode, Passage

MARK = re.compile(r"\s*(?:[-*+>#|]+|\d{1,3}[.)])?\s*")
MODES = ("hybrid", "dense", "lexical")


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("search")(search)


def search(
    ctx: typer.Context,
    query: Annotated[
        list[str] | None, typer.Argument(metavar="QUERY", help="What to look for.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many hits.")] = 10,
    mode: Annotated[
        str, typer.Option("--mode", metavar="hybrid|dense|lexical", help="How to search.")
    ] = "hybrid",
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each hit's ranks and matched terms.")
    ] = False,
    path: PathGlob = None,
    format_: Format = None,
    since: Since = None,
    until: Until = None,
    from_file: FromFile = None,
) -> None:
    """Find passages, without a language model."""
    state: State = ctx.obj
    if mode not in MODES:
        raise typer.BadParameter(f"{mode!r} is not one of {', '.join(MODES)}", param_hint="--mode")
    chosen: Mode = mode  # type: ignore[assignment]
    filters = filters_of(path, format_, since, until)
    if query and from_file:
        raise typer.BadParameter("goes without a query beside it", param_hint="--from")
    if from_file is not None:
        lines = read_batch(from_file, "query")
        with state.open() as index:

            def one(line: BatchLine) -> dict[str, Any]:
                narrow: Narrowing = {**filters, "scope": line.scope}
                return _json(index.find(line.text, k, mode=chosen, **narrow), index)

            raise typer.Exit(run_batch(lines, one, state, partial(_show_line, index)))
    with state.open() as index:
        found = index.find(" ".join(query or []), k, mode=chosen, **filters)
        if state.as_json:
            write_json(_json(found, index))
        else:
            narrowed = any(value is not None for value in filters.values())
            terminal = Terminal(quiet=state.quiet)
            _show(found, index, explain=explain, narrowed=narrowed, terminal=terminal)


def _json(found: Found, index: Index) -> dict[str, Any]:
    from rag.json_form import search_json

    form = search_json(found.query, found.mode, found.hits, found.timings_ms)
    return with_copies(form, index)


def _show_line(index: Index, form: dict[str, Any], terminal: Terminal) -> None:
    best = form["hits"][0] if form["hits"] else None
    where = "no hits"
    if best:
        label = index.label_at(best["document"], best["start"])
        where = place_of(best["document"], best["page"], best["line"], None, label)
    terminal.flow([(f"{form['id']}: {form['query']}", "bold")])
    terminal.flow([(where, "dim")], indent="  ")


def _show(found: Found, index: Index, *, explain: bool, narrowed: bool, terminal: Terminal) -> None:
    if not found.hits:
        advice = "try without the filters" if narrowed else "try other words, or --mode dense"
        terminal.note(f"nothing found; {advice}")
        return
    for hit in found.hits:
        show_hit(hit, index, terminal, explain=explain)


def show_hit(hit: Hit, index: Index, terminal: Terminal, *, explain: bool) -> None:
    """Shows a hit: rank and place, its text by blocks, and with `explain` its scores."""
    passage = hit.passage
    document = index.document(passage.document)
    label = None if passage.page else document.place_at(passage.span.start)
    where = place_of(passage.document, passage.page, passage.line, passage.heading, label)
    file = index.file_of(passage.document)
    terminal.linked(where, file, passage.page, lead=f"{hit.rank}. ", hang="   ", style="bold")
    if copies := copies_of(passage.document, index):
        terminal.flow([(copies, "dim")], indent="   ")
    for part in _blocks(passage, document):
        terminal.flow(_highlighted(part, hit.terms), indent="   ")
    if explain:
        ranks = ", ".join(
            f"{name} rank {rank}"
            for name, rank in (("dense", hit.dense_rank), ("lexical", hit.lexical_rank))
            if rank is not None
        )
        terms = f"; terms: {', '.join(hit.terms)}" if hit.terms else ""
        terminal.flow([(f"score {hit.score:.4f}; {ranks}{terms}", "dim")], indent="   ")
    terminal.line()


def _blocks(passage: Passage, document: Document) -> list[str]:
    """The passage's text by paragraphs, list items and rows of tables, as the document has them."""
    span, text = passage.span, passage.text
    starts = [b.start - span.start for b in document.blocks if span.start < b.start < span.end]
    cuts = [_before_mark(text, at) for at in starts]
    return [text[a:b] for a, b in pairwise([0, *cuts, len(text)])]


def _before_mark(text: str, at: int) -> int:
    """Where the mark of a list item or heading begins that stands right before `at`; else `at`."""
    line = text.rfind("\n", 0, at) + 1
    return line if MARK.fullmatch(text, line, at) else at


def _highlighted(text: str, terms: tuple[str, ...]) -> list[Piece]:
    """The text with the words that the lexical search met in the mark style."""
    pieces: list[Piece] = []
    for part in re.split(r"(\w+)", text):
        low = part.casefold()
        met = len(part) > 2 and any(low == t or (low.startswith(t) and len(t) > 3) for t in terms)
        pieces.append((part, "mark" if met else "none"))
    return [p for p in pieces if p[0]]
