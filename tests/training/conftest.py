"""A reader small enough to train within a test: its own vocabulary, one layer, width 16."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.evaluation.items import Gold
from rag.training.own import Task
from rag.types import Hit, Passage, Span

WORDS = str.split(
    "the a of in to was is who what when where did city king river built by year near not many "
    "paris london rome egypt france britain henry mary anna 1 2 3 19 20 45 . , ? ( ) ' -"
)
TEXT = "The mill at Thorn was built by Ada Moss in 1790. It burnt down. Nobody was hurt."
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def write_tokenizer(path: Path) -> int:
    """Writes a lower-casing WordPiece tokenizer; the number of its entries."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    entries += [c for c in LETTERS if c not in entries] + [f"##{c}" for c in LETTERS]
    vocabulary = {entry: number for number, entry in enumerate(entries)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.save(str(path))
    return len(entries)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny encoder and its tokenizer, as --base takes it."""
    from transformers import BertConfig, BertModel, set_seed

    folder = tmp_path_factory.mktemp("base")
    size = write_tokenizer(folder / "tokenizer.json")
    set_seed(1)
    config = BertConfig(
        vocab_size=size,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=400,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def hit(document: str, text: str, rank: int, start: int = 0) -> Hit:
    """A passage of one sentence, as the search gives it."""
    span = Span(start, start + len(text))
    return Hit(Passage(f"{document}{start}", document, span, text, (span,)), rank, 1.0 / rank)


def task(number: int, *, answerable: bool = True, answers: tuple[str, ...] = ("Ada Moss",)) -> Task:
    """A question whose answer stands in the last of five passages."""
    document = f"d{number}"
    at = TEXT.index("Ada Moss")
    gold = (Gold(document, at, at + 8, "Ada Moss", document=document),) if answerable else ()
    hits = tuple(hit(f"x{number}", f"Other text {n}.", n + 1, 100 * n) for n in range(4))
    return Task(
        str(number), "Who built it?", answerable, answers, gold, (*hits, hit(document, TEXT, 5))
    )
