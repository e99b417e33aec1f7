"""`rag status`: what is indexed, by what, how large, what changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli.state import State
from rag.cli.terminal import Terminal, plural, shell_words, write_json

if TYPE_CHECKING:
    from rag.opened import IndexStatus

SHOWN = 10


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("status")(status)


def status(
    ctx: typer.Context,
    documents: Annotated[bool, typer.Option("--documents", help="Name every document.")] = False,
) -> None:
    """Show what is indexed, by what, how large, and what changed on disk since."""
    state: State = ctx.obj
    with state.open() as index:
        found = index.status()
        names = index.documents() if documents else []
    if state.as_json:
        write_json({**_json(found), **({"documents": names} if documents else {})})
        return
    terminal = Terminal(quiet=state.quiet)
    terminal.line(f"index {found.path}", "bold")
    holds = f"{plural(found.documents, 'document')}, {plural(found.passages, 'passage')}"
    terminal.line(f"  {holds}, {_size(found.bytes)}")
    for root in found.roots:
        terminal.flow([(f"from {root}", "none")], indent="  ", hang="    ")
    terminal.line(
        f"  embedder {found.embedder}, {found.search} search, format {found.format_version}"
    )
    terminal.line(f"  digest {found.digest}")
    for what in ("changed", "new", "missing"):
        _names(f"{what} since", getattr(found, what), terminal)
    unreadable = tuple(f"{name}: {why}" for name, why in found.unreadable)
    _names("could not be read", unreadable, terminal)
    if not (found.changed or found.new or found.missing):
        terminal.line("  up to date with the files on disk")
    else:
        terminal.note(f"bring it up to date with: rag index {shell_words(found.roots)}")
    for name in names:
        terminal.flow([(name, "none")], indent="  ", hang="    ")


def _names(what: str, names: tuple[str, ...], terminal: Terminal) -> None:
    if not names:
        return
    terminal.line(f"  {len(names):,} {what}:", "yellow")
    for name in names[:SHOWN]:
        terminal.flow([(name, "none")], indent="    ")
    if len(names) > SHOWN:
        terminal.line(f"    and {len(names) - SHOWN} more")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} KB"


def _json(found: IndexStatus) -> dict[str, Any]:
    return {
        "index": {
            "path": found.path,
            "digest": found.digest,
            "format_version": found.format_version,
            "embedder": found.embedder,
            "search": found.search,
            "documents": found.documents,
            "passages": found.passages,
            "bytes": found.bytes,
            "roots": list(found.roots),
            "unreadable": [{"path": n, "reason": why} for n, why in found.unreadable],
        },
        "stale": {
            "changed": list(found.changed),
            "new": list(found.new),
            "missing": list(found.missing),
        },
    }
