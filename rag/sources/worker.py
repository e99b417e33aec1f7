"""The process that parses: reads requests from its input, answers with documents or a reason.

It holds no models and opens no connection. Frames are a length (8 bytes, big endian) and JSON: the
other side must be able to read what a process answers that a hostile file has taken over.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from rag.errors import NoText, UnreadableDocument
from rag.settings import Settings
from rag.sources.limits import WORKER_MEMORY_BYTES
from rag.types import Document, Heading, Place, Span

_LENGTH = struct.Struct(">Q")
_MAX_FRAME_BYTES = 2**31
_FORBIDDEN = frozenset(
    {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system"}
)
_FORBIDDEN_TOO = frozenset({"os.exec", "os.posix_spawn", "os.spawn", "os.remove", "os.rename"})


def main() -> None:
    """Serve requests until the input ends."""
    source = os.fdopen(os.dup(0), "rb")
    target = os.fdopen(os.dup(1), "wb")
    # What a library prints must not get between the frames.
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    limit_memory(WORKER_MEMORY_BYTES)
    sys.addaudithook(_refuse)
    while (request := receive(source)) is not None:
        send(target, answer(request))


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The documents of one file as JSON and the attachments' `problems`, or `reason`."""
    from rag.sources.reading import read_file

    path, document = Path(request["path"]), request["document"]
    settings = Settings(max_file_bytes=request["max_file_bytes"])
    try:
        problems: list[UnreadableDocument] = []
        documents = [to_json(d) for d in read_file(path, document, settings, problems)]
        return {"documents": documents, "problems": [[p.path, p.reason] for p in problems]}
    except UnreadableDocument as exc:
        return {"reason": exc.reason, "no_text": isinstance(exc, NoText)}


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN or event in _FORBIDDEN_TOO:
        raise PermissionError(f"a parser may not do this: {event}")


def limit_memory(extra_bytes: int) -> bool:
    """Whether this process now may take at most `extra_bytes` more than it holds.

    Where the platform knows no such limit (Windows; macOS accepts and ignores it) it is False.
    """
    try:
        import resource
    except ImportError:
        return False
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        held = pages * resource.getpagesize()
    except (OSError, ValueError):
        held = 0
    try:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = held + extra_bytes
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    except (OSError, ValueError):
        return False
    return True


def send(target: IO[bytes], value: dict[str, Any]) -> None:
    """Write one frame."""
    data = json.dumps(value).encode("ascii")
    target.write(_LENGTH.pack(len(data)) + data)
    target.flush()


def receive(source: IO[bytes]) -> dict[str, Any] | None:
    """The next frame; None where the stream ends. Raises `ValueError` for a broken frame."""
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _LENGTH.unpack(head)[0]
    if length > _MAX_FRAME_BYTES:
        raise ValueError(f"a frame of {length} bytes")
    data = source.read(length)
    if len(data) < length:
        return None
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("a frame that is no object")
    return value


def to_json(document: Document) -> dict[str, Any]:
    """A document as JSON values."""
    return {
        "path": document.path,
        "text": document.text,
        "sha256": document.sha256,
        "parser": document.parser,
        "pages": document.pages,
        "headings": [list(asdict(h).values()) for h in document.headings],
        "places": [[p.start, p.label] for p in document.places],
        "blocks": [[b.start, b.end] for b in document.blocks],
        "title": document.title,
        "modified": document.modified,
    }


def from_json(value: dict[str, Any]) -> Document:
    """The document that `to_json` wrote. Raises `KeyError`, `TypeError` or `ValueError`."""
    return Document(
        path=str(value["path"]),
        text=str(value["text"]),
        sha256=str(value["sha256"]),
        parser=str(value["parser"]),
        pages=tuple(int(p) for p in value["pages"]),
        headings=tuple(Heading(int(s), int(n), str(t)) for s, n, t in value["headings"]),
        places=tuple(Place(int(s), str(label)) for s, label in value["places"]),
        blocks=tuple(Span(int(s), int(e)) for s, e in value["blocks"]),
        title=None if value["title"] is None else str(value["title"]),
        modified=float(value["modified"]),
    )
