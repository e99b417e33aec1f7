from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rag.errors import ModelInvalid, ModelUnavailable
from rag.models import cache as places
from rag.models import list_models, pull, remove, resolve, verify
from rag.models.catalogue import Catalogue, parse_catalogue
from rag.models.memory import fits, memory_bytes, needed_bytes
from rag.settings import Settings

if TYPE_CHECKING:
    from conftest import Hub

PULL = """
import sys
from pathlib import Path
from rag.models import pull
from rag.models.catalogue import parse_catalogue
from rag.settings import Settings
model = pull("tiny", Settings(), catalogue=parse_catalogue(Path(sys.argv[1]).read_text()))
print(model.sha256)
"""


def test_two_processes_that_pull_at_once_fetch_it_once(
    hub: Hub, small: Catalogue, tmp_path: Path, cache: Path
) -> None:
    from rag.models.catalogue import format_catalogue

    written = tmp_path / "models.txt"
    written.write_text(format_catalogue(small.entries))
    command = [sys.executable, "-c", PULL, str(written)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    # Both wait for the lock that this test holds, then race.
    with places.locked(cache / "tiny"):
        both = [
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(2)
        ]
    digests = {process.communicate(timeout=60)[0].decode().strip() for process in both}
    assert digests == {small.get("tiny").weights.sha256}
    assert [r[0] for r in hub.requests] == ["tiny.gguf"]


def test_threads_that_need_a_model_at_once_all_get_it(
    hub: Hub, small: Catalogue, settings: Settings
) -> None:
    got: list[bytes] = []

    def work() -> None:
        got.append(pull("tiny", settings, catalogue=small).weights.read_bytes())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [hub.files["tiny.gguf"]] * 4
    assert len(hub.requests) == 1


def test_a_file_is_read_whole_again_only_if_size_or_time_changed(
    small: Catalogue, settings: Settings, offline: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = pull("tiny", settings, catalogue=small)
    read: list[Path] = []
    original = places.sha256_of
    monkeypatch.setattr(places, "sha256_of", lambda p: (read.append(p), original(p))[1])
    resolve("tiny", "generator", offline, catalogue=small)
    assert read == []
    os.utime(model.weights, (1, 1))
    resolve("tiny", "generator", offline, catalogue=small)
    resolve("tiny", "generator", offline, catalogue=small)
    assert read == [model.weights]


def test_an_altered_file_is_refused_and_removed(
    small: Catalogue, settings: Settings, offline: Settings
) -> None:
    model = pull("tiny", settings, catalogue=small)
    model.weights.write_bytes(model.weights.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelInvalid, match="rag models pull tiny"):
        resolve("tiny", "generator", offline, catalogue=small)
    assert not model.weights.exists()


def test_verify_finds_what_the_quick_check_cannot(
    hub: Hub, small: Catalogue, settings: Settings, offline: Settings
) -> None:
    model = pull("tiny", settings, catalogue=small)
    assert verify(None, settings, small) == []
    stat = model.weights.stat()
    data = model.weights.read_bytes()
    model.weights.write_bytes(data[:-1] + b"?")
    os.utime(model.weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    resolve("tiny", "generator", offline, catalogue=small)
    (problem,) = verify(None, settings, small)
    assert (problem.model, problem.file, problem.removed) == ("tiny", "tiny.gguf", True)
    assert not model.weights.exists()
    assert pull("tiny", settings, catalogue=small).weights.read_bytes() == data


def test_verify_of_a_model_that_is_not_here_is_a_problem_only_if_named(
    hub: Hub, small: Catalogue, settings: Settings
) -> None:
    assert verify(None, settings, small) == []
    (problem,) = verify(["tiny"], settings, small)
    assert "rag models pull tiny" in problem.problem
    with pytest.raises(ModelUnavailable, match="choose one of tiny"):
        verify(["tinny"], settings, small)


def test_a_damaged_record_only_costs_another_reading(
    small: Catalogue, settings: Settings, offline: Settings, cache: Path
) -> None:
    pull("tiny", settings, catalogue=small)
    for damage in (b"", b"[1]", b'{"tiny.gguf": 3}', b"\xff"):
        (cache / "tiny" / places.RECORD_NAME).write_bytes(damage)
        assert resolve("tiny", "generator", offline, catalogue=small).weights.is_file()
    assert "tiny.gguf" in places.read_record(cache / "tiny")


def test_remove_leaves_nothing_and_says_whether_there_was_anything(
    small: Catalogue, settings: Settings, cache: Path
) -> None:
    assert remove("tiny", small) is False
    pull("tiny", settings, catalogue=small)
    assert remove("tiny", small) is True
    assert [p.name for p in (cache / "tiny").iterdir()] in ([], [places.LOCK_NAME])


def test_the_list_says_what_is_here_and_what_suits(small: Catalogue, hub: Hub) -> None:
    big = parse_catalogue(
        "name: big\nrole: generator\ntested: yes\nsize: 90 TB\nfile: b.gguf\n"
        "  source: hub:a/b@main/b.gguf\n"
    )
    both = Catalogue((*big.entries, *small.entries))
    before = {m.name: m for m in list_models(Settings(), both)}
    assert (before["big"].fits, before["big"].recommended) == (False, False)
    assert (before["tiny"].fits, before["tiny"].recommended) == (True, True)
    assert not before["tiny"].present
    pull("tiny", Settings(), catalogue=both)
    after = {m.name: m for m in list_models(Settings(model="tiny"), both)}
    assert after["tiny"].present
    assert after["tiny"].chosen
    assert after["tiny"].size_bytes == len(hub.files["tiny.gguf"])
    assert not after["big"].chosen


def test_the_machines_memory_is_known_and_bounds_what_fits(small: Catalogue) -> None:
    memory = memory_bytes()
    assert memory is not None
    assert 2**27 < memory < 2**50
    entry = small.get("tiny")
    assert fits(entry, None)
    assert fits(entry, needed_bytes(entry) * 2)
    assert not fits(entry, needed_bytes(entry))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_cache_that_cannot_be_written_is_named(
    small: Catalogue, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ModelUnavailable, match="RAG_CACHE"):
        pull("tiny", settings, catalogue=small)
    tmp_path.chmod(0o700)


def test_a_cache_whose_place_is_taken_by_a_file_is_named(
    small: Catalogue, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    monkeypatch.setenv("RAG_CACHE", str(taken))
    with pytest.raises(ModelUnavailable, match="RAG_CACHE"):
        pull("tiny", settings, catalogue=small)
