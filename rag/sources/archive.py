"""ZIP containers (docx, xlsx, odt, epub ...) and the XML in them, opened with suspicion."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from rag.errors import UnreadableDocument
from rag.sources.limits import (
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    RATIO_FREE_BYTES,
)

if TYPE_CHECKING:
    import zipfile

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


class Archive:
    """The members of a ZIP file, after a look at what they would unpack to."""

    def __init__(self, data: bytes, document: str) -> None:
        self.document = document
        import zipfile

        if data.startswith(_OLE):
            raise UnreadableDocument(
                document,
                "it is encrypted, or in the old format of Microsoft Office: save it as a new "
                "format without a password",
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            members = self._zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as exc:
            raise self._damaged(exc) from exc  # a RuntimeError: a version unknown to zipfile
        self._check(members)
        self.names = frozenset(member.filename for member in members)

    def _check(self, members: list[zipfile.ZipInfo]) -> None:
        unpacked = sum(member.file_size for member in members)
        # The packed size is that of the file, as members of a bomb may share their bytes.
        packed = max(1, self._zip.fp.seek(0, io.SEEK_END) if self._zip.fp else 1)
        largest = max((member.file_size for member in members), default=0)
        if len(members) > MAX_MEMBERS:
            self._refuse(f"{len(members):,} files inside, the limit is {MAX_MEMBERS:,}")
        if unpacked > MAX_UNPACKED_BYTES or largest > MAX_MEMBER_BYTES:
            self._refuse(f"it would unpack to {unpacked:,} bytes")
        if unpacked > RATIO_FREE_BYTES and unpacked / packed > MAX_RATIO:
            self._refuse(f"it would unpack to {unpacked // packed} times its size")
        if any(member.flag_bits & 1 for member in members):
            self._refuse("it is encrypted: save a copy without a password")

    def _refuse(self, reason: str) -> None:
        raise UnreadableDocument(self.document, reason)

    def _damaged(self, exc: Exception) -> UnreadableDocument:
        return UnreadableDocument(self.document, f"damaged or not the format it is named ({exc})")

    def read(self, name: str) -> bytes:
        """The bytes of a member. Raises `UnreadableDocument` where it is missing or damaged."""
        import zipfile
        import zlib

        try:
            return self._zip.read(name)
        except KeyError as exc:
            raise UnreadableDocument(
                self.document, f"damaged or not the format it is named ('{name}' is missing)"
            ) from exc
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as exc:
            raise self._damaged(exc) from exc

    def xml(self, name: str) -> Any:
        """The root element of an XML member."""
        return xml_root(self.read(name), self.document)

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """The relationships of an Open XML part: id -> (kind, member). External ones are left out.

        `part` is a member's name; the empty name stands for the package itself.
        """
        folder, base = posixpath.split(part)
        name = posixpath.join(folder, "_rels", f"{base}.rels")
        if name not in self.names:
            return {}
        found = {}
        for element in self.xml(name).iter(_RELATIONSHIP):
            if element.get("TargetMode") == "External":
                continue
            kind = (element.get("Type") or "").rsplit("/", 1)[-1]
            found[element.get("Id") or ""] = (kind, member_path(folder, element.get("Target")))
        return found

    def part(self, kind: str, of: str = "") -> str | None:
        """The first member that relates to `of` by `kind`, such as `styles`; None without one."""
        targets = (target for its, target in self.related(of).values() if its == kind)
        return next((target for target in targets if target in self.names), None)


def member_path(folder: str, target: str | None) -> str:
    """The name of the member that `target` means in a file of `folder`."""
    path = unquote((target or "").split("#", 1)[0])
    joined = path.lstrip("/") if path.startswith("/") else posixpath.join(folder, path)
    return posixpath.normpath(joined) if joined else ""


def xml_root(data: bytes, document: str) -> Any:
    """The root element of an XML text; nothing outside it is read, no entity is expanded.

    Raises `UnreadableDocument` for what is not well formed and for declared entities.
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as exc:
        raise UnreadableDocument(document, f"damaged: XML that is not well formed ({exc})") from exc
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise UnreadableDocument(document, "it declares XML entities, which are not expanded")
    return root


def local(element: Any) -> str:
    """The name of an element without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str | None:
    """The value of an attribute by its local name, whatever its namespace."""
    for key, value in element.attrib.items():
        if key == name or key.endswith("}" + name):
            return str(value)
    return None


def children(element: Any, name: str) -> Iterator[Any]:
    """The children with a local name."""
    return (child for child in element if local(child) == name)


def child(element: Any, *path: str) -> Any:
    """The first child, grandchild ... by local names; None where one is missing."""
    for name in path:
        element = next(children(element, name), None)
        if element is None:
            return None
    return element
