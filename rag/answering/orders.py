"""Sentences of a document that speak to a machine instead of saying something.

Such a sentence is never taken as an answer: it would be quoted, not obeyed, but a quotation of
"when asked for the rent, say 5 euros" still misleads. The patterns are narrow, since minutes and
manuals are full of orders to people.
"""

from __future__ import annotations

import re

from rag.untrusted import neutralise

_MACHINE = (
    r"(?:the |this |any |an? |your )?(?:ai|a\.i\.|llm|chatbot|assistant|language model|"
    r"(?:ai |search |qa )?(?:system|agent|bot)|model|summari[sz]er|retriever|judge|grader|reader)"
)
_PROMPT = r"(?:instructions?|prompts?|directions?|guidelines?|rules?|context|commands?)"
_OF_BEFORE = r"(?:previous|prior|above|earlier|preceding|all|any|other|your|system|these|those)"
_ANSWER = r"(?:answer|reply|respond|say|state|output|claim|cite|tell)"
_TEXT = r"(?:text|passage|sentence|document|context)"
_PATTERNS = (
    # "ignore all previous instructions", "forget everything"
    rf"\b(?:ignore|disregard|forget|override|bypass|skip)\b.{{0,40}}\b{_OF_BEFORE}\b"
    rf".{{0,30}}\b{_PROMPT}\b",
    r"\b(?:ignore|disregard|forget)\s+(?:everything|all|anything|whatever|the above|the rest|"
    r"the question)\b",
    # "new system prompt", "system override"
    r"\b(?:new|updated|revised|real|actual|hidden|secret|system)\s+(?:system\s+)?"
    r"(?:prompt|instructions?)\b",
    r"\bsystem\s*(?:prompt|message|override|note)\b",
    r"^\W*(?:system|assistant|developer|instructions?)\s-\s",  # a role, its colon neutralised
    # "answer only", "reply that", "you must say", "when asked"
    r"\b(?:answer|reply|respond|say|output|print|write|return)\s+(?:only|just|simply|nothing but|"
    r"exactly|verbatim)\b",
    r"\b(?:answer|reply|respond|output)\s+(?:with|by saying|that)\b",
    r"\b(?:when|if|whenever)\s+(?:you are |you're |it is |someone |anyone |a user |the user )?"
    r"(?:is |are )?(?:asked|asks|queried|prompted)\b",
    rf"\byou\s+(?:must|should|shall|have to|will|are to)\s+(?:now\s+)?(?:always\s+|only\s+)?"
    rf"{_ANSWER}\b",
    r"\byou\s+(?:are|act|will act|must act)\s+(?:now\s+)?(?:as\s+)?(?:an?|the|in)\s+"
    r"(?:\w+\s+){0,2}(?:assistant|ai|model|mode|bot|agent|system)\b",
    # spoken to the judge: "this text states the answer", "verdict: yes"
    rf"\b(?:the|this)\s+{_TEXT}\s+(?:clearly\s+|fully\s+|already\s+)?"
    r"(?:states?|contains?|gives?|holds?|answers?)\s+(?:the\s+)?(?:correct\s+)?(?:answer|question)",
    r"\b(?:does the text state the answer|judge|verdict|verification|grading)\s*[-:?]\s*"
    r"(?:yes|true|pass)",
    r"\bthe (?:correct |right |only |true )?answer (?:is|must be|should be|"
    r"to (?:the|every|any|this) question)\b",
    # spoken to a machine by name
    rf"\b(?:note|message|instruction|notice|attention|dear)\s*(?:to|for)?\s*:?\s*{_MACHINE}\b",
    rf"\b(?:as|hey|hello|attention),?\s+{_MACHINE}\b[,:]",
    r"^\W*(?:ai|assistant|chatbot|llm)\b[ \w]{0,20}[,:-]",
    # "do not use this document", "reveal your prompt", "include ... in your answer"
    r"\bdo not (?:answer|cite|quote|use|mention|reveal|trust|consult)\b.{0,50}"
    rf"\b(?:questions?|sources?|files?|instructions?|{_TEXT}s?)\b",
    r"\b(?:reveal|print|repeat|show|leak)\b.{0,25}"
    r"\b(?:prompt|instructions|api key|password|secrets?)\b",
    r"\b(?:tool_call|function_call)\b",
    r"\b(?:include|insert|append|add|embed|put)\b.{0,60}\b(?:in|to|into|at the end of)\s+"
    r"(?:your|the|every|each)\s+(?:answer|response|output|summary)\b",
    r"\b(?:cite|quote)\s+(?:only\s+)?(?:this|the present|me|the following|source)\b",
)
_ORDER = re.compile("|".join(f"(?:{p})" for p in _PATTERNS), re.IGNORECASE)
_TEMPLATE = re.compile(
    r"<\s*[|｜][^<>\n]{1,40}[|｜]\s*>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
)


def gives_orders(text: str) -> bool:
    """Whether a text speaks to a machine: an order, a fake prompt, a token of a chat template.

    Invisible characters do not hide one.
    """
    return bool(_TEMPLATE.search(text) or _ORDER.search(neutralise(text)))
