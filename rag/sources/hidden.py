"""Which parts of a web page no reader of it sees."""

from __future__ import annotations

import re
from typing import Any

_UNSEEN = (
    "script style noscript template head iframe object embed svg canvas audio video map "
    "button input select textarea datalist dialog nav frameset applet"
)
UNSEEN_TAGS = frozenset(_UNSEEN.split())
_HIDING = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)"
    r"|font-size\s*:\s*0(?:\.0+)?(?:px|em|rem|pt|%)?\s*(?:!important\s*)?(?:;|$)"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:!important\s*)?(?:;|$))",
    re.IGNORECASE,
)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SIMPLE = re.compile(r"\s*([a-z][a-z0-9]*)?([.#])([\w-]+)\s*$", re.IGNORECASE)
_NO_ROLE = frozenset({"navigation", "search", "menu", "menubar", "dialog", "alertdialog"})


def hides(style: str) -> bool:
    """Whether the CSS declarations make an element invisible."""
    return bool(_HIDING.search(style))


def hidden_selectors(css: str) -> frozenset[str]:
    """The simple selectors (`.x`, `#x`, `p.x`) that a style sheet makes invisible.

    Only rules outside `@media` and its like are read: what is hidden on paper alone is seen.
    """
    found = set()
    for selectors, style in _RULE.findall(_top_level(_CSS_COMMENT.sub("", css))):
        if hides(style):
            for selector in selectors.split(","):
                if match := _SIMPLE.match(selector):
                    found.add(f"{(match[1] or '').lower()}{match[2]}{match[3]}")
    return frozenset(found)


def _top_level(css: str) -> str:
    kept: list[str] = []
    at = 0
    while (mark := css.find("@", at)) >= 0:
        kept.append(css[at:mark])
        opening, closing = css.find("{", mark), css.find(";", mark)
        if opening < 0 or 0 <= closing < opening:
            at = closing + 1 if closing >= 0 else len(css)
            continue
        depth, at = 1, opening + 1
        while at < len(css) and depth:
            depth += {"{": 1, "}": -1}.get(css[at], 0)
            at += 1
    kept.append(css[at:])
    return "".join(kept)


def is_hidden(element: Any, selectors: frozenset[str]) -> bool:
    """Whether an element (and all it holds) is not seen by a reader of the page."""
    tag = element.tag
    if not isinstance(tag, str) or tag in UNSEEN_TAGS:
        return True
    get = element.get
    if get("hidden") is not None or (get("aria-hidden") or "").lower() == "true":
        return True
    if (get("role") or "").lower() in _NO_ROLE:
        return True
    style = get("style")
    if style and hides(style):
        return True
    if not selectors:
        return False
    names = [f".{name}" for name in (get("class") or "").split()]
    if get("id"):
        names.append(f"#{get('id')}")
    return any(name in selectors or f"{tag}{name}" in selectors for name in names)
