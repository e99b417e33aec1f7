"""An answer's receipt: everything needed to check it again, and to make it again.

A receipt is one JSON file. `replay` checks its citations against the documents without any model;
with `generate` it asks again and says what differs.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import __version__
from rag.errors import RagError, ReceiptInvalid
from rag.json_form import answer_json
from rag.types import Answer, Considered

if TYPE_CHECKING:
    from rag.opened import Index

FORMAT = 1
_PACKAGES = ("llama-cpp-python", "onnxruntime", "faiss-cpu", "numpy", "tokenizers")
_COMPARED = ("status", "answer", "confidence", "sentences", "citations", "removed", "missing")
_TOLD = 4
_OPTIONS = ("quote", "k", "path", "formats", "since", "until", "scope")  # of `Index.ask`
_SETTINGS = (
    "embedder", "reader", "model", "threads", "gpu_layers", "seed", "passage_tokens",
    "overlap_tokens", "retrieve_k", "read_k", "evidence_tokens",
)  # fmt: skip

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found. `holds`: every citation (and, if asked for, every byte) is as recorded.

    `differs` says what is not, one thing a line; a changed index alone does not break a citation.
    """

    question: str
    holds: bool
    differs: tuple[str, ...]


def receipt_of(answer: Answer, index: Index, options: Mapping[str, Any]) -> Json:
    """The receipt of an answer as JSON."""
    form = answer_json(answer)
    form.pop("timings_ms")
    form.pop("hits")
    return {
        "format": FORMAT,
        "answer": form,
        "citation_hashes": {str(c.marker): _sha(c.quote) for c in answer.citations},
        "evidence": [_evidence(c) for c in answer.considered],
        "prompts": _prompts(answer),
        "notes": list(answer.notes),
        "options": {k: v for k, v in options.items() if v is not None},
        "settings": {k: v for k, v in asdict(index.settings).items() if k in _SETTINGS},
        "machine": _machine(),
        "output_sha256": _output(form),
    }


def write_receipt(path: Path, answer: Answer, index: Index, options: Mapping[str, Any]) -> None:
    """Writes the receipt of an answer, readable by its owner only.

    It holds quoted text. Raises `RagError` where the file cannot be written.
    """
    text = json.dumps(receipt_of(answer, index, options), ensure_ascii=False, indent=1) + "\n"
    path = Path(path)
    partial = path.with_name(path.name + ".part")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # a lone surrogate: its escape
        partial.replace(path)
    except OSError as exc:
        partial.unlink(missing_ok=True)
        raise RagError(
            f"the receipt {path} cannot be written ({exc.strerror}): give another place"
        ) from exc


def read_receipt(path: Path) -> Json:
    """A receipt's JSON. Raises `ReceiptInvalid` where it is not one, or of a later format."""
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise ReceiptInvalid(
            f"the receipt {path} cannot be read ({reason}): give a file that "
            "`rag ask --receipt FILE` wrote"
        ) from exc
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        found = raw.get("format") if isinstance(raw, dict) else type(raw).__name__
        raise ReceiptInvalid(
            f"{path} is not a receipt of format {FORMAT} (found: {found}): write it again with "
            "`rag ask --receipt FILE`"
        )
    answer = raw.get("answer")
    if not isinstance(answer, dict) or not _has_citations(answer):
        raise ReceiptInvalid(
            f"the receipt {path} lacks its answer or citations: write it again with "
            "`rag ask --receipt FILE`"
        )
    return raw


def replay(path: Path, index: Index, *, generate: bool = False) -> Replay:
    """The result of checking a receipt against an index as it is now.

    Without a model: each cited span is looked up again and compared with its recorded text and
    hash. With `generate` the question is asked again, with the recorded options, and what is not
    the same is named. Raises `ReceiptInvalid`.
    """
    receipt = read_receipt(path)
    answer = receipt["answer"]
    broken = [line for c in answer["citations"] if (line := _check(c, receipt, index))]
    remarks = []
    if index.digest != answer.get("index", {}).get("digest"):
        remarks.append("the index is not the recorded one: documents or settings have changed")
    if _output(answer) != receipt.get("output_sha256"):
        broken.append("the receipt itself was altered: its answer does not have the recorded hash")
    if generate:
        broken += _regenerate(receipt, index)
    return Replay(str(answer["question"]), not broken, (*broken, *remarks))


