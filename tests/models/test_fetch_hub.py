from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rag.errors import ModelInvalid, ModelUnavailable
from rag.models import cache as places
from rag.models import pull, resolve
from rag.models.catalogue import Catalogue, parse_catalogue
from rag.settings import Settings

if TYPE_CHECKING:
    from conftest import Hub


class Stop(Exception):
    """Ends a download from its progress callback, as Ctrl-C would."""


def stop_after(limit: int) -> Callable[[str, int, int], None]:
    def report(file: str, done: int, total: int) -> None:
        if done >= limit:
            raise Stop

    return report


def unknown_digest(source: str = "hub:someone/free@main/free.gguf", size: int = 0) -> Catalogue:
    extra = f"  bytes: {size}\n" if size else ""
    return parse_catalogue(
        f"name: free\nrole: generator\nfile: free.gguf\n{extra}  source: {source}\n"
    )


def test_a_model_is_fetched_checked_and_there_the_next_time(
    hub: Hub, small: Catalogue, settings: Settings, offline: Settings, cache: Path
) -> None:
    model = pull("tiny", settings, catalogue=small)
    assert model.weights == cache / "tiny" / "tiny.gguf"
    assert model.weights.read_bytes() == hub.files["tiny.gguf"]
    assert model.sha256 == hashlib.sha256(hub.files["tiny.gguf"]).hexdigest()
    again = resolve("TINY", "generator", offline, catalogue=small)
    assert again == model
    assert len(hub.requests) == 1


def test_progress_rises_to_the_whole(hub: Hub, small: Catalogue, settings: Settings) -> None:
    seen: list[tuple[str, int, int]] = []
    pull("tiny", settings, lambda *args: seen.append(args), catalogue=small)
    size = len(hub.files["tiny.gguf"])
    assert [s[1] for s in seen] == sorted(s[1] for s in seen)
    assert seen[-1] == ("tiny.gguf", size, size)


def test_a_broken_connection_is_taken_up_where_it_broke(
    hub: Hub, small: Catalogue, settings: Settings
) -> None:
    hub.break_after = [30_000, 20_000]
    model = pull("tiny", settings, catalogue=small)
    assert model.weights.read_bytes() == hub.files["tiny.gguf"]
    assert [r[1] for r in hub.requests] == [None, "bytes=30000-", "bytes=50000-"]


def test_what_came_before_an_interruption_is_not_fetched_again(
    hub: Hub, small: Catalogue, settings: Settings, cache: Path
) -> None:
    with pytest.raises(Stop):
        pull("tiny", settings, stop_after(1), catalogue=small)
    assert not (cache / "tiny" / "tiny.gguf").exists()
    came = places.part_path(cache / "tiny" / "tiny.gguf").stat().st_size
    assert came > 0
    pull("tiny", settings, catalogue=small)
    assert hub.requests[-1][1] == f"bytes={came}-"
    assert sorted(p.name for p in (cache / "tiny").iterdir() if not p.name.startswith(".")) == [
        "tiny.gguf",
        "verified.json",
    ]


def test_a_file_that_changed_meanwhile_is_fetched_from_the_start(
    hub: Hub, settings: Settings
) -> None:
    hub.add("free.gguf", b"old" * 30_000)
    hub.break_after = [20_000] * 3
    with pytest.raises(ModelUnavailable, match="broke off"):
        pull("free", settings, catalogue=unknown_digest())
    hub.break_after = []
    hub.add("free.gguf", b"new" * 40_000)
    model = pull("free", settings, catalogue=unknown_digest())
    assert model.weights.read_bytes() == b"new" * 40_000


def test_a_download_that_was_whole_but_not_yet_in_place_is_taken(
    hub: Hub, small: Catalogue, settings: Settings, cache: Path
) -> None:
    size = len(hub.files["tiny.gguf"])
    with pytest.raises(Stop):
        pull("tiny", settings, stop_after(size), catalogue=small)
    pull("tiny", settings, catalogue=small)
    assert hub.requests[-1][1] == f"bytes={size}-"
    assert (cache / "tiny" / "tiny.gguf").stat().st_size == size


def test_a_wrong_digest_is_refused_and_removed(
    hub: Hub, small: Catalogue, settings: Settings, cache: Path
) -> None:
    hub.add("tiny.gguf", b"GGUF but something else")
    with pytest.raises(ModelInvalid) as caught:
        pull("tiny", settings, catalogue=small)
    found = hashlib.sha256(b"GGUF but something else").hexdigest()
    assert found in str(caught.value)
    assert "rag models pull tiny" in str(caught.value)
    assert [p.name for p in (cache / "tiny").iterdir()] == [places.LOCK_NAME]


