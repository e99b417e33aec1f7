"""Questions about the cells of tables, made by rule from ``key: value`` lines."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.training.mixture import QUESTION, Example
from rag.training.sets import Pair
from rag.training.windows import tokens_about

MAX_TOKENS = 200
_ANY = (
    "What is the {key} of {title}?",
    "What is the {key} of {title}?",
    "What is {title}'s {key}?",
    "What {key} does {title} have?",
    "What is given as the {key} of {title}?",
    "{title}: {key}?",
)
_UNNAMED = ('What is given for {title} under "{key}"?', "{title}: {key}?")
_OWN = {
    "born": ("When was {title} born?", "When and where was {title} born?"),
    "died": ("When did {title} die?", "When and where did {title} die?"),
    "years active": ("When was {title} active?", "In which years was {title} active?"),
    "spouse": ("Who was {title} married to?", "Who is the spouse of {title}?"),
    "starring": ("Who stars in {title}?", "Which actors play in {title}?"),
    "running time": ("How long is {title}?", "How long does {title} run?"),
    "length": ("How long is {title}?", "What is the length of {title}?"),
    "budget": ("How much did {title} cost to make?", "What was the budget of {title}?"),
    "box office": ("How much money did {title} make?", "What did {title} earn?"),
    "location": ("Where is {title}?", "Where is {title} located?"),
    "headquarters": ("Where is {title} based?", "Where are the headquarters of {title}?"),
    "country": ("Which country is {title} from?", "What is the country of {title}?"),
    "origin": ("Where does {title} come from?", "What is the origin of {title}?"),
    "occupation": ("What did {title} do for a living?", "What is the occupation of {title}?"),
    "genres": ("What kind of music is {title} known for?", "What are the genres of {title}?"),
    "language": ("In which language is {title}?", "What is the language of {title}?"),
    "release date": ("When did {title} come out?", "When was {title} released?"),
    "known for": ("What is {title} known for?",),
    "also known as": ("What is {title} also called?",),
    "based on": ("What is {title} based on?",),
    "music by": ("Who wrote the music of {title}?",),
    "screenplay by": ("Who wrote the screenplay of {title}?",),
    "story by": ("Whose story is {title}?", "Who wrote the story of {title}?"),
    "height": ("How tall is {title}?", "What is the height of {title}?"),
    "time zone": ("Which time zone is {title} in?",),
    "symptoms": ("What are the symptoms of {title}?",),
    "causes": ("What causes {title}?", "What are the causes of {title}?"),
    "treatment": ("How is {title} treated?",),
    "owner": ("Who owns {title}?", "Who is the owner of {title}?"),
}
_PARTICIPLE = re.compile(r"^\w+ed( by)?$")


@dataclass(frozen=True, slots=True)
class Table:
    """One thing and what is known of it: a title and rows of key and value."""

    title: str
    rows: tuple[tuple[str, str], ...]
    source: str


def tables_of(pairs: Iterable[Pair]) -> list[Table]:
    """The tables among the evidence of ``pairs``, each once, with the source ``NAME_tables``.

    A table is a title line followed by at least three lines ``key: value``.
    """
    out: dict[str, Table] = {}
    for pair in pairs:
        if pair.evidence in out:
            continue
        title, *lines = pair.evidence.split("\n")
        cells = [line.partition(": ") for line in lines]
        if len(cells) < 3 or not all(colon and value.strip() for _, colon, value in cells):
            continue
        rows = [(key.strip(" •"), " ".join(value.split())) for key, _, value in cells]
        kept = tuple((k, v) for k, v in rows if k and len(v.split()) <= 25 and "|" not in v)
        if len(kept) >= 3:
            out[pair.evidence] = Table(title.strip(), kept, f"{pair.source}_tables")
    return list(out.values())


def asked(title: str, key: str, rng: random.Random) -> str:
    """A question for the value of ``key`` of the thing called ``title``."""
    bare = re.sub(r"\s*\([^()]*\)", "", key).strip() or key
    low = bare if bare.isupper() else bare[0].lower() + bare[1:]
    verb = _PARTICIPLE.match(low)
    forms: Sequence[str] = _OWN.get(low.lower(), _UNNAMED if verb else _ANY)
    if verb and low.lower() not in _OWN:
        who = f"Who {low[:-3]} {{title}}?" if low.endswith(" by") else f"When was {{title}} {low}?"
        forms = (who, who, *_UNNAMED)
    elif rng.random() < 0.35 and not verb and low not in ("born", "died", "starring"):
        forms = _ANY
    return rng.choice(forms).format(title=title, key=low)


class TableMaker:
    """Makes question examples from tables; all randomness is its own."""

    def __init__(self, tables: Sequence[Table], seed: int) -> None:
        self._rng = random.Random(seed)
        self._with_key: dict[str, list[Table]] = defaultdict(list)
        for table in tables:
            for key, _ in table.rows:
                self._with_key[key].append(table)

    def of_table(self, table: Table) -> list[Example]:
        """An answerable question about a cell, and about as often one whose cell is not there."""
        rng = self._rng
        wide = self._wide(table) if rng.random() < 0.35 else None
        shown, cells = wide or self._tall(table)
        (title, key), (start, end) = rng.choice(sorted(cells.items()))
        made = [Example(QUESTION, asked(title, key, rng), shown, start, end, 1, table.source)]
        missing = self._missing(table, title, {k for _, k in cells}, {t for t, _ in cells})
        if missing is not None and rng.random() < 0.75:
            question = asked(*missing, rng)
            made.append(Example(QUESTION, question, shown, -1, -1, 0, f"{table.source}:missing"))
        return made

    def _missing(
        self, table: Table, title: str, keys: set[str], titles: set[str]
    ) -> tuple[str, str] | None:
        """A title and a key of which the table that is shown says nothing."""
        rng = self._rng
        key = rng.choice(sorted(keys))
        other = rng.choice(self._with_key[key])
        if rng.random() < 0.4:
            apart = not any(other.title in t or t in other.title for t in titles)
            return (other.title, key) if apart else None
        taken = {_bare(k) for k in keys}
        unknown = [k for k, _ in (*other.rows, *table.rows) if _bare(k) not in taken]
        return (title, rng.choice(unknown)) if unknown else None

    def _tall(self, table: Table) -> tuple[str, dict[tuple[str, str], tuple[int, int]]]:
        """One row a line, as ``key: value``, ``| key | value |`` or ``key | value``."""
        rng = self._rng
        rows = list(table.rows)
        count = min(len(rows), rng.randint(3, 11))
        kept = [rows[i] for i in sorted(rng.sample(range(len(rows)), count))]
        style = rng.choice(["{}: {}", "{}: {}", "| {} | {} |", "{} | {}"])
        parts: list[list[str]] = []
        if style.startswith("|") and rng.random() < 0.5:
            parts += [["| | |"], ["|---|---|"]]
        before, between, after = style.split("{}")
        for key, value in kept:
            line = before + key + between
            if sum(tokens_about(p) for part in parts for p in part) > MAX_TOKENS and len(parts) > 4:
                break
            parts.append([line, value, after, key])
        return _laid_out(table.title, parts)

    def _wide(self, table: Table) -> tuple[str, dict[tuple[str, str], tuple[int, int]]] | None:
        """A header of keys and one line a thing, or None where too few things have them."""
        rng = self._rng
        short = [key for key, value in table.rows if len(value.split()) <= 6]
        if len(short) < 2:
            return None
        keys = rng.sample(short, min(len(short), rng.randint(2, 4)))
        near = [t for t in self._with_key[keys[0]] if t.title != table.title]
        things = [table, *rng.sample(near, min(len(near), rng.randint(1, 4)))]
        rng.shuffle(things)
        bar, end = rng.choice([("| ", " |"), ("", "")])
        head = rng.choice(["Name", "Title", ""])
        text = bar + " | ".join([head, *keys]) + end
        if bar and rng.random() < 0.7:
            text += "\n|" + "---|" * (len(keys) + 1)
        cells: dict[tuple[str, str], tuple[int, int]] = {}
        for thing in things:
            known = dict(thing.rows)
            text += "\n" + bar + thing.title
            for key in keys:
                value = known.get(key, "-")
                value = value if len(value.split()) <= 6 else "-"
                text += " | "
                if value != "-":
                    cells[thing.title, key] = (len(text), len(text) + len(value))
                text += value
            text += end
        return (text, cells) if tokens_about(text) <= MAX_TOKENS else None


def _laid_out(
    title: str, parts: Sequence[Sequence[str]]
) -> tuple[str, dict[tuple[str, str], tuple[int, int]]]:
    text = title
    cells: dict[tuple[str, str], tuple[int, int]] = {}
    for part in parts:
        text += "\n" + part[0]
        if len(part) == 4:
            _, value, after, key = part
            cells[title, key] = (len(text), len(text) + len(value))
            text += value + after
    return text, cells


def _bare(key: str) -> str:
    return re.sub(r"\W|s$", "", re.sub(r"\([^()]*\)", "", key).lower())
