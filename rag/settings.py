"""One frozen `Settings`: defaults < config file < environment (RAG_*) < flags."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from rag.errors import SettingsInvalid

CONFIG_NAME = "rag.toml"
CATALOGUE_NAME = "catalogue.sqlite"
"""The file that makes a folder an index."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may choose. Each field is a key of `rag.toml` and a variable `RAG_<NAME>`.

    Sizes are in the embedder's tokens; `threads` 0 means the number of cores; `calibration` is a
    folder that `rag train` wrote.
    """

    embedder: str = "all-MiniLM-L6-v2"
    reader: str = "rag-reader-minilm"
    model: str = "qwen2.5-coder-1.5b-instruct"
    calibration: str = ""
    threads: int = 0
    gpu_layers: int = 0
    seed: int = 0
    offline: bool = False
    passage_tokens: int = 128
    overlap_tokens: int = 32
    retrieve_k: int = 20
    read_k: int = 10
    evidence_tokens: int = 140
    max_file_bytes: int = 64 * 1024 * 1024
    parse_seconds: int = 60

    def __post_init__(self) -> None:
        for name, kind in _types().items():
            _check_type(f"setting '{name}'", getattr(self, name), kind)
        for name, low, high in _BOUNDS:
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsInvalid(
                    f"setting '{name}' is {value}, it must lie between {low} and {high}: "
                    f"correct it in {CONFIG_NAME}, in RAG_{name.upper()} or in the flag"
                )
        if self.overlap_tokens >= self.passage_tokens:
            raise SettingsInvalid(
                f"setting 'overlap_tokens' is {self.overlap_tokens}, it must be smaller than "
                f"'passage_tokens' ({self.passage_tokens})"
            )

    @property
    def cores(self) -> int:
        """The number of threads to use: `threads`, or every core this process may run on."""
        if self.threads:
            return self.threads
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0)) or 1
        return os.cpu_count() or 1


_BOUNDS = (
    ("threads", 0, 1024),
    ("gpu_layers", -1, 10_000),
    ("seed", 0, 2**31 - 1),
    ("passage_tokens", 16, 8192),
    ("overlap_tokens", 0, 4096),
    ("retrieve_k", 1, 1000),
    ("read_k", 1, 1000),
    ("evidence_tokens", 20, 4096),
    ("max_file_bytes", 1, 2**40),
    ("parse_seconds", 1, 86_400),
)


def user_config_dir() -> Path:
    """The folder of the user's own `rag.toml`: `RAG_CONFIG`'s, or the platform's."""
    if given := os.environ.get("RAG_CONFIG"):
        return expanded(given).parent
    return _platform_dir("XDG_CONFIG_HOME", ".config", "Library/Application Support", "APPDATA")


def cache_dir() -> Path:
    """The folder of fetched models and caches: `RAG_CACHE`, or the platform's user cache."""
    if given := os.environ.get("RAG_CACHE"):
        return expanded(given)
    return _platform_dir("XDG_CACHE_HOME", ".cache", "Library/Caches", "LOCALAPPDATA")


def _platform_dir(variable: str, unix: str, mac: str, windows: str) -> Path:
    if sys.platform == "win32":
        variable, below = windows, "AppData/Local"
    elif sys.platform == "darwin":
        variable, below = "", mac
    else:
        below = unix
    given = os.environ.get(variable)
    return (Path(given) if given else _home() / below) / "rag"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as exc:
        raise SettingsInvalid(
            "there is no home folder to keep settings and models in: set HOME, or RAG_CONFIG (a "
            "file) and RAG_CACHE (a folder)"
        ) from exc


def expanded(path: str | Path) -> Path:
    """The path with `~` as the home folder; as it is where nobody has that name or no home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def config_file() -> Path:
    """The path of the config file, whether it exists or not (`RAG_CONFIG` overrides)."""
    given = os.environ.get("RAG_CONFIG")
    return expanded(given) if given else user_config_dir() / CONFIG_NAME


def load_settings(
    flags: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings in force: defaults, then the config file, then `RAG_*`, then `flags`.

    A flag that is None was not given; a path may stand for its name. Raises `SettingsInvalid` with
    the name of the setting and where the bad value came from.
    """
    merged: dict[str, Any] = {}
    for name in flags or {}:
        _check_known("", name)
    merged.update(_from_file(config_file()))
    merged.update(_from_environment(os.environ if environment is None else environment))
    given = {k: v for k, v in (flags or {}).items() if v is not None}
    merged.update({k: os.fspath(v) if isinstance(v, os.PathLike) else v for k, v in given.items()})
    return replace(Settings(), **merged)


def _types() -> dict[str, type]:
    kinds: dict[str, type] = {"int": int, "str": str, "bool": bool}
    return {f.name: kinds[str(f.type)] for f in fields(Settings)}


def _from_file(path: Path) -> dict[str, Any]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsInvalid(
            f"config file {path} cannot be read: {exc}; mend or remove it"
        ) from exc
    for name, value in raw.items():
        _check_known(f"config file {path}: ", name)
        _check_type(f"config file {path}: '{name}'", value, _types()[name])
    return raw


def _check_known(where: str, name: str) -> None:
    import difflib

    known = list(_types())
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean '{near[0]}'? " if near else ""
    raise SettingsInvalid(f"{where}unknown setting '{name}'; {meant}Known are {', '.join(known)}")


def _check_type(what: str, value: object, kind: type) -> None:
    if type(value) is not kind:
        expected = {int: "a whole number", bool: "true or false", str: "text"}[kind]
        raise SettingsInvalid(f"{what} is {value!r}, expected {expected}")


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, kind in _types().items():
        value = environment.get(f"RAG_{name.upper()}", "").strip()
        if value:
            found[name] = _parse(f"RAG_{name.upper()}", value, kind)
    return found


def _parse(where: str, value: str, kind: type) -> Any:
    if kind is bool:
        if value.lower() not in ("0", "1", "true", "false", "yes", "no"):
            raise SettingsInvalid(f"{where} is {value!r}, expected 1 or 0")
        return value.lower() in ("1", "true", "yes")
    try:
        return kind(value)
    except ValueError as exc:
        raise SettingsInvalid(f"{where} is {value!r}, expected a number") from exc
