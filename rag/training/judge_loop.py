"""Trains the heads of a judge together with the adapter under them."""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.calibration import auroc, log_loss
from rag.errors import SettingsInvalid
from rag.training.adapted import Adapted
from rag.training.files import whole

if TYPE_CHECKING:
    import torch

BATCH_TOKENS = 1100


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run depends on; the rate falls linearly to zero after 20 steps of warming up."""

    layer: int
    first: int
    rank: int = 8
    scale: float = 2.0
    rate: float = 3e-4
    head_rate: float = 1e-4
    seed: int = 13
    start: str = ""  # the SHA-256 of the adapter that is gone on from


@dataclass(frozen=True, slots=True)
class Row:
    """A judgement as tokens behind its constant prefix."""

    claim: bool
    tokens: tuple[int, ...]
    right: bool
    source: str
    held_out: bool
    passage: bool = False


def batches(rows: Sequence[Row], seed: int) -> list[list[Row]]:
    """Rows of one kind and of like length together, the batches in a seeded order."""
    rng = random.Random(seed)
    found = []
    for claim in (False, True):
        own = [r for r in rows if r.claim == claim]
        rng.shuffle(own)
        for begin in range(0, len(own), 400):  # sorted only among a few, so that order stays mixed
            batch: list[Row] = []
            for row in sorted(own[begin : begin + 400], key=lambda r: len(r.tokens)):
                if batch and len(row.tokens) * (len(batch) + 1) > BATCH_TOKENS:
                    found.append(batch)
                    batch = []
                batch.append(row)
            if batch:
                found.append(batch)
    rng.shuffle(found)
    return found


# Weights and intercept on states as they are, of candidates and of claims; None: to be learnt.
Heads = Sequence[tuple[Sequence[float], float] | None]


class Judge:
    """The adapted model with its two heads, on states made even by `mean` and `spread`."""

    def __init__(self, model: Adapted, prefixes: Sequence[Sequence[int]]) -> None:
        import torch

        self.model = model
        self._prefixes = [model.prefix(tokens) if tokens else [] for tokens in prefixes]
        self.mean = [torch.zeros(model.width) for _ in prefixes]
        self.spread = [torch.ones(model.width) for _ in prefixes]
        self.weights = [torch.zeros(model.width, requires_grad=True) for _ in prefixes]
        self.intercept = [torch.zeros(1, requires_grad=True) for _ in prefixes]

    def measure(self, rows: Sequence[Row]) -> None:
        """Takes mean and spread from the states of some rows."""
        import torch

        for claim in (False, True):
            own = sorted((r for r in rows if r.claim == claim), key=lambda r: len(r.tokens))
            if own:
                with torch.no_grad():
                    parts = [self.states(own[i : i + 8]) for i in range(0, len(own), 8)]
                states = torch.cat(parts)
                self.mean[claim] = states.mean(0)
                self.spread[claim] = states.std(0).clamp_min(1e-3)

    def begin(self, heads: Heads) -> None:
        """Takes heads on states as they are (see `head`), after `measure`; None leaves its own."""
        import torch

        with torch.no_grad():
            for own, bias, mean, spread, head in zip(
                self.weights, self.intercept, self.mean, self.spread, heads, strict=True
            ):
                if head is not None:
                    weights = torch.tensor(head[0])
                    own.copy_(weights * spread)
                    bias.fill_(head[1] + float(weights @ mean))

    def states(self, rows: Sequence[Row]) -> torch.Tensor:
        """The states of rows of one kind."""
        return self.model.states(self._prefixes[rows[0].claim], [r.tokens for r in rows])

    def logits(self, rows: Sequence[Row]) -> torch.Tensor:
        """The logits of rows of one kind, shape (rows,)."""
        claim = rows[0].claim
        even = (self.states(rows) - self.mean[claim]) / self.spread[claim]
        return even @ self.weights[claim] + self.intercept[claim]

    def kept(self) -> dict[str, Any]:
        """All that training changes, and what states are made even by."""
        return {
            "adapter": self.model.weights(),
            "mean": self.mean,
            "spread": self.spread,
            "weights": [w.detach() for w in self.weights],
            "intercept": [b.detach() for b in self.intercept],
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Takes back what `kept` gave."""
        import torch

        self.model.restore(kept["adapter"])
        self.mean, self.spread = kept["mean"], kept["spread"]
        with torch.no_grad():
            for own, saved in zip(
                self.weights + self.intercept, kept["weights"] + kept["intercept"], strict=True
            ):
                own.copy_(saved)

    def head(self, claim: bool) -> tuple[list[float], float]:
        """Weights and intercept of a head on states as they are."""
        weights = self.weights[claim].detach() / self.spread[claim]
        intercept = self.intercept[claim].detach() - weights @ self.mean[claim]
        return weights.tolist(), float(intercept)


