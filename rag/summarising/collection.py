"""What a summary of several documents says beside their sentences: themes, and how they relate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rag.answering.writing import shown_text
from rag.summarising.account import Account
from rag.summarising.differing import Kind, Relation, relations
from rag.summarising.selecting import Pool
from rag.summarising.themes import Theme, themes_of
from rag.summarising.units import Unit
from rag.types import Document
from rag.verification.rules import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RELATIONS = {"short": 1, "medium": 3, "long": 8}
AGREEMENTS = {"short": 0, "medium": 1, "long": 2}
THEMES = {"short": 0, "medium": 3, "long": 12}
NUMBER_OF: dict[Kind, int] = {"change": -1, "differ": -2, "agree": -3}
WITNESSES = 5  # so many documents of a theme are named and cited; the rest are counted
_FIRST_THEME = -10
_HEADINGS = {
    NUMBER_OF["change"]: "What changed from one document to a later one",
    NUMBER_OF["differ"]: "Where the documents differ",
    NUMBER_OF["agree"]: "Where the documents agree",
}


@dataclass(frozen=True, slots=True)
class Collection:
    """The themes of several documents and the relations between their sentences.

    `named` of the themes, the largest, are told of in a sentence.
    """

    themes: tuple[Theme, ...] = ()
    relations: tuple[Relation, ...] = ()
    named: int = 0

    def weighed(self, pool: Pool) -> Pool:
        """The pool with each section as large as its document's theme: themes come first."""
        document = dict(zip(pool.sections, (u.document for u in pool.units), strict=True))
        words = Counter[str]()
        for number, name in document.items():
            words[name] += pool.sizes[number]
        large: dict[str, int] = {}
        for theme in self.themes:
            large |= dict.fromkeys(theme.documents, sum(words[name] for name in theme.documents))
        sizes = list(pool.sizes)
        for number, name in document.items():
            sizes[number] = large.get(name, sizes[number])
        return replace(pool, sizes=sizes)

    def order(self, pool: Pool, chosen: Sequence[int]) -> list[int]:
        """The chosen units with the documents of a theme together, the largest theme first."""
        place = {name: i for i, theme in enumerate(self.themes) for name in theme.documents}
        last = len(self.themes)
        return sorted(chosen, key=lambda i: (place.get(pool.units[i].document, last), i))

    def heading(self, number: int) -> str | None:
        """What a part with a number below 0 is called."""
        if number <= _FIRST_THEME:
            return self.themes[_FIRST_THEME - number].name
        return _HEADINGS.get(number)

    def tell_theme(
        self, account: Account, pool: Pool, document: str, named: Set[str]
    ) -> frozenset[str]:
        """Adds the sentence that names the theme of a document; gives the documents of the theme.

        It names and cites a few of them and counts the rest. Nothing is added where the document
        has no theme, or is among those `named` already.
        """
        for number, theme in enumerate(self.themes[: self.named]):
            if document in theme.documents and document not in named:
                units = _witnesses(theme, pool)
                documents = _listed([u.document for u in units], len(theme.documents))
                text = f"{documents} have a theme in common: {_listed(theme.words)}."
                account.compose(text, units, _FIRST_THEME - number)
                return frozenset(theme.documents)
        return frozenset()

    def tell_relations(self, account: Account) -> None:
        """Adds the relations, each quoting both sides: changes, differences, agreements."""
        for kind, number in NUMBER_OF.items():
            for relation in self.relations:
                if relation.kind == kind:
                    account.compose(relation.text, (relation.one, relation.other), number)


def collection_of(
    documents: Sequence[Document],
    pool: Pool,
    scores: NDArray[np.float32],
    *,
    about: str | None,
    length: str,
) -> Collection:
    """What several documents have in common; empty for one document.

    About a topic there are no themes, and only sentences with a score of at least 0 are compared.
    """
    if len(documents) < 2:
        return Collection()
    themes = [] if about else themes_of(pool)
    by_path = {document.path: document for document in documents}
    related = relations(_near(pool, scores) if about else pool, by_path)
    return Collection(tuple(themes), tuple(_told(related, length)), THEMES[length])


def _near(pool: Pool, scores: NDArray[np.float32]) -> Pool:
    kept = [i for i, score in enumerate(scores) if score >= 0]
    return replace(
        pool,
        units=[pool.units[i] for i in kept],
        vectors=pool.vectors[kept],
        sections=[pool.sections[i] for i in kept],
    )


def _told(found: Sequence[Relation], length: str) -> list[Relation]:
    agreed = [r for r in found if r.kind == "agree"][: AGREEMENTS[length]]
    return [r for r in found if r.kind != "agree"][: RELATIONS[length]] + agreed


def _witnesses(theme: Theme, pool: Pool) -> list[Unit]:
    """Of each document, at most `WITNESSES`, the sentence that holds most of the theme's words.

    The documents whose sentences hold most of them, in the order of the theme; the first of equals.
    """
    wanted = {s for word in theme.words for s in content_words(word)}
    best: dict[str, tuple[int, Unit]] = {}
    inside = set(theme.documents)
    for unit in pool.units:
        if unit.document in inside:
            held = len(wanted & set(content_words(unit.text)))
            if unit.document not in best or held > best[unit.document][0]:
                best[unit.document] = held, unit
    cited = sorted(theme.documents, key=lambda name: -best[name][0])[:WITNESSES]
    return [best[name][1] for name in theme.documents if name in cited]


def _listed(names: Sequence[str], count: int = 0) -> str:
    """The names in words; where they are fewer than `count`, how many more there are."""
    plain = [shown_text(name) for name in names]
    if count > len(plain):
        plain.append(f"{count - len(plain)} more")
    return " and ".join([", ".join(plain[:-1]), plain[-1]] if len(plain) > 1 else plain)
