"""What a document may not do to a prompt or to a terminal.

A document's text is data. Before it enters a prompt it passes through `neutralise`, before it
reaches a terminal through `printable`. Neither result is ever measured against a span: spans
count the characters of the document itself.
"""

from __future__ import annotations

import re

# Characters that show nothing: controls, soft hyphen, zero width, bidirectional, variation
# selectors, tags (U+E0000, used to smuggle text), lone surrogates, fillers that look like spaces.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_SPACES = re.compile(r"\s+")
# The special tokens of chat templates, those between bars (ASCII or full width): <|im_start|>.
_BARRED = re.compile(r"<\s*[|｜][^<>|｜\n]{0,60}[|｜]\s*>")
# Names that templates put between angle brackets: <s>, </s>, <start_of_turn>, <<SYS>>, <think>.
_NAMED = re.compile(
    r"<{1,2}/?\s*(?:s|bos|eos|pad|unk|mask|cls|sep|sys|system|user|assistant|human|inst|think|"
    r"thinking|tool|tools|tool_call|tool_response|function_call|start_of_turn|end_of_turn|"
    r"im_start|im_end|endoftext|begin_of_text|end_of_text|eot|eot_id|fim_[a-z]+|file_sep|"
    r"repo_name|start_header_id|end_header_id|reserved_special_token_\d+)\s*/?>{1,2}",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\[\s*/?\s*(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_[A-Z]+)\s*\]")
_OPEN_ANGLE = re.compile(r"<(?=[^\s\d=.])")
_BAR_ANGLE = re.compile(r"([|｜])(?=>)")
_BRACKETS = str.maketrans(dict.fromkeys("[［【〔⟦", "(") | dict.fromkeys("]］】〕⟧", ")"))
_ROLE = re.compile(
    r"\b(system|assistant|user|human|developer|instructions?|response|question|answer|text)"
    r"[*_\s]*[:：](?:\s*[:：])*",
    re.IGNORECASE,
)


def neutralise(text: str) -> str:
    """A document's text as a prompt may hold it: one line, without anything that gives orders.

    Invisible characters and the special tokens of chat templates are taken out, every square
    bracket becomes a round one (so that `[1]` of a document is never a citation), a role's name
    loses its colon, and each run of white space becomes one space. Doing it twice changes nothing.
    """
    text = _INVISIBLE.sub("", text)
    while True:  # what is left of a removed token may form another one
        plain = _TEMPLATE.sub(" ", _NAMED.sub(" ", _BARRED.sub(" ", text)))
        if plain == text:
            break
        text = plain
    text = _BAR_ANGLE.sub(r"\1 ", _OPEN_ANGLE.sub("< ", text))
    text = _ROLE.sub(r"\1 -", text.translate(_BRACKETS))
    return _SPACES.sub(" ", text).strip()


# ECMA-48: control sequences (CSI), strings that a terminal obeys (OSC, DCS, SOS, PM, APC), and
# two-character escapes; each also in its one-byte form (C1).
_ESCAPES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]*[0-~]"
)
# Kept: the joiners (scripts and emoji need them) and the marks of direction, which turn nothing.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]+"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_TAB = "    "


def without_escapes(text: str) -> str:
    """A text without the sequences that a terminal obeys."""
    return _ESCAPES.sub("", text)


def printable(text: str) -> str:
    r"""A text as a terminal may show it: no escape sequence, no control character but `\n`.

    Characters that change the direction of what follows are dropped, a tab becomes four spaces,
    a lone surrogate, which no output encoding takes, the replacement character.
    """
    text = without_escapes(text.replace("\r\n", "\n"))
    return _SURROGATES.sub("\ufffd", _UNPRINTABLE.sub("", text)).replace("\t", _TAB)


def display_width(text: str) -> int:
    """The number of columns a terminal needs for a text: 2 for a wide character, 0 for a mark."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