def train(
    judge: Judge,
    rows: Sequence[Row],
    out: Path,
    plan: Plan,
    seconds: float,
    heads: Heads = (None, None),
) -> bool:
    """One pass over the rows, and whether its end was reached within some seconds.

    Begins with `heads`, of candidates and of claims, on the adapter that the judge's model has.

    Goes on from ``out/state.pt``, which is written every two minutes and where it stops. Raises
    `SettingsInvalid` where that is the state of another run.
    """
    import torch

    order = batches(rows, plan.seed)
    run = hashlib.sha256(repr((plan, judge.model.width, order)).encode()).hexdigest()
    optimizer = torch.optim.AdamW(
        [
            {"params": judge.model.parameters(), "lr": plan.rate, "full": plan.rate},
            {"params": judge.weights + judge.intercept, "lr": 0.0, "full": plan.head_rate},
        ],
        betas=(0.9, 0.98),
        weight_decay=0.01,
    )
    state, step = out / "state.pt", 0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        if saved["run"] != run:
            raise SettingsInvalid(
                f"{state} is of a run with other rows, options or another model: repeat its "
                "command, or name another folder"
            )
        judge.restore(saved["judge"])
        optimizer.load_state_dict(saved["optimizer"])
        step = saved["step"]
    else:
        judge.measure(random.Random(plan.seed).sample(rows, min(160, len(rows))))
        judge.begin(heads)
    began = last = time.monotonic()
    seen: list[float] = []
    while step < len(order) and time.monotonic() - began < seconds:
        batch = order[step]
        for group in optimizer.param_groups:
            group["lr"] = group["full"] * min((step + 1) / 20, 1 - step / len(order))
        right = torch.tensor([float(r.right) for r in batch])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(judge.logits(batch), right)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(judge.model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        seen.append(float(loss.detach()))
        if step % 10 == 0:
            pace = (time.monotonic() - began) / len(seen)
            say(
                {
                    "step": step,
                    "of": len(order),
                    "loss": round(sum(seen[-20:]) / len(seen[-20:]), 4),
                    "seconds a step": round(pace, 2),
                }
            )
        if time.monotonic() - last > 120:
            _save(state, run, judge, optimizer, step)
            last = time.monotonic()
    _save(state, run, judge, optimizer, step)
    return step == len(order)


def _save(state: Path, run: str, judge: Judge, optimizer: Any, step: int) -> None:
    import torch

    kept = {"run": run, "judge": judge.kept(), "optimizer": optimizer.state_dict(), "step": step}
    with whole(state) as part:
        torch.save(kept, part)


def measured(judge: Judge, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """AUROC and log loss of the held-out rows, by kind and by set."""
    import torch

    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for batch in batches([r for r in rows if r.held_out], 0):
        with torch.no_grad():
            logits = judge.logits(batch)
        for row, chance in zip(batch, torch.sigmoid(logits).tolist(), strict=True):
            kind = "claims" if row.claim else "passages" if row.passage else "candidates"
            found[kind].append((chance, row.right))
            found[row.source].append((chance, row.right))
    figures: dict[str, dict[str, float]] = {}
    for name, pairs in sorted(found.items()):
        chances, right = [p[0] for p in pairs], [p[1] for p in pairs]
        figures[name] = {"n": len(pairs), "right": sum(right)}
        if 0 < sum(right) < len(right):
            figures[name]["auroc"] = round(auroc(chances, right), 4)
            figures[name]["log_loss"] = round(log_loss(chances, right), 4)
    return figures


def say(facts: dict[str, Any]) -> None:
    """Prints facts as a line of JSON, at once."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
