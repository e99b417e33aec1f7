"""Downloads a file from the Hugging Face hub, going on where an earlier try stopped.

`HF_ENDPOINT` names another server of the same form (a mirror); `HF_TOKEN` is sent to it for
repositories that ask for one. A try is noted beside the partial file with what the server says
the file is (its entity tag), so that two versions of a file are never joined.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from rag.errors import ModelUnavailable
from rag.models.cache import drop_part, part_path, read_state, write_state
from rag.models.entries import HubSource
from rag.models.progress import Progress

if TYPE_CHECKING:
    import httpx

DEFAULT_ENDPOINT = "https://huggingface.co"
_TRIES = 3


class HubSilent(ModelUnavailable):
    """The hub cannot be reached at all; asking it for a further file is of no use."""


def hub_url(source: HubSource) -> str:
    """The address of a file on the hub, or on the server that `HF_ENDPOINT` names."""
    endpoint = (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")
    return (
        f"{endpoint}/{source.repository}/resolve/{quote(source.revision, safe='')}/"
        f"{quote(source.path)}"
    )


def fetch_from_hub(
    source: HubSource, target: Path, name: str, progress: Progress | None = None
) -> str | None:
    """Brings the whole file to `part_path(target)`; the SHA-256 the hub states, or None.

    A connection that breaks is tried again from where it broke; what is there stays for the next
    call. Raises `ModelUnavailable` with the server's answer, `HubSilent` if there is none,
    `OSError` for a disk that is full.
    """
    import httpx

    url = hub_url(source)
    timeout = httpx.Timeout(60.0, connect=10.0)
    with httpx.Client(follow_redirects=True, timeout=timeout) as client:
        tried = 0
        while True:
            tried += 1
            try:
                return _download(client, url, source, target, name, progress)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as exc:
                raise HubSilent(f"{source}: {url} cannot be reached ({exc})") from exc
            except httpx.TransportError as exc:
                if tried == _TRIES:
                    raise ModelUnavailable(
                        f"{source}: the transfer broke off ({exc or type(exc).__name__}); what "
                        "came is kept, and the next try goes on from there"
                    ) from exc
            except (httpx.HTTPError, httpx.InvalidURL) as exc:
                raise ModelUnavailable(f"{source}: {exc}") from exc


def _download(
    client: httpx.Client,
    url: str,
    source: HubSource,
    target: Path,
    name: str,
    progress: Progress | None,
) -> str | None:
    part = part_path(target)
    state = read_state(target)
    have = 0
    if state.get("source") == url and state.get("tag") and part.is_file():
        have = part.stat().st_size
    # What another source left is only replaced once this one sends something.
    # Compressed transfers would make byte positions meaningless.
    headers = {"Accept-Encoding": "identity"}
    if token := os.environ.get("HF_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    if have:
        headers["Range"] = f"bytes={have}-"
    with client.stream("GET", url, headers=headers) as response:
        tag, stated = _identity(response)
        if have and (response.status_code == 416 or tag != state.get("tag")):
            # A 416 on a whole file cannot be told from a changed one: start over either way.
            if response.status_code == 416 and _whole(response) == have and tag == state.get("tag"):
                return stated
            drop_part(target)
            return _download(client, url, source, target, name, progress)
        _check_status(response, source)
        if response.status_code != 206:
            have = 0
        write_state(target, {"source": url, "tag": tag})
        _receive(response, part, have, name, progress)
    return stated


def _receive(
    response: httpx.Response, part: Path, have: int, name: str, progress: Progress | None
) -> None:
    import httpx

    length = response.headers.get("Content-Length", "")
    total = have + int(length) if length.isdigit() else 0
    done = have
    with part.open("r+b" if have else "wb") as file:
        file.seek(have)
        file.truncate()
        if progress:
            progress(name, done, total)
        # Raw and unbuffered: what came before a connection breaks is kept to the last byte.
        for block in response.iter_raw():
            file.write(block)
            done += len(block)
            if progress:
                progress(name, done, total)
    if total and done != total:
        raise httpx.RemoteProtocolError(f"{done} of {total} bytes came")


def _identity(response: httpx.Response) -> tuple[str, str | None]:
    """What the server says the file is: a tag, and its SHA-256 where the tag is one.

    The hub states the SHA-256 of large files in `X-Linked-ETag` of its first answer; the store it
    redirects to has tags of its own.
    """
    first = (*response.history, response)[0]
    tag = first.headers.get("X-Linked-ETag") or first.headers.get("ETag") or ""
    tag = tag.removeprefix("W/").strip('"')
    return tag, tag.lower() if re.fullmatch(r"[0-9a-fA-F]{64}", tag) else None


def _whole(response: httpx.Response) -> int:
    """The file's length according to a 416 answer (`Content-Range: bytes */N`); -1 if unsaid."""
    with suppress(ValueError):
        return int(response.headers.get("Content-Range", "").rpartition("/")[2])
    return -1


def _check_status(response: httpx.Response, source: HubSource) -> None:
    code = response.status_code
    if code in (200, 206):
        return
    if code in (401, 403):
        raise ModelUnavailable(
            f"{source}: the hub refuses access ({code}): accept the model's licence on its page "
            "there and put your access token into HF_TOKEN"
        )
    if code == 404:
        raise ModelUnavailable(f"{source}: the hub has no such file (404): correct models.txt")
    raise ModelUnavailable(f"{source}: the hub answered {code}: try again later")
