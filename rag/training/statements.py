"""Turns a question and its answer into a statement by rule, without a parser."""

from __future__ import annotations

import re

_BE = r"(is|are|was|were)"
_MODAL = r"(did|does|do|has|have|had|can|could|will|would|should|must|may|might)"
_PARTICIPLE = re.compile(
    r"\b(\w+ed|made|built|held|known|found|born|given|written|seen|taken|called|used|"
    r"won|lost|sold|bought|kept|left|led|set|put|sent|told|thought|spoken|chosen|driven|"
    r"grown|drawn|broken|begun|done|fought|located|situated|responsible|part|able)\b"
)
_PREPOSITIONS = {"when": "in", "where": "in"}
_ADVERBIAL = re.compile(
    r"^(in|on|at|by|from|since|during|before|after|until|around|about|near|to|as|because|between|"
    r"through|within|for|with|of|under|over|due|along)\b",
    re.I,
)


def statement(question: str, answer: str) -> str | None:
    """A sentence that says ``answer`` is the answer to ``question``; None where no rule fits.

    "Who was the Norse leader?" and "Rollo" give "The Norse leader was Rollo." After ``did`` and
    ``does`` the verb stays as it is ("The Normans arrive in 911."): no verb is inflected.
    """
    asked = question.strip().rstrip("?").strip()
    answer = answer.strip().rstrip(".")
    if not asked or not answer or "?" in asked:
        return None
    for rule in (_copula, _auxiliary, _subject):
        made = rule(asked, answer)
        if made:
            made = re.sub(r"\s+", " ", made).strip()
            return made[0].upper() + made[1:] + "."
    return None


def _copula(asked: str, answer: str) -> str | None:
    match = re.match(rf"(?:what|who|which) {_BE} (.+)$", asked, re.I)
    if match:
        verb, rest = match.groups()
        participle = _PARTICIPLE.search(rest)
        if participle and participle.start() > 0 and not rest.lower().startswith("the name"):
            if rest.startswith("there"):
                return None
            subject, predicate = rest[: participle.start()], rest[participle.start() :]
            return f"{answer} is what {subject}{verb} {predicate}"
        return f"{rest} {verb} {answer}"
    match = re.match(
        rf"(?P<pre>in |on |at |by |from |to |with |for |of |under )?"
        rf"(?P<wh>when|where|what [\w' -]+?|which [\w' -]+?|how [\w-]+|how (?:many|much) [\w ]+?|"
        rf"who|whom|why) {_BE} (?P<rest>.+)$",
        asked,
        re.I,
    )
    if match is None:
        return None
    verb, rest = match.group(3), match.group("rest")
    wh, pre = match.group("wh").lower(), (match.group("pre") or "").lower()
    participle = _PARTICIPLE.search(rest)
    if participle is None or participle.start() == 0:
        subject_first = wh.split()[0] in ("what", "which", "how") and not pre
        return (
            f"{answer} {verb} {rest}"
            if subject_first
            else f"{rest} {verb} {_placed(wh, pre, answer)}"
        )
    subject, predicate = rest[: participle.start()], rest[participle.start() :]
    if wh.split()[0] in ("what", "which") and not pre:
        return f"{subject}{verb} {predicate} {answer}"
    return f"{subject}{verb} {predicate} {_placed(wh, pre, answer)}"


def _auxiliary(asked: str, answer: str) -> str | None:
    match = re.match(
        rf"(?P<pre>in |on |at |by |from |to |with |for |of |under )?"
        rf"(?P<wh>when|where|why|who|whom|(?:what|which|how)(?: [\w' -]+?)?)"
        rf" {_MODAL} (?P<rest>.+)$",
        asked,
        re.I,
    )
    if match is None:
        return None
    modal, rest = match.group(3).lower(), match.group("rest")
    wh, pre = match.group("wh").lower(), (match.group("pre") or "").lower()
    if modal in ("did", "does", "do"):
        return f"{rest} {_placed(wh, pre, answer)}"
    if wh in ("who", "what") or wh.startswith(("which ", "what ", "how many")):
        return f"{answer} {modal} {rest}"
    return None


def _subject(asked: str, answer: str) -> str | None:
    match = re.match(r"(?:who|what) (?!if\b)(\w+(?:s|ed|t|d|e|n|m|k|g|w)\b.*)$", asked, re.I)
    if match:
        return f"{answer} {match.group(1)}"
    match = re.match(r"(?:which|what) \w+ (\w+(?:s|ed)\b .*)$", asked, re.I)
    return f"{answer} {match.group(1)}" if match else None


def _placed(wh: str, pre: str, answer: str) -> str:
    if _ADVERBIAL.match(answer):
        return answer
    if pre:
        return f"{pre.strip()} {answer}"
    if wh == "why":
        return f"because of {answer}"
    preposition = _PREPOSITIONS.get(wh)
    return f"{preposition} {answer}" if preposition else answer
