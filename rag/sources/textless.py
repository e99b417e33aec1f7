"""Files that hold no text by their nature: told by their suffix, without opening them.

A folder of a person's own is full of them. They are counted, and nothing is wrong with them; a
file of a kind that does hold text is never among them, whether it can be read here or not.
"""

from __future__ import annotations

from pathlib import PurePath

_IMAGES = (
    ".png .jpg .jpeg .jpe .jfif .gif .bmp .tif .tiff .webp .avif .heic .heif .ico .icns .svg .svgz "
    ".psd .psb .xcf .kra .ai .eps .cr2 .cr3 .nef .arw .dng .orf .rw2 .emf .wmf .tga .dds .exr"
)
_SOUND_AND_FILM = (
    ".mp3 .m4a .m4b .aac .flac .wav .aif .aiff .ogg .oga .opus .wma .mid .midi .amr "
    ".mp4 .m4v .mov .avi .mkv .webm .wmv .flv .mpg .mpeg .3gp .ogv .m2ts .vob"
)
_ARCHIVES = (
    ".zip .gz .tgz .bz2 .tbz .tbz2 .xz .txz .zst .lz .lz4 .lzma .7z .rar .tar .cab .cpio .iso "
    ".img .dmg .vhd .vhdx .vmdk .qcow2 .jar .war .ear .apk .ipa .aab .whl .egg .gem .nupkg .crx "
    ".deb .rpm .pkg .msi .snap .appimage .xpi .vsix"
)
_PROGRAMS = (
    ".exe .dll .so .dylib .a .o .obj .lib .sys .elf .class .pyc .pyo .pyd .wasm .beam "
    ".node .pdb .ilk .rlib .swf"
)
_DATA = (
    ".sqlite .sqlite3 .db .db3 .mdb .accdb .ibd .rdb .ldb .parquet .feather .arrow .orc .avro "
    ".npy .npz .mat .h5 .hdf5 .nc .pkl .pickle .joblib .rds .rdata .sav .dta .sas7bdat .gguf .onnx "
    ".safetensors .pt .pth .ckpt .tflite .faiss .pack"
)
_OTHER = (
    ".ttf .otf .woff .woff2 .eot .pfb .fon .stl .blend .fbx .glb .3ds .dwg .skp .step .stp "
    ".p12 .pfx .jks .keystore .gpg .pgp .sig .torrent .crdownload .swp .lnk"
)
TEXTLESS = frozenset(
    " ".join((_IMAGES, _SOUND_AND_FILM, _ARCHIVES, _PROGRAMS, _DATA, _OTHER)).split()
)
"""The suffixes, lower case, with the dot."""

UNREAD = {
    ".doc": "an old Word file; save it as docx",
    ".dot": "an old Word file; save it as docx",
    ".xls": "an old Excel file; save it as xlsx",
    ".ppt": "an old PowerPoint file; save it as pptx",
    ".pps": "an old PowerPoint file; save it as pptx",
    ".pages": "an Apple Pages file; export it as docx",
    ".numbers": "an Apple Numbers file; export it as xlsx",
    ".msg": "an Outlook message; save it as eml",
    ".pst": "an Outlook archive; export its mails as eml",
    ".mobi": "a Kindle book; convert it to epub",
    ".azw": "a Kindle book; convert it to epub",
    ".azw3": "a Kindle book; convert it to epub",
    ".djvu": "a DjVu file; convert it to PDF",
    ".xps": "an XPS file; convert it to PDF",
    ".xlsb": "a binary Excel file; save it as xlsx",
    ".wpd": "a WordPerfect file; save it as docx",
    ".one": "a OneNote file; export it as docx or PDF",
    ".vsd": "an old Visio file; export it as PDF",
    ".vsdx": "a Visio file; export it as PDF",
    ".pub": "a Publisher file; export it as PDF",
}
"""Kinds that hold text and are not read, with what to do: such a file is reported by name."""


EMPTY = "it is empty"
"""How the reason begins why a file with nothing in it was not read."""


def is_textless(path: PurePath | str) -> bool:
    """Whether a file's suffix says that it holds no text."""
    return PurePath(path).suffix.lower() in TEXTLESS