def _check(citation: Mapping[str, Any], receipt: Json, index: Index) -> str:
    marker, name = citation["marker"], citation["document"]
    start, end, quote = citation["start"], citation["end"], citation["quote"]
    try:
        text = index.document(name).text
    except RagError:
        return f"[{marker}] the document {name} is no longer in the index"
    if text[start:end] != quote:
        where = text.find(quote)
        if where >= 0:
            return f"[{marker}] {name}: the quoted text now stands at {where}, not at {start}"
        return f"[{marker}] {name}:{start}-{end} no longer says what was quoted"
    if receipt.get("citation_hashes", {}).get(str(marker)) != _sha(quote):
        return f"[{marker}] the quotation does not have the recorded hash"
    return ""


def _regenerate(receipt: Json, index: Index) -> list[str]:
    recorded = receipt["answer"]
    given = receipt.get("options")
    options = {k: v for k, v in (given or {}).items() if k in _OPTIONS}
    again = receipt_of(index.ask(recorded["question"], **options), index, options)
    fresh = again["answer"]
    differs = [
        f"{key} is now {_short(fresh.get(key))}, was {_short(recorded.get(key))}"
        for key in _COMPARED
        if fresh.get(key) != recorded.get(key)
    ]
    if not differs:
        return []
    causes = [
        f"{name}: {_changes(before, now)}"
        for name, before, now in (
            ("the model", recorded.get("model"), fresh.get("model")),
            ("the reader", recorded.get("reader"), fresh.get("reader")),
            ("the settings", receipt.get("settings"), again["settings"]),
            ("the machine", receipt.get("machine"), again["machine"]),
            ("the prompts", receipt.get("prompts"), again["prompts"]),
        )
        if before != now
    ]
    return differs + causes


def _changes(before: object, now: object) -> str:
    """Which parts are not the same, a few of them with what they were and are."""
    old, new = dict(_flat(before)), dict(_flat(now))
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    told = [
        f"{key} is now {_short(new.get(key), 40)}, was {_short(old.get(key), 40)}"
        for key in keys[:_TOLD]
    ]
    more = [f"{len(keys) - _TOLD} more"] if len(keys) > _TOLD else []
    return "; ".join([*told, *more])


def _flat(value: object, under: str = "") -> Iterator[tuple[str, object]]:
    """The leaves of nested objects and lists with their dotted names."""
    if isinstance(value, Mapping):
        parts = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, list):
        parts = [(str(number), part) for number, part in enumerate(value, 1)]
    else:
        yield under or "it", value
        return
    for key, part in parts:
        yield from _flat(part, f"{under}.{key}" if under else key)


def _prompts(answer: Answer) -> Json:
    """The constant prompts and what judges by hash, the changing part of each prompt in order."""
    from rag.generation.heads import head_digest, prompt_digest
    from rag.generation.judging import CLAIM_PREFIX, PREFIX
    from rag.generation.wording import PREFIX as WORDING
    from rag.generation.wording import YES_NO_PREFIX

    constant = {
        "judge": PREFIX,
        "claim": CLAIM_PREFIX,
        "word": WORDING,
        "yes_no": YES_NO_PREFIX,
    }
    hashes = {name: prompt_digest(prefix) for name, prefix in constant.items()}
    if head := head_digest(answer.model.name):
        hashes["head"] = head
    return {"constant_sha256": hashes, "asked": list(answer.prompts)}


def _evidence(considered: Considered) -> Json:
    return {
        "document": considered.document,
        "start": considered.span.start,
        "end": considered.span.end,
        "sha256": _sha(considered.text),
        "signals": dict(considered.signals),
        "outcome": considered.outcome,
    }


def _machine() -> Json:
    versions = {"rag": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {"platform": platform.platform(), "processor": platform.machine(), "versions": versions}


def _has_citations(answer: Mapping[str, Any]) -> bool:
    citations = answer.get("citations")
    wanted = ("marker", "document", "start", "end", "quote")
    return (
        isinstance(answer.get("question"), str)
        and isinstance(citations, list)
        and all(isinstance(c, dict) and all(k in c for k in wanted) for c in citations)
        and all(isinstance(c[k], int) for c in citations for k in ("marker", "start", "end"))
        and all(isinstance(c[k], str) for c in citations for k in ("document", "quote"))
    )


def _output(form: Mapping[str, Any]) -> str:
    kept = {key: form.get(key) for key in ("question", *_COMPARED)}
    return _sha(json.dumps(kept, sort_keys=True, ensure_ascii=False))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _short(value: object, chars: int = 160) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= chars else text[: chars - 3] + "..."
