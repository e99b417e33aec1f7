"""Holds an embedder against its reference, on texts of every sort."""

from __future__ import annotations

from rag.embedding.protocol import Embedder

LEAST_COSINE = 0.9999
"""The least cosine between two embedders of the same weights that both may be trusted."""

TEXTS: tuple[str, ...] = (
    "a",
    "Rent",
    "What spending target was agreed?",
    "The committee agreed on a spending target of 2.5 percent.",
    "the committee agreed on a spending target of 2.5 percent",
    "THE COMMITTEE AGREED ON A SPENDING TARGET OF 2.5 PERCENT.",
    "1234567890",
    "3.14159, 2.71828 and 1,618",
    "On 4 March 2024 at 17:45 the meeting was closed.",
    "Der Vertrag beginnt am 4. März 2024 und endet am 31. Dezember.",
    "Die Straßenbahn fährt über die Brücke; Gäste zahlen 3,50 €.",
    "¿Cuándo se firmó el tratado? Se firmó en 1997.",
    "L'été dernier, nous avons déménagé à Nîmes.",
    "会议决定增加预算。",
    "予算は増額されました",
    "Бюджет был увеличен на два процента.",
    "تمت زيادة الميزانية",
    "🙂",
    "Great 🎉🎉 we did it 👍🏽!",
    "e\u0301 and é are one letter",
    "zero\u200bwidth and soft\u00adhyphen",
    "tabs\tand\nnew\n\nlines   and    spaces",
    "https://example.org/path?query=1#part and mail@example.org",
    "def add(a: int, b: int) -> int:\n    return a + b",
    "| Milk | 2023: 148.6 | 2024: 151.2 |",
    "unbelievably antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "x" * 99,
    "x" * 300,
    "?!.,;:-()'\"",
    "#",
    "No. No! No? no",
    "The tenant may not keep dogs. The tenant may keep one cat. " * 3,
    "Every sentence of this long text says a little more about the budget of the school. " * 8,
    "word " * 120,
    "word " * 254,
    "word " * 255,
    "word " * 600,
    "The quick brown fox jumps over the lazy dog near the river bank at dawn. " * 40,
)


def least_cosine(embedder: Embedder, reference: Embedder) -> float:
    """The smallest cosine, over `TEXTS`, between the two embedders' vectors of a text.

    From -1 to 1; at least `LEAST_COSINE` where both run the same weights. Raises `ValueError`
    where their dimensions differ.
    """
    if embedder.dimension != reference.dimension:
        raise ValueError(
            f"'{embedder.name}' has {embedder.dimension} dimensions, the reference "
            f"'{reference.name}' {reference.dimension}: they cannot be compared"
        )
    ours, theirs = embedder.embed_passages(TEXTS), reference.embed_passages(TEXTS)
    return float((ours * theirs).sum(axis=1).min())
