"""A hub on this machine, and a model cache of each test's own."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rag.models.catalogue import Catalogue, parse_catalogue
from rag.settings import Settings


@dataclass
class Hub:
    """Serves `files` by path under any repository; notes each request; breaks off on demand."""

    files: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)  # X-Linked-ETag by path
    status: dict[str, int] = field(default_factory=dict)
    break_after: list[int] = field(default_factory=list)  # bytes sent by the next responses
    requests: list[tuple[str, str | None]] = field(default_factory=list)  # path, Range
    tokens: list[str] = field(default_factory=list)
    url: str = ""

    def add(self, path: str, data: bytes) -> str:
        """Serves `data` at `path`; its SHA-256."""
        self.files[path] = data
        return hashlib.sha256(data).hexdigest()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.split("/resolve/", 1)[-1].split("/", 1)[-1]
            wanted = self.headers.get("Range")
            hub.requests.append((path, wanted))
            if token := self.headers.get("Authorization"):
                hub.tokens.append(token)
            if hub.status.get(path):
                return self.answer(hub.status[path], b"")
            data = hub.files.get(path)
            if data is None:
                return self.answer(404, b"")
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if start >= len(data) and wanted:
                return self.answer(416, b"", {"Content-Range": f"bytes */{len(data)}"}, path)
            return self.answer(206 if wanted else 200, data[start:], {}, path)

        def answer(
            self, code: int, body: bytes, headers: dict[str, str] | None = None, path: str = ""
        ) -> None:
            self.send_response(code)
            data = hub.files.get(path, b"")
            self.send_header("ETag", f'"{hashlib.md5(data).hexdigest()}"')
            if path in hub.tags:
                self.send_header("X-Linked-ETag", f'"{hub.tags[path]}"')
            for key, value in (headers or {}).items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            limit = hub.break_after.pop(0) if hub.break_after and body else len(body)
            self.wfile.write(body[:limit])
            if limit < len(body):
                self.close_connection = True

    return Handler


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "cache"
    monkeypatch.setenv("RAG_CACHE", str(folder))
    monkeypatch.setenv("RAG_CONFIG", str(tmp_path / "config" / "rag.toml"))
    return folder / "models"


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def offline() -> Settings:
    return Settings(offline=True)


@pytest.fixture
def small(hub: Hub) -> Catalogue:
    """A generator of one file on the hub, with its digest."""
    digest = hub.add("tiny.gguf", b"GGUF" + bytes(range(256)) * 400)
    return parse_catalogue(
        f"""
name: tiny
role: generator
licence: none
tested: yes
size: 102404
file: tiny.gguf
  sha256: {digest}
  source: hub:someone/tiny@main/tiny.gguf
"""
    )
