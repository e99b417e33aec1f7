"""Reads an index again and again while it is written: run by test_load.py.

usage: load_reader.py INDEX SECONDS        prints how many snapshots it looked at and saw change
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rag.store import open_snapshot
from rag.testing import FakeEmbedder


def look(index: Path) -> tuple[str, int]:
    """The digest of a snapshot and the generation that each of its documents is of."""
    vector = FakeEmbedder().embed_query("The ferry of this generation")
    with open_snapshot(index) as snapshot:
        generations = set()
        for found in (snapshot.dense(vector, 50), snapshot.lexical("ferry", 50)):
            for passage in snapshot.passages_at(found.positions):
                text = snapshot.document(passage.document).text
                if passage.span.of(text) != passage.text:
                    raise SystemExit(f"another text at {passage.document}:{passage.span}")
                generations.add(int(text.split("generation ")[1].split()[0]))
        if len(generations) != 1:
            raise SystemExit(f"a mixture of generations: {sorted(generations)}")
        return snapshot.digest, generations.pop()


def main(index: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    digests: dict[str, int] = {}
    looks = 0
    while time.monotonic() < end:
        digest, generation = look(index)
        if digests.setdefault(digest, generation) != generation:
            raise SystemExit(f"digest {digest} with two generations")
        looks += 1
    print(looks, len(digests))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
