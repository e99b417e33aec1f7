"""Find the gold quotes again after a parser has changed the text of HTML or PDF documents.

    python eval/reanchor.py            rewrites eval/questions.jsonl
    python eval/reanchor.py --check    only says which spans have moved

A quote is found by its words, whatever white space or cell marks stand between them; of several
places the one nearest to the old span is taken. What cannot be found is named and left as it is
(exit code 1).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from rag.settings import Settings
from rag.sources import read_file

HERE = Path(__file__).resolve().parent
# Between two words: spaces, or a cell mark that may be followed by the name of a column.
GAP = r"(?:\s*\|\s*(?:[^|\n:]{1,40}: )?|\s+)"


def anchored(text: str, quote: str, near: int) -> tuple[int, int] | None:
    """The span of `quote` in `text` that starts closest to `near`, None where there is none."""
    pattern = GAP.join(re.escape(word) for word in re.split(r"[\s|]+", quote.strip()))
    spans = [match.span() for match in re.finditer(pattern, text)]
    return min(spans, key=lambda span: abs(span[0] - near), default=None)


def main(check: bool) -> int:
    path = HERE / "questions.jsonl"
    texts: dict[str, str] = {}
    lines, moved, lost = [], 0, 0
    for line in path.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        for gold in question["gold"]:
            name = gold["doc"]
            if name not in texts:
                texts[name] = read_file(HERE / "docs" / name, name, Settings())[0].text
            if texts[name][gold["start"] : gold["end"]] == gold["quote"]:
                continue
            span = anchored(texts[name], gold["quote"], gold["start"])
            if span is None:
                lost += 1
                print(f"{question['id']}: not found in {name}: {gold['quote']!r}")
                continue
            moved += 1
            gold.update(start=span[0], end=span[1], quote=texts[name][span[0] : span[1]])
        lines.append(json.dumps(question, ensure_ascii=False) + "\n")
    if moved and not check:
        path.write_text("".join(lines), encoding="utf-8")
    print(f"{moved} spans moved, {lost} not found")
    return 1 if lost or (check and moved) else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
