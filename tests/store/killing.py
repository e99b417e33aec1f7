"""Kills an indexer (SIGKILL) again and again, and looks at what is left: run by test_kill.py.

usage: killing.py TRIALS SEED FOLDER [FIRST]   prints a JSON summary; exit 1 where anything is wrong

Each trial copies an index and its documents, changes the documents, and forks an indexer that is
killed: at a random instant, or just before its n-th step (a statement, sync, rename or removal of
a file). Then the index must open, hold exactly the state before or the state after (with many
commits: each document as before or as after), pass the deep check, and the next run must complete.

With FIRST, the trials are instead every step of every action in turn, from step FIRST of them all
on: what a run over all of them looks like in portions.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rag.errors import IndexNotFound, RagError
from rag.indexing import build_index, pipeline
from rag.settings import Settings
from rag.store import catalogue, check_index, open_snapshot
from rag.testing import FakeEmbedder

SETTINGS = Settings(passage_tokens=32, overlap_tokens=8, threads=1)
WORDS = ["harbour", "lamp", "boiler", "rent", "cat", "bridge", "tonne", "ferry", "cape", "island"]


def write(folder: Path, name: str, seed: int, sentences: int = 6) -> None:
    chance = random.Random(seed)
    lines = [f"The {' '.join(chance.choices(WORDS, k=8))} {i}." for i in range(sentences)]
    (folder / name).write_text(" ".join(lines))


def add(docs: Path) -> None:
    for i in range(4):
        write(docs, f"added{i}.txt", 100 + i)


def change(docs: Path) -> None:
    for i in range(0, 8, 2):
        write(docs, f"{i}.txt", 200 + i)


def delete(docs: Path) -> None:
    for i in range(1, 8, 2):
        (docs / f"{i}.txt").unlink()


def rename(docs: Path) -> None:
    for i in range(3):
        (docs / f"{i}.txt").rename(docs / f"renamed{i}.txt")


def everything(docs: Path) -> None:
    add(docs)
    change(docs)
    (docs / "1.txt").unlink()
    (docs / "3.txt").rename(docs / "third.txt")


def nothing(docs: Path) -> None:
    return


Action = tuple[Callable[[Path], None], dict[str, object]]
ACTIONS: dict[str, Action] = {
    "add": (add, {}),
    "change": (change, {}),
    "delete": (delete, {}),
    "rename": (rename, {}),
    "everything": (everything, {}),
    "many commits": (everything, {"commit": 1}),
    "remove": (nothing, {"remove": True}),
    "rebuild": (change, {"rebuild": True}),
    "rebuild in parts": (change, {"rebuild": True, "parts": 1}),
    "first": (nothing, {"fresh": True}),
}


def index_with(docs: Path, index: Path, options: dict[str, object]) -> None:
    if "commit" in options or "parts" in options:
        pipeline._COMMIT_PASSAGES = 1
        pipeline._BATCH_PASSAGES = 1
    remove = [docs / "5.txt"] if options.get("remove") else []
    paths = [] if remove else [docs]
    build_index(
        paths,
        index,
        SETTINGS,
        FakeEmbedder(),
        remove=remove,
        rebuild=bool(options.get("rebuild")),
    )


def state(index: Path) -> tuple[str, dict[str, str]]:
    try:
        with open_snapshot(index) as snapshot:
            texts = {d.path: snapshot.document(d.path).text for d in snapshot.documents()}
            return snapshot.digest, texts
    except IndexNotFound:
        return "", {}


def count_steps(at: int | None) -> list[int]:
    """Counts the steps of this process from now on; before step `at` it is killed."""
    steps = [0]

    def step() -> None:
        if steps[0] == at:
            os.kill(os.getpid(), signal.SIGKILL)
        steps[0] += 1

    for name in ("fsync", "replace", "unlink", "open", "mkdir"):
        real = getattr(os, name)

        def counted(*args: object, _real: Callable[..., object] = real, **kw: object) -> object:
            step()
            return _real(*args, **kw)

        setattr(os, name, counted)

    class Counted(sqlite3.Connection):
        def execute(self, *args: object) -> sqlite3.Cursor:  # type: ignore[override]
            step()
            return super().execute(*args)  # type: ignore[arg-type]

        def executemany(self, *args: object) -> sqlite3.Cursor:  # type: ignore[override]
            step()
            return super().executemany(*args)  # type: ignore[arg-type]

    def connect(path: Path, query: str = "") -> sqlite3.Connection:
        return sqlite3.connect(
            f"{path.as_uri()}?{query or 'mode=rw'}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            factory=Counted,
        )

    catalogue.connect = connect
    return steps


def in_child(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 3
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


class Trials:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = folder / "base"
        docs = self.base / "docs"
        docs.mkdir(parents=True)
        for i in range(8):
            write(docs, f"{i}.txt", i)
            if i in (4, 6):
                self._index_base()  # several segments, so that there is something to merge
        self._index_base()
        self.facts: dict[str, tuple[float, int, tuple[str, dict[str, str]]]] = {}

    def _index_base(self) -> None:
        self.wait(in_child(lambda: index_with(self.base / "docs", self.base / "ix", {})))

    def wait(self, pid: int) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def copy(self, name: str) -> Path:
        """A fresh copy at always the same place, so that paths are equal, with its changes made."""
        place = self.folder / "trial"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.base, place)
        db = sqlite3.connect(place / "ix" / "catalogue.sqlite", isolation_level=None)
        old, new = str(self.base), str(place)
        db.execute("UPDATE file SET source = replace(source, ?, ?)", (old, new))
        db.execute("UPDATE root SET path = replace(path, ?, ?)", (old, new))
        db.execute("UPDATE meta SET value = replace(value, ?, ?)", (old, new))
        catalogue.write_checksum(db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        action, options = ACTIONS[name]
        if options.get("fresh"):
            shutil.rmtree(place / "ix")
        action(place / "docs")
        return place

    def measure(self, name: str) -> tuple[float, int, tuple[str, dict[str, str]]]:
        """How long an undisturbed run takes, its steps, and the state after it."""
        if name not in self.facts:
            place = self.copy(name)

            def work() -> None:
                steps = count_steps(None)
                index_with(place / "docs", place / "ix", ACTIONS[name][1])
                (place / "steps").write_text(str(steps[0]))

            started = time.monotonic()
            if self.wait(in_child(work)):
                raise SystemExit(f"the undisturbed run '{name}' failed")
            seconds = time.monotonic() - started
            steps = int((place / "steps").read_text())
            self.facts[name] = seconds, steps, state(place / "ix")
        return self.facts[name]

    def steps(self) -> list[tuple[str, int]]:
        """Every step of every action."""
        return [(name, at) for name in ACTIONS for at in range(self.measure(name)[1])]

    def trial(self, name: str, chance: random.Random, at: int | None) -> str | None:
        """What went wrong in a trial, None where nothing did; without `at`, at a random instant."""
        seconds, _, after = self.measure(name)
        place = self.copy(name)
        docs, index = place / "docs", place / "ix"
        before = state(index)
        options = ACTIONS[name][1]

        def work() -> None:
            if at is not None:
                count_steps(at)
            index_with(docs, index, options)

        pid = in_child(work)
        if at is None:
            time.sleep(chance.random() * seconds * 1.1)
            os.kill(pid, signal.SIGKILL)
        code = self.wait(pid)
        where = f"{name}, step {at}, exit {code}"
        if code not in (-signal.SIGKILL, 0) or (at is not None and code == 0):
            return f"{where}: the indexer was not killed"
        return self.look(where, name, place, before, after)

    def look(
        self,
        where: str,
        name: str,
        place: Path,
        before: tuple[str, dict[str, str]],
        after: tuple[str, dict[str, str]],
    ) -> str | None:
        docs, index = place / "docs", place / "ix"
        try:
            left = state(index)
            whole = left in (before, after)
            if "commit" in ACTIONS[name][1] or name == "first":
                whole = all(t in (before[1].get(p), after[1].get(p)) for p, t in left[1].items())
                # What is there before and after, under whichever name, is never missing.
                whole = whole and {*before[1].values()} & {*after[1].values()} <= {
                    *left[1].values()
                }
            if not whole:
                return f"{where}: neither the state before nor the one after"
            if left[0] and (problems := check_index(index, deep=True)):
                return f"{where}: {problems}"
            if name == "remove" and left == after:
                return None
            if self.wait(in_child(lambda: index_with(docs, index, ACTIONS[name][1]))):
                return f"{where}: the next run did not complete"
            if state(index) != after:
                return f"{where}: the next run did not reach the state after"
            if problems := check_index(index, deep=True):
                return f"{where}, after the next run: {problems}"
            listed = {p.name for p in (index / "segments").iterdir()}
            with open_snapshot(index) as snapshot:
                if listed != {s.file for s in snapshot.segments}:
                    return f"{where}: files are left over"
        except RagError as exc:
            return f"{where}: {type(exc).__name__}: {exc}"
        return None


def main(trials: int, seed: int, folder: Path, first: int | None) -> int:
    chance = random.Random(seed)
    bench = Trials(folder)
    names = list(ACTIONS)
    planned: list[tuple[str, int | None]] = []
    if first is not None:
        planned += bench.steps()[first : first + trials]
    for i in range(trials if first is None else 0):
        name = names[i // 2 % len(names)]
        planned.append((name, None if i % 2 else chance.randrange(bench.measure(name)[1])))
    problems = [bench.trial(name, chance, at) for name, at in planned]
    found = {
        "instants": sum(at is None for _, at in planned),
        "steps": sum(at is not None for _, at in planned),
        "seed": seed,
        "steps_of_a_run": {name: facts[1] for name, facts in bench.facts.items()},
        "wrong": [problem for problem in problems if problem],
    }
    print(json.dumps(found, indent=1))
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    given = int(sys.argv[4]) if len(sys.argv) > 4 else None
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), given))
