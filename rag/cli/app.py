"""The Typer application: global options and the commands, in the order a person needs them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from rag import __version__
from rag.cli import (
    annotate,
    ask,
    doctor,
    evaluate,
    index,
    models,
    replay,
    search,
    show,
    status,
    summarise,
    train,
)
from rag.cli.group import RagGroup
from rag.cli.state import State
from rag.settings import expanded, load_settings

HELP = """Ask your own documents, on your own machine, and see where each sentence stands.

Examples:

  rag index documents/                        read and index a folder

  rag ask "what spending target was agreed?"  an answer, with its sources

  rag search "notice period" --path "*.pdf"   passages, no language model

  rag summarise minutes.pdf --length short    a summary, every sentence cited
"""
EPILOG = "The global options may stand before or after the command."

app = typer.Typer(
    cls=RagGroup,
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        sys.stdout.write(f"rag {__version__}\n")
        raise typer.Exit


def _log_to_stderr() -> Callable[[], None]:
    """Begins the log; gives what ends it."""
    log, handler = logging.getLogger("rag"), logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(relativeCreated)d ms %(name)s: %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    return lambda: log.removeHandler(handler)


@app.callback()
def globals_(
    ctx: typer.Context,
    index_dir: Annotated[
        Path | None, typer.Option("--index", metavar="DIR", help="The index to use.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME|PATH", help="The language model.")
    ] = None,
    embedder: Annotated[
        str | None, typer.Option("--embedder", metavar="NAME|PATH", help="The embedder.")
    ] = None,
    reader: Annotated[
        str | None, typer.Option("--reader", metavar="NAME|PATH|none", help="The reader.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", help="Processor threads (0: all cores).")
    ] = None,
    gpu_layers: Annotated[
        int | None,
        typer.Option("--gpu-layers", metavar="N", help="Model layers on the GPU (-1: all)."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Never use the network.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No remarks and no progress.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="A log on stderr: what was done, how long it took.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Collects the global options into the state that every command works with."""
    if verbose:
        ctx.call_on_close(_log_to_stderr())
    flags: dict[str, Any] = {
        "model": model,
        "embedder": embedder,
        "reader": reader,
        "threads": threads,
        "gpu_layers": gpu_layers,
        "offline": offline or None,
    }
    ctx.obj = State(
        index=expanded(index_dir) if index_dir else None,
        settings=load_settings(flags),
        as_json=as_json,
        quiet=quiet,
    )


for _module in (
    index,
    ask,
    search,
    summarise,
    show,
    status,
    models,
    evaluate,
    annotate,
    train,
    replay,
    doctor,
):
    _module.register(app)
