"""The trained reader: one small ONNX network that points at answers and weighs claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import ModelInvalid
from rag.reading.protocol import NO_TEXT, Entailment, Reading, SpanScore
from rag.reading.windows import MAX_SPAN_TOKENS, distinct, rank, softmax

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = "rag-reader/1"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUTS = ("start_logits", "end_logits", "answerable", "claim")

MAX_FIRST_TOKENS = 64
WINDOW_TOKENS = 224  # of the text, about the longest that training showed
OVERLAP_TOKENS = 64
_BATCH_TOKENS = 2048
_PAD_TO = 16
_CANDIDATES = 24


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of one text's tokens, with the input row that shows it to the network."""

    text: int
    first: int
    last: int
    head: int
    row: list[int]


class MiniLMReader:
    """A `Reader` on ONNX Runtime: float32, no torch, safe to call from several threads.

    Texts longer than 224 tokens are read in windows that overlap by 64. Rows are padded to
    multiples of 16 tokens and run with rows of the same length only, so a result does not depend
    on what else is in the call (beyond rounding, below 1e-4).
    """

    def __init__(
        self, model_path: Path, tokenizer_path: Path, *, name: str, sha256: str, threads: int = 0
    ) -> None:
        """Loads the network; `threads` 0 leaves their number to ONNX Runtime.

        Raises `ModelInvalid` for a file that cannot be loaded, has other inputs or heads, or was
        trained with another vocabulary than that of `tokenizer_path`.
        """
        self._name = name
        self._sha256 = sha256
        self._session = _session(model_path, threads)
        self._tokenizer = _tokenizer(tokenizer_path)
        _check(self._session, self._tokenizer, model_path, tokenizer_path)
        self._cls, self._sep, self._pad = (
            self._tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]", "[PAD]")
        )

    @property
    def name(self) -> str:
        """The reader's name, as in models.txt."""
        return self._name

    @property
    def sha256(self) -> str:
        """The SHA-256 of the weights, as given when it was made."""
        return self._sha256

    def read(self, question: str, texts: Sequence[str], spans: int = 5) -> list[Reading]:
        """One `Reading` for each text, in order.

        Spans are whole words, at most 30 tokens long, and do not overlap each other. A score is
        the sum of the start and the end logit, `null_score` that of the CLS token; of a text read
        in several windows, both are those of the surest window, and spans of the others are
        shifted so that their distance to the null score is kept.
        """
        if spans < 1:
            raise ValueError(f"spans must be at least 1, not {spans}")
        encodings = self._encode(texts)
        windows = self._windows(question, encodings)
        results = self._run(windows)
        by_text: list[list[int]] = [[] for _ in texts]
        for number, window in enumerate(windows):
            by_text[window.text].append(number)
        return [
            _reading(
                text, encoding, [(windows[n], *(r[n] for r in results[:3])) for n in own], spans
            )
            for text, encoding, own in zip(texts, encodings, by_text, strict=True)
        ]

    def support(self, claim: str, evidence: Sequence[str]) -> list[Entailment]:
        """One `Entailment` for each piece of evidence, in order.

        Of evidence read in several windows, the window counts that says most about the claim
        (the least `neither`). Empty evidence supports nothing.
        """
        encodings = self._encode(evidence)
        windows = self._windows(claim, encodings)
        logits = self._run(windows)[3]
        best: list[Entailment] = [Entailment(0.0, 0.0, 1.0) for _ in evidence]
        seen = [False] * len(best)
        for window, row in zip(windows, logits, strict=True):
            found = Entailment(*softmax([float(value) for value in row]))
            if not seen[window.text] or found.neither < best[window.text].neither:
                best[window.text], seen[window.text] = found, True
        return best

    def _encode(self, texts: Sequence[str]) -> list[Any]:
        encoded: list[Any] = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return encoded

    def _windows(self, first: str, encodings: Sequence[Any]) -> list[_Window]:
        ids = self._tokenizer.encode(first, add_special_tokens=False).ids[:MAX_FIRST_TOKENS]
        head = [self._cls, *ids, self._sep]
        out = []
        for number, encoding in enumerate(encodings):
            size = len(encoding.ids)
            begin = 0
            while begin < size:
                end = min(begin + WINDOW_TOKENS, size)
                row = [*head, *encoding.ids[begin:end], self._sep]
                out.append(_Window(number, begin, end, len(head), row))
                if end == size:
                    break
                begin = end - OVERLAP_TOKENS
        return out

    def _run(self, windows: Sequence[_Window]) -> list[list[Any]]:
        """The four outputs, each a list with one entry a window, in the order of `OUTPUTS`."""
        import numpy as np

        results: list[list[Any]] = [[None] * len(windows) for _ in OUTPUTS]
        groups: dict[int, list[int]] = {}
        for number, window in enumerate(windows):
            groups.setdefault(-(-len(window.row) // _PAD_TO) * _PAD_TO, []).append(number)
        for length, members in sorted(groups.items()):
            step = max(1, _BATCH_TOKENS // length)
            for begin in range(0, len(members), step):
                part = members[begin : begin + step]
                ids = np.full((len(part), length), self._pad, np.int64)
                mask = np.zeros_like(ids)
                types = np.zeros_like(ids)
                for place, number in enumerate(part):
                    window = windows[number]
                    ids[place, : len(window.row)] = window.row
                    mask[place, : len(window.row)] = 1
                    types[place, window.head : len(window.row)] = 1
                feeds = dict(zip(INPUTS, (ids, mask, types), strict=True))
                for output, values in enumerate(self._session.run(list(OUTPUTS), feeds)):
                    for place, number in enumerate(part):
                        results[output][number] = values[place]
        return results


def _reading(
    text: str,
    encoding: Any,
    windows: Sequence[tuple[_Window, NDArray[np.float32], NDArray[np.float32], Any]],
    spans: int,
) -> Reading:
    """The best spans over all windows of one text."""
    found: list[tuple[SpanScore, float]] = []  # scored from the null of its window, and that null
    answerable = NO_TEXT
    for window, starts, ends, judged in windows:
        answerable = max(answerable, float(judged))
        null = float(starts[0]) + float(ends[0])
        for score, start, end in _candidates(text, encoding, window, starts, ends):
            found.append((SpanScore(start, end, score - null), null))
    if not found:
        nulls = [float(starts[0]) + float(ends[0]) for _, starts, ends, _ in windows]
        return Reading((), max(nulls, default=0.0), answerable)
    # With the null of its window as that of all, the surest span keeps its own logits: they are
    # compared with those of other texts.
    null = min(found, key=lambda item: rank(item[0]))[1]
    kept = distinct([span for span, _ in found], spans)
    moved = tuple(SpanScore(s.start, s.end, s.score + null) for s in kept)
    return Reading(moved, null, answerable)


def _candidates(
    text: str,
    encoding: Any,
    window: _Window,
    starts: NDArray[np.float32],
    ends: NDArray[np.float32],
) -> list[tuple[float, int, int]]:
    """Spans of one window as (score, start, end) in characters of the text."""
    words = encoding.word_ids[window.first : window.last]
    offsets = encoding.offsets[window.first : window.last]
    size = len(words)
    opens = [i for i in range(size) if i == 0 or words[i] != words[i - 1]]
    closes = {i for i in range(size) if i + 1 == size or words[i] != words[i + 1]}
    begin = [float(value) for value in starts[window.head : window.head + size]]
    stop = [float(value) for value in ends[window.head : window.head + size]]
    opens.sort(key=lambda i: (-begin[i], i))
    out = []
    for i in opens[:_CANDIDATES]:
        for j in range(i, min(i + MAX_SPAN_TOKENS, size)):
            start, end = offsets[i][0], offsets[j][1]
            if j in closes and start < end:
                out.append((begin[i] + stop[j], start, end))
    out.sort(key=lambda item: (-item[0], item[1], item[2]))
    # A comma or a dash alone can score well beside an answer, but is none.
    return [item for item in out[:400] if any(c.isalnum() for c in text[item[1] : item[2]])]


def _session(path: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The weights are stored small and widened once, at load: fold that into constants.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    # Waiting threads that spin take the cores from whoever else works here.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises unrelated classes
        raise ModelInvalid(
            f"the reader's network cannot be loaded: {path} ({error}). "
            "Fetch it again (`rag models verify`) or name another with --reader."
        ) from error


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception
        raise ModelInvalid(
            f"the reader's tokenizer cannot be loaded: {path} ({error}). "
            "Fetch it again (`rag models verify`) or name another reader with --reader."
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _check(session: Any, tokenizer: Any, model_path: Path, tokenizer_path: Path) -> None:
    """Raises `ModelInvalid` unless network and tokenizer are a reader's and fit each other."""
    inputs = {value.name for value in session.get_inputs()}
    outputs = {value.name: value.shape for value in session.get_outputs()}
    advice = "Name a reader made by `python -m rag.training` with --reader, or `--reader none`."
    if inputs != set(INPUTS) or not set(OUTPUTS) <= set(outputs) or outputs["claim"][-1] != 3:
        raise ModelInvalid(
            f"the network has other inputs or heads than a reader: {model_path} "
            f"(inputs {sorted(inputs)}, outputs {sorted(outputs)}). {advice}"
        )
    notes = session.get_modelmeta().custom_metadata_map
    if notes.get("format") != FORMAT:
        raise ModelInvalid(
            f"the network does not say that it is a reader: {model_path} "
            f"(format {notes.get('format')!r}, expected {FORMAT!r}). {advice}"
        )
    size = tokenizer.get_vocab_size()
    missing = [t for t in ("[CLS]", "[SEP]", "[PAD]") if tokenizer.token_to_id(t) is None]
    if missing or str(size) != notes.get("vocabulary"):
        raise ModelInvalid(
            f"the tokenizer does not fit the network: {tokenizer_path} has {size} entries, "
            f"{model_path.name} was trained with {notes.get('vocabulary')}. {advice}"
        )
