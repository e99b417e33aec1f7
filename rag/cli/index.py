"""`rag index`: build or update the index."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli.codes import DONE, SOME_FAILED
from rag.cli.progress import progress_bars
from rag.cli.state import State
from rag.cli.terminal import Terminal, plural, write_json
from rag.errors import NoDocuments

if TYPE_CHECKING:
    from rag.indexing import IndexReport

KINDS_SHOWN = 5


def register(app: typer.Typer) -> None:
    """Adds the command to the application."""
    app.command("index")(index)


def index(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help="Files and folders.")
    ] = None,
    remove: Annotated[
        list[Path] | None,
        typer.Option("--remove", metavar="PATH", help="Take a file or folder out of the index."),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Read and embed everything again.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, change nothing.")
    ] = False,
    include: Annotated[
        list[str] | None, typer.Option("--include", metavar="GLOB", help="Only files that match.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="GLOB", help="No files that match.")
    ] = None,
) -> None:
    """Read and index files and folders; again, to bring the index up to date."""
    from rag import library

    state: State = ctx.obj
    target = state.target_dir()
    # Of an index that is there, `--rebuild` alone means what it was made of.
    if not paths and not remove and not (rebuild and state.index_dir_or_none()):
        raise NoDocuments(
            "no files named: write `rag index PATH`, for instance `rag index documents/`"
        )
    with progress_bars(quiet=state.quiet) as progress:
        report = library.update(
            paths or (),
            target,
            settings=state.settings,
            include=include or (),
            exclude=exclude or (),
            remove=remove or (),
            rebuild=rebuild,
            dry_run=dry_run,
            progress=progress.indexing(),
            fetching=progress.fetching,
        )
    _show(report, target, state, dry_run=dry_run)
    raise typer.Exit(SOME_FAILED if report.skipped else DONE)


def _show(report: IndexReport, target: Path, state: State, *, dry_run: bool) -> None:
    terminal = Terminal(quiet=state.quiet)
    for skipped in report.skipped:
        terminal.note(f"skipped {skipped.path}: {skipped.reason}")
    if state.as_json:
        write_json(_json(report, target, dry_run=dry_run))
        return
    counts = [
        f"{len(names):,} {what}"
        for names, what in (
            (report.added, "added"),
            (report.changed, "changed"),
            (report.removed, "removed"),
            (report.skipped, "skipped"),
        )
        if names
    ]
    done = ", ".join(counts) or "nothing to do"
    empty = set(report.empty)
    for what, names in (
        ("not text", tuple(name for name in report.textless if name not in empty)),
        ("empty", report.empty),
    ):
        if names:
            terminal.note(f"{what}: {_by_kind(names)}")
    if dry_run:
        for verb, names in (
            ("add", report.added),
            ("change", report.changed),
            ("remove", report.removed),
        ):
            for name in names:
                terminal.flow([(f"{verb} {name}", "none")], hang="    ")
        terminal.line(f"would do: {done}; nothing was changed")
        return
    unchanged = f"; {report.unchanged:,} unchanged" if report.unchanged else ""
    terminal.line(f"{done}{unchanged}, in {report.seconds:.1f} s")
    holds = f"{plural(report.documents, 'document')}, {plural(report.passages, 'passage')}"
    terminal.line(f"{target}: {holds}")


def _by_kind(names: tuple[str, ...]) -> str:
    """How many files, and of which kinds: `3 files (2 .png, 1 .zip)`."""
    kinds = Counter(PurePath(name).suffix.lower() or "without a suffix" for name in names)
    shown = [f"{count} {kind}" for kind, count in kinds.most_common(KINDS_SHOWN)]
    more = ["others"] if len(kinds) > KINDS_SHOWN else []
    return f"{plural(len(names), 'file')} ({', '.join(shown + more)})"


def _json(report: IndexReport, target: Path, *, dry_run: bool) -> dict[str, Any]:
    return {
        "index": str(target),
        "dry_run": dry_run,
        "added": list(report.added),
        "changed": list(report.changed),
        "removed": list(report.removed),
        "unchanged": report.unchanged,
        "skipped": [{"path": s.path, "reason": s.reason} for s in report.skipped],
        "textless": list(report.textless),
        "empty": list(report.empty),
        "documents": report.documents,
        "passages": report.passages,
        "embedded": report.embedded,
        "seconds": round(report.seconds, 2),
    }
