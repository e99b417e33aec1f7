"""Words of English that the rules of a summary share: verbs of saying, and pronouns.

Each verb stands in a group once, its forms are made from it. A rule takes the groups and the forms
that it needs, for what one allows another objects to: a wording is free to put `noted` for `said`,
but not `claimed`, which says more.
"""

from __future__ import annotations

from collections.abc import Iterable


def _verbs(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# That something was said and no more: a wording may put one for another.
SAID = _verbs(
    "say state mention report ask note explain suggest propose tell add think believe feel"
)
# That it was said, and how.
STRONGER = _verbs("warn remind write announce argue claim")
# What a wording may say of a talk, beside that something was said.
DESCRIBED = _verbs(
    "discuss talk point describe argue express indicate emphasise emphasize stress highlight "
    "present remark consider"
)
# What somebody only holds: told without it, it is a fact. The second group in the plural as well
# (`farmers say`), where the first holds nouns as well.
HELD = _verbs("fear hope state report")
HELD_BY_SEVERAL = _verbs(
    "say claim believe think reckon warn caution argue suggest expect estimate"
)
# Nobody need speak: "a saying", "a telling sign", "a strange feeling".
UNSAID = frozenset(_verbs("adding feeling noting saying telling"))
# What may stand for something in the sentence before; each rule adds what else it looks for.
PRONOUNS = "it|they|he|she|her|this|these|those"
_PAST = {"say": "said", "tell": "told", "think": "thought", "feel": "felt", "write": "wrote"}


def told(verbs: Iterable[str]) -> tuple[str, ...]:
    """The forms behind the name of one who speaks: `says` and `said`."""
    past = {v: _PAST.get(v) or f"{v.removesuffix('e')}ed" for v in verbs}
    return tuple(form for verb in past for form in (f"{verb}s", past[verb]))


def forms(verbs: Iterable[str]) -> tuple[str, ...]:
    """All forms: `say`, `saying`, `says` and `said`."""
    verbs = tuple(verbs)
    return (*verbs, *(f"{v.removesuffix('e')}ing" for v in verbs), *told(verbs))
