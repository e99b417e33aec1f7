"""Subtitles: what is said, with its time as the place; times and styles are no text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.errors import UnreadableDocument
from rag.sources.building import TextBuilder, tidy
from rag.sources.decoding import decode
from rag.sources.limits import check_chars
from rag.sources.protocol import Parsed

_TIMES = re.compile(
    r"\s*((?:\d{1,3}:)?\d{1,2}:\d{2})[.,]\d{1,3}\s+-->\s+(?:\d{1,3}:)?\d{1,2}:\d{2}"
)
_MARKUP = re.compile(r"</?[a-zA-Z][^>\n]{0,200}>|<\d[\d:.]{0,15}>|\{\\[^}\n]{0,200}\}")
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&lrm;": "", "&rlm;": ""}
_ENDS = re.compile(r"[.!?…][\"'”’)\]♪]*$")
_SPEAKER = re.compile(r"[-–—]\s*\S|>>|\[|\(|♪|[A-Z][A-Z .]{1,30}:")
_MAX_PARAGRAPH_CHARS = 600


class Subtitles:
    """Reads `.srt` and `.vtt`: cues are put together to sentences, as one is often cut in two.

    Each block is a place named by the time at which it begins, such as `0:12:05`.
    """

    def parse(self, data: bytes, document: str) -> Parsed:
        """The words that are said. Raises where there is no cue."""
        text = decode(data, document)
        check_chars(len(text), document)
        builder = TextBuilder(document)
        said, begun = "", ""
        for time, words in _cues(text):
            if said and (_SPEAKER.match(words) or len(said) > _MAX_PARAGRAPH_CHARS):
                _add(builder, begun, said)
                said = ""
            begun = begun if said else time
            said = f"{said} {words}" if said else words
            if _ENDS.search(words):
                _add(builder, begun, said)
                said = ""
        _add(builder, begun, said)
        if not builder.length:
            raise UnreadableDocument(document, "it holds no subtitles")
        return builder.finish()


def _add(builder: TextBuilder, time: str, said: str) -> None:
    if said:
        builder.place(time)
        builder.add(said, before="\n")


def _cues(text: str) -> Iterator[tuple[str, str]]:
    before = ""
    for part in re.split(r"\n\s*\n", text):
        lines = part.strip("\n").split("\n")
        at = next((i for i, line in enumerate(lines[:3]) if _TIMES.match(line)), None)
        if at is None:
            continue
        match = _TIMES.match(lines[at])
        words = " ".join(tidy(_MARKUP.sub("", line)) for line in lines[at + 1 :])
        for entity, character in _ENTITIES.items():
            words = words.replace(entity, character)
        words = " ".join(words.split())
        # Captions that roll say each line twice.
        if match and words and words != before:
            yield _time(match[1]), words
            before = words


def _time(text: str) -> str:
    parts = [int(part) for part in text.split(":")]
    hours, minutes, seconds = [0] * (3 - len(parts)) + parts
    return f"{hours}:{minutes:02d}:{seconds:02d}"
