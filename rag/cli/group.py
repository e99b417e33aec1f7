"""The command group: global options anywhere, every error as one message and an exit code."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from rag.cli.codes import DONE, ERROR, STOPPED, USAGE
from rag.cli.mistakes import INTERNAL, unexpected
from rag.errors import RagError

WITH_VALUE = ("--index", "--model", "--embedder", "--reader", "--threads", "--gpu-layers")
SWITCHES = ("--json", "--offline", "--quiet", "--verbose", "--version")

log = logging.getLogger("rag")


def hoist(args: Sequence[str]) -> list[str]:
    """The arguments with the global options moved to the front, so they may stand anywhere.

    What follows a bare `--` is left alone, so a question may begin with a dash.
    """
    front: list[str] = []
    rest: list[str] = []
    at = 0
    while at < len(args):
        arg = args[at]
        if arg == "--":
            rest.extend(args[at:])
            break
        if arg in SWITCHES or (arg.split("=", 1)[0] in WITH_VALUE and "=" in arg):
            front.append(arg)
        elif arg in WITH_VALUE and at + 1 < len(args):
            front.extend(args[at : at + 2])
            at += 1
        else:
            rest.append(arg)
        at += 1
    return front + rest


class RagGroup(TyperGroup):
    """Maps what a command raises to a message on stderr and an exit code."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, its switches without a type."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _untyped(command.get_params(ctx))
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As the base, but an unknown command's message names the nearest."""
        import difflib

        name = args[0]
        if self.get_command(ctx, name) is None:
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            meant = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{name}'.{meant}")
        return super().resolve_command(ctx, args)

    def get_params(self, ctx: Any) -> Any:
        """The global options, the switches without a type."""
        return _untyped(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses the arguments after moving global options to the front."""
        return super().parse_args(ctx, hoist(args))

    def invoke(self, ctx: Any) -> Any:
        """Runs the command; an error becomes its message and `typer.Exit` with its code."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise  # these are RuntimeErrors, and no mistakes
        except RagError as exc:
            report_error(str(exc), as_json=bool(ctx.params.get("as_json")))
            raise typer.Exit(exc.exit_code) from None
        except ValueError as exc:
            log.debug("bad value", exc_info=True)
            report_error(str(exc), as_json=bool(ctx.params.get("as_json")))
            raise typer.Exit(USAGE) from None
        except KeyboardInterrupt:
            sys.stderr.write("\nstopped; what was done before is kept\n")
            raise typer.Exit(STOPPED) from None
        except BrokenPipeError:
            # The reader of the pipe is gone (`rag search x | head -1`): not an error of ours.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(DONE) from None
        except OSError as exc:
            if _reader_is_gone(exc):
                raise typer.Exit(DONE) from None
            report_error(_system_message(exc), as_json=bool(ctx.params.get("as_json")))
            raise typer.Exit(ERROR) from None
        except MemoryError:
            report_error("out of memory: close other programs or index fewer files at a time")
            raise typer.Exit(ERROR) from None
        except INTERNAL as exc:
            report_error(unexpected(exc), as_json=bool(ctx.params.get("as_json")))
            raise typer.Exit(ERROR) from None


def _untyped(parameters: list[Any]) -> list[Any]:
    """The parameters, switches among them without `<bool>` in the help: they take no value."""
    for parameter in parameters:
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    return parameters


def report_error(message: str, *, as_json: bool = False) -> None:
    """Writes an error to stderr, and with `as_json` an error object to stdout."""
    from rag.cli.terminal import write_json
    from rag.untrusted import printable

    if as_json:
        write_json({"error": message}, indent=None)
    log.debug("error", exc_info=True)
    lines = "\n".join(printable(line) for line in message.split("\n"))
    sys.stderr.write(f"rag: {lines}\n")


def _reader_is_gone(exc: OSError) -> bool:
    """Whether it is how Windows says that nobody reads the pipe any more."""
    return sys.platform == "win32" and exc.errno == errno.EINVAL and not exc.filename


def _system_message(exc: OSError) -> str:
    where = f"{exc.filename}: " if exc.filename else ""
    advice = {
        errno.ENOSPC: "free some disk space and run the command again; nothing was lost",
        errno.EACCES: "check who may read and write there",
        errno.EROFS: "choose a place that can be written to, for instance with --index DIR",
    }.get(exc.errno or 0, "check the path and run the command again")
    return f"{where}{exc.strerror or exc}; {advice}"
