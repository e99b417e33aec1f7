"""The plain retrieval script that `rag ask` is compared with, and the comparison.

Dense top 4 passages of about 180 words, the same language model and number of threads, one chat
completion that is asked to cite. Both answer the same questions, one after the other, in one
process, so that the ratio of the medians means something on a busy machine too.

    python eval/benchmarks/plain_script.py eval/ --limit 20 --threads 2
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

PASSAGE_WORDS = 180
PASSAGES = 4
MAX_TOKENS = 200
PROMPT = (
    "Answer the question using only the numbered passages. Cite the passages you use, such as "
    "[1]. If the passages do not hold the answer, say that the documents do not say."
)


class PlainScript:
    """Retrieves by embedding alone and asks the model once."""

    def __init__(self, texts: dict[str, str], model: Path, embedder: str, threads: int) -> None:
        from llama_cpp import Llama
        from sentence_transformers import SentenceTransformer

        self.passages = [
            (name, " ".join(words[i : i + PASSAGE_WORDS]))
            for name, words in ((n, t.split()) for n, t in texts.items())
            for i in range(0, len(words), PASSAGE_WORDS)
        ]
        self.embedder = SentenceTransformer(embedder, device="cpu")
        self.vectors = self.embedder.encode(
            [text for _, text in self.passages], normalize_embeddings=True
        )
        self.model = Llama(
            str(model), n_ctx=4096, n_threads=threads, n_threads_batch=threads, verbose=False
        )

    def ask(self, question: str, scope: Sequence[str] | None) -> tuple[str, list[str]]:
        """The model's answer and the names of the passages it was shown."""
        scores = self.vectors @ self.embedder.encode(question, normalize_embeddings=True)
        order = sorted(range(len(scores)), key=lambda i: -scores[i])
        if scope:
            order = [i for i in order if self.passages[i][0] in scope]
        shown = [self.passages[i] for i in order[:PASSAGES]]
        listed = "\n\n".join(f"[{n}] {text}" for n, (_, text) in enumerate(shown, 1))
        reply = self.model.create_chat_completion(
            [
                {"role": "system", "content": PROMPT},
                {"role": "user", "content": f"{listed}\n\nQuestion: {question}"},
            ],
            temperature=0.0,
            max_tokens=MAX_TOKENS,
        )
        return reply["choices"][0]["message"]["content"], [name for name, _ in shown]


def says(answer: str, accepted: Sequence[str]) -> bool:
    """Whether an accepted answer stands in the answer as whole words."""
    plain = f" {_plain(answer)} "
    return any(f" {_plain(a)} " in plain for a in accepted if _plain(a))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", re.sub(r"\[\d+\]", " ", text.lower())))


def main() -> None:
    """Runs both on the same questions and prints medians, their ratio, and what was right."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("set", type=Path, help="an evaluation set: docs/ and questions.jsonl")
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b-instruct")
    options = parser.parse_args()

    import rag
    from rag.models import resolve
    from rag.settings import load_settings

    settings = load_settings({"model": options.model, "threads": options.threads})
    lines = (options.set / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    step = max(1, len(rows) // options.limit)
    rows = rows[options.skip :: step][: options.limit]
    with tempfile.TemporaryDirectory() as folder:
        index = rag.build(options.set / "docs", Path(folder) / "index", settings=settings)
        texts = {name: index.document(name).text for name in index.documents()}
        plain = PlainScript(
            texts,
            resolve(settings.model, "generator", settings).weights,
            str(resolve(settings.embedder, "embedder", settings).weights.parent),
            options.threads,
        )
        stems = {Path(name).stem: name for name in texts}
        index.ask(rows[0]["question"])  # both warm
        plain.ask(rows[0]["question"], None)
        seconds: dict[str, list[float]] = {"plain": [], "rag": []}
        right = {"plain": 0, "rag": 0}
        for row in rows:
            scope = [stems.get(s, s) for s in row.get("scope", [])] or None
            began = time.perf_counter()
            text, _ = plain.ask(row["question"], scope)
            between = time.perf_counter()
            answer = index.ask(row["question"], scope=scope)
            done = time.perf_counter()
            seconds["plain"].append(between - began)
            seconds["rag"].append(done - between)
            if row["answerable"]:
                right["plain"] += says(text, row["answers"])
                right["rag"] += says(answer.answer, row["answers"])
            else:
                right["plain"] += "do not say" in text.lower()
                right["rag"] += answer.status == "not_found"
        index.close()
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(
        json.dumps(
            {
                "set": str(options.set),
                "questions": len(rows),
                "model": settings.model,
                "threads": options.threads,
                "median_seconds": {k: round(v, 2) for k, v in medians.items()},
                "ratio": round(medians["plain"] / medians["rag"], 2),
                "right_or_rightly_refused": {k: round(v / len(rows), 3) for k, v in right.items()},
                "slower_than_plain": sum(
                    r > p for r, p in zip(seconds["rag"], seconds["plain"], strict=True)
                ),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
