"""A summary as a file of its own: Markdown or HTML, written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from html import escape
from pathlib import Path

from rag.errors import RagError
from rag.places import place_of
from rag.types import Citation, Summary
from rag.untrusted import printable

SUFFIXES = (".md", ".html")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&])")
_MARKER = re.compile(r"\[(\d+)\]")
_STYLE = (
    "body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "blockquote{margin:.2rem 0;color:#444;border-left:3px solid #999;padding-left:.8rem}"
    "li:target{background:#ffc}.place,footer{color:#555;font-size:.9rem}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#eee}blockquote,.place,footer"
    "{color:#bbb}li:target{background:#440}a{color:#9cf}}"
)


def check_target(path: Path) -> None:
    """Raises `RagError` where a summary could not be written there: before any work is done."""
    if path.suffix.lower() not in SUFFIXES:
        raise RagError(
            f"a summary is written as Markdown or HTML, not as '{path.name}': "
            "give --output a name that ends in .md or .html"
        )
    if path.is_dir():
        raise RagError(f"--output {path} is a folder: name a file in it")
    if not path.absolute().parent.is_dir():
        raise RagError(f"the folder {path.parent} does not exist: make it, or write elsewhere")


def write_summary(summary: Summary, path: Path) -> None:
    """Writes the summary with its sources and coverage, in the form that the ending names.

    The file is replaced in one step, so that a crash leaves the old one or the new one. Raises
    `RagError` where it cannot be written.
    """
    check_target(path)
    text = as_html(summary) if path.suffix.lower() == ".html" else as_markdown(summary)
    try:
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=".", suffix=".new")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, _mode(path))
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise RagError(
            f"{path} cannot be written ({exc.strerror or exc}): choose another place for --output"
        ) from exc


def _mode(path: Path) -> int:
    """The mode of the file that is replaced, or what a new one would have."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def as_markdown(summary: Summary) -> str:
    """The summary as Markdown: text, sources, coverage. What documents say is escaped."""
    parts = [f"# {_md(title_of(summary))}", _md_body(summary), "## Sources"]
    parts.append("\n".join(_md_source(c) for c in summary.citations) or "None.")
    parts += ["## Coverage", _md(coverage_line(summary))]
    parts.append("\n".join(f"- {_md(line)}" for line in skipped_lines(summary)))
    return "\n\n".join(p for p in parts if p) + "\n"


def _md_body(summary: Summary) -> str:
    if not summary.sentences:
        return _md(nothing_said(summary))
    lines = []
    for line in summary.summary.split("\n"):
        if line.startswith("- "):
            lines.append("- " + _md_markers(line[2:]))
        elif summary.format == "outline":
            lines.append(f"{'' if not lines else chr(10)}### {_md(line)}\n")
        else:
            lines.append(_md_markers(line))
    return "\n".join(lines)


def _md_markers(text: str) -> str:
    """The text escaped, its markers kept, each a word of its own."""
    pieces = _MARKER.split(text)
    return " ".join(rf"\[{p}\]" if i % 2 else _md(p) for i, p in enumerate(pieces) if p.strip())


def _md_source(citation: Citation) -> str:
    quote = " ".join(printable(citation.quote).split())
    return f"- \\[{citation.marker}\\] {_md(place(citation))}: “{_md(quote)}”"


def _md(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(printable(text).split()))


def as_html(summary: Summary) -> str:
    """The summary as one HTML page that loads nothing; what documents say is escaped."""
    title = escape(printable(title_of(summary)))
    sources = "".join(
        f'<li id="s{c.marker}" value="{c.marker}"><span class="place">{escape(place(c))}</span>'
        f"<blockquote>{escape(printable(c.quote))}</blockquote></li>"
        for c in summary.citations
    )
    skipped = "".join(f"<li>{escape(line)}</li>" for line in skipped_lines(summary))
    left_out = f"<details><summary>Left out</summary><ul>{skipped}</ul></details>" * bool(skipped)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        f"{_html_body(summary)}\n<h2>Sources</h2><ol>{sources}</ol>\n"
        f"<footer><p>{escape(coverage_line(summary))}</p>{left_out}</footer></body></html>\n"
    )


def _html_body(summary: Summary) -> str:
    if not summary.sentences:
        return f"<p>{escape(nothing_said(summary))}</p>"
    out, items = [], []
    for line in summary.summary.split("\n"):
        if line.startswith("- "):
            items.append(f"<li>{_html_markers(line[2:])}</li>")
            continue
        if items:
            out.append(f"<ul>{''.join(items)}</ul>")
            items = []
        tag = "h2" if summary.format == "outline" else "p"
        out.append(f"<{tag}>{_html_markers(line)}</{tag}>")
    if items:
        out.append(f"<ul>{''.join(items)}</ul>")
    return "\n".join(out)


def _html_markers(text: str) -> str:
    escaped = escape(printable(text))
    return _MARKER.sub(r'<sup><a href="#s\1">[\1]</a></sup>', escaped)


def title_of(summary: Summary) -> str:
    """The title of a summary: its documents, and what it is about."""
    names = list(dict.fromkeys(c.document for c in summary.citations))
    of = f" of {names[0]}" if len(names) == 1 else f" of {len(names)} documents" if names else ""
    return f"Summary{of}" + (f": {summary.about}" if summary.about else "")


def place(c: Citation) -> str:
    """Where a citation stands, in words."""
    return place_of(c.document, c.page, c.line, c.heading, c.label)


def nothing_said(summary: Summary) -> str:
    """The sentence that stands where the documents say nothing."""
    about = f" about '{summary.about}'" if summary.about else ""
    return f"The documents say nothing{about}."


def skipped_lines(summary: Summary) -> list[str]:
    """A line for each section that was left out, with its reason."""
    return [
        printable(f"{s.document} · {s.heading or 'whole document'}: {s.reason}")
        for s in summary.coverage.skipped
    ]


def coverage_line(summary: Summary, shown: int = 4) -> str:
    """One line on what the summary covers and what it leaves out."""
    c = summary.coverage
    line = (
        f"Covers {c.sections_represented} of {c.sections} sections, "
        f"{c.represented} of {c.passages} passages."
    )
    names = list(dict.fromkeys((s.heading or s.document).split(" > ")[-1] for s in c.skipped))
    if not names:
        return line
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return printable(f"{line} Left out: {', '.join(names[:shown])}{more}.")