def test_the_next_source_is_tried_after_a_wrong_digest(hub: Hub, settings: Settings) -> None:
    hub.add("bad", b"other")
    digest = hub.add("good", b"right")
    known = parse_catalogue(
        "name: two\nrole: generator\nfile: two.gguf\n"
        f"  sha256: {digest}\n  source: hub:a/b@main/bad\n  source: hub:a/b@main/good\n"
    )
    assert pull("two", settings, catalogue=known).weights.read_bytes() == b"right"


def test_a_digest_that_the_hub_states_and_does_not_keep_is_refused(
    hub: Hub, settings: Settings
) -> None:
    hub.add("free.gguf", b"GGUF here")
    hub.tags["free.gguf"] = "0" * 64
    with pytest.raises(ModelInvalid, match="0" * 64):
        pull("free", settings, catalogue=unknown_digest())


def test_a_size_that_differs_is_refused(hub: Hub, settings: Settings) -> None:
    hub.add("free.gguf", b"GGUF here")
    with pytest.raises(ModelInvalid, match="9 bytes"):
        pull("free", settings, catalogue=unknown_digest(size=10))


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "no such file"), (401, "HF_TOKEN"), (403, "HF_TOKEN"), (503, "answered 503")],
)
def test_a_refusal_is_told_with_what_to_do(
    hub: Hub, small: Catalogue, settings: Settings, status: int, words: str
) -> None:
    hub.status["tiny.gguf"] = status
    with pytest.raises(ModelUnavailable, match=words) as caught:
        pull("tiny", settings, catalogue=small)
    assert "hub:someone/tiny@main/tiny.gguf" in str(caught.value)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "nonsense", "http://[bad"])
def test_a_hub_that_cannot_be_reached_is_asked_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(ModelUnavailable, match="rag models pull free"):
        pull("free", settings, catalogue=unknown_digest())


def test_offline_asks_nobody_and_says_how_to_fetch(
    hub: Hub, small: Catalogue, offline: Settings
) -> None:
    with pytest.raises(ModelUnavailable, match="rag models pull tiny") as caught:
        resolve("tiny", "generator", offline, catalogue=small)
    assert "tiny.gguf missing" in str(caught.value)
    assert hub.requests == []


def test_a_digest_nobody_knew_is_recorded_and_holds_from_then_on(
    hub: Hub, settings: Settings, cache: Path
) -> None:
    digest = hub.add("free.gguf", b"GGUF first")
    model = pull("free", settings, catalogue=unknown_digest())
    assert model.sha256 == digest
    assert digest in model.notes[0]
    assert resolve("free", "generator", settings, catalogue=unknown_digest()).notes == ()

    model.weights.write_bytes(b"GGUF tampered with")
    with pytest.raises(ModelInvalid, match="it was removed"):
        resolve("free", "generator", settings, catalogue=unknown_digest())
    assert not model.weights.exists()

    hub.add("free.gguf", b"GGUF second")
    with pytest.raises(ModelInvalid, match=digest):
        pull("free", settings, catalogue=unknown_digest())


def test_a_token_goes_to_the_hub(
    hub: Hub, small: Catalogue, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "t0")
    pull("tiny", settings, catalogue=small)
    assert hub.tokens == ["Bearer t0"]


def test_a_full_disk_is_said_before_anything_is_fetched(hub: Hub, settings: Settings) -> None:
    known = parse_catalogue(
        "name: huge\nrole: generator\nsize: 900 TB\nfile: huge.gguf\n"
        "  source: hub:a/b@main/huge.gguf\n"
    )
    with pytest.raises(ModelUnavailable, match="RAG_CACHE"):
        pull("huge", settings, catalogue=known)
    assert hub.requests == []


def test_a_disk_that_fills_up_is_told_and_leaves_no_model(
    hub: Hub,
    small: Catalogue,
    settings: Settings,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelUnavailable, match="the disk is full") as caught:
        pull("tiny", settings, catalogue=small)
    assert not (cache / "tiny" / "tiny.gguf").exists()
    assert "rag models pull tiny" in str(caught.value)


def test_a_file_that_is_given_up_is_told_to_have_ended(
    hub: Hub, small: Catalogue, settings: Settings
) -> None:
    hub.break_after = [30_000, 20_000, 10_000]
    seen: list[tuple[str, int, int]] = []
    with pytest.raises(ModelUnavailable):
        pull("tiny", settings, lambda *args: seen.append(args), catalogue=small)
    assert seen[-1] == ("tiny.gguf", 0, 0)
