"""The training loop: seeded, stopped at any time, resumed to the same result."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import SettingsInvalid
from rag.training.features import Features, batches
from rag.training.files import whole
from rag.training.network import build, losses


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run depends on. The rate is warmed up, kept, then cooled linearly to zero.

    ``cool_step`` is the step where cooling begins, ``last_step`` where the run ends (0: the end
    of the stream, cooling over its last 40 %). ``average`` is the decay of an exponential moving
    average of the weights, kept beside them and written to ``average.pt`` at the end (0: none).
    ``layers`` keeps only the first layers of the base (0: all). ``bfloat16`` is used where the
    machine has instructions for it.
    """

    seed: int = 13
    rate: float = 2.5e-4
    embedding_rate: float = 6e-5
    warmup_steps: int = 100
    cool_step: int = 0
    last_step: int = 0
    batch_tokens: int = 2560
    bfloat16: bool = True
    average: float = 0.0
    weight_decay: float = 0.01
    answerable_weight: float = 0.5
    shared_norm_weight: float = 0.4
    claim_weight: float = 0.8
    layers: int = 0


def rate_factor(plan: Plan, step: int, cool_step: int, last_step: int) -> float:
    """The share of the full learning rate at ``step`` (from 0)."""
    if step < plan.warmup_steps:
        return (step + 1) / plan.warmup_steps
    if step < cool_step:
        return 1.0
    return max(0.0, (last_step - step) / max(1, last_step - cool_step))


def train(
    features: Features,
    base: Path | None,
    folder: Path,
    plan: Plan,
    *,
    start: Path | None = None,
    device: str = "cpu",
    save_seconds: float = 300.0,
    say: Callable[[str], None] = print,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """The path of the final weights (``final.pt``), after training on the whole stream.

    ``base`` and ``start`` as in ``network.build``, ``device`` as ``device_of`` gives it;
    ``progress`` is told the step and the last one.

    Saves weights, optimiser and step to ``folder/state.pt`` every ``save_seconds`` and continues
    from there when called again. Order, batches and rates depend on the plan and the step
    alone, so a run that was stopped ends with the weights of one that was not (on one machine
    with one number of threads, as far as its kernels are deterministic).
    """
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    order = batches(features, plan.batch_tokens, plan.seed)
    last_step = min(plan.last_step or len(order), len(order))
    cool_step = plan.cool_step or int(0.6 * last_step)
    network = build(base, plan.seed, start, layers=plan.layers).to(device)
    optimizer = _optimizer(network, plan)
    average = _Average(network, plan.average) if plan.average else None
    step = _resume(folder / "state.pt", network, optimizer, average)
    half = plan.bfloat16 and has_bfloat16(device)
    facts = {"steps": len(order), "last": last_step, "cool": cool_step, "from": step}
    say(json.dumps({**facts, "device": device, "bfloat16": half}))
    weights = {
        "answerable": plan.answerable_weight,
        "shared_norm": plan.shared_norm_weight,
        "claim": plan.claim_weight,
    }
    began = saved = time.monotonic()
    seen, shown, tokens = 0.0, 0, 0
    while step < last_step:
        factor = rate_factor(plan, step, cool_step, last_step)
        for group in optimizer.param_groups:
            group["lr"] = group["full_rate"] * factor
        batch = _moved(collate(features, order[step]), device)
        with torch.autocast(device, torch.bfloat16, enabled=half):
            outputs = network(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
        loss = losses(outputs, batch, weights)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        if progress:
            progress(step, last_step)
        if average:
            average.update()
        seen, shown = seen + float(loss.detach()), shown + 1
        tokens += int(batch["attention_mask"].sum())
        if step % 20 == 0:
            pace = tokens / (time.monotonic() - began)
            say(f"step {step} loss {seen / shown:.4f} rate {factor:.3f} tokens/s {pace:.0f}")
            seen, shown = 0.0, 0
        if time.monotonic() - saved > save_seconds:
            _save(folder, network, optimizer, average, step, plan)
            saved = time.monotonic()
    _save(folder, network, optimizer, average, step, plan)
    final = folder / "final.pt"
    if average:
        with whole(folder / "average.pt") as part:
            torch.save(_on_cpu(average.state), part)
    with whole(final) as part:
        torch.save(_on_cpu(network.state_dict()), part)
    return final


def device_of(wanted: str) -> str:
    """The device to train on: ``auto`` is a GPU where torch finds one, else the processor.

    Raises ``SettingsInvalid`` where a GPU is wanted and torch finds none.
    """
    import torch

    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise SettingsInvalid(
            "torch finds no GPU: leave --device, or install a build of torch for it "
            "(constraints.txt says how)"
        )
    return "cuda" if there and wanted != "cpu" else "cpu"


def has_bfloat16(device: str) -> bool:
    """Whether the device computes in bfloat16 itself.

    A processor without instructions for it (only AVX2, say) takes many times as long as in
    float32, one with them two thirds.
    """
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    known: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # since 2.10
    return any(found is True and "bf16" in name for name, found in known.items())


def _moved(batch: dict[str, Any], device: str) -> dict[str, Any]:
    right, wrong = batch["pairs"]
    moved = {name: value.to(device) for name, value in batch.items() if name != "pairs"}
    return {**moved, "pairs": (right.to(device), wrong.to(device))}


def _on_cpu(weights: dict[str, Any]) -> dict[str, Any]:
    return {name: value.cpu() for name, value in weights.items()}


def collate(features: Features, indices: list[int]) -> dict[str, Any]:
    """The padded tensors of one batch, with ``allowed`` (CLS and second text) and ``pairs``."""
    import torch

    rows = [features.ids[features.offsets[i] : features.offsets[i + 1]] for i in indices]
    longest = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    types = torch.zeros_like(ids)
    for number, (index, row) in enumerate(zip(indices, rows, strict=True)):
        ids[number, : len(row)] = torch.from_numpy(row.astype("int64"))
        mask[number, : len(row)] = 1
        types[number, int(features.seconds[index]) : len(row)] = 1
    ends = mask.sum(1) - 1
    allowed = types.bool()
    allowed[torch.arange(len(rows)), ends] = False
    allowed[:, 0] = True
    labels = torch.from_numpy(features.labels[indices].astype("int64"))
    units = features.units[indices].tolist()
    right, wrong = [], []
    for number, unit in enumerate(units):
        if unit >= 0 and labels[number] == 1:
            for other, same in enumerate(units):
                if same == unit and labels[other] == 0:
                    right.append(number)
                    wrong.append(other)
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "token_type_ids": types,
        "allowed": allowed,
        "starts": torch.from_numpy(features.starts[indices].astype("int64")),
        "ends": torch.from_numpy(features.ends[indices].astype("int64")),
        "modes": torch.from_numpy(features.modes[indices].astype("int64")),
        "labels": labels,
        "pairs": (torch.tensor(right, dtype=torch.long), torch.tensor(wrong, dtype=torch.long)),
    }


class _Average:
    """The moving average of a network's weights; young averages follow faster."""

    def __init__(self, network: Any, decay: float) -> None:
        self._live = network.state_dict()
        self._decay = decay
        self._updates = 0
        self.state = {name: value.clone() for name, value in self._live.items()}

    def update(self) -> None:
        """Takes in the weights as they are now."""
        import torch

        self._updates += 1
        decay = min(self._decay, (1 + self._updates) / (10 + self._updates))
        names = [name for name, value in self.state.items() if value.is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_(
                [self.state[n] for n in names], [self._live[n] for n in names], 1 - decay
            )

    def restore(self, state: dict[str, Any], updates: int) -> None:
        """Goes on from a saved average."""
        self.state, self._updates = state, updates


def _optimizer(network: Any, plan: Plan) -> Any:
    import torch

    groups: dict[tuple[float, float], list[Any]] = {}
    for name, parameter in network.named_parameters():
        rate = plan.rate if ".embeddings." not in name else plan.embedding_rate
        decay = plan.weight_decay if parameter.dim() > 1 and ".embeddings." not in name else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": rate, "full_rate": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ],
        betas=(0.9, 0.98),
        fused=True,
    )


def _resume(path: Path, network: Any, optimizer: Any, average: _Average | None) -> int:
    import torch

    if not path.exists():
        return 0
    device = next(network.parameters()).device
    state = torch.load(path, weights_only=True, map_location=device)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    if average and "average" in state:
        average.restore(state["average"], int(state["step"]))
    return int(state["step"])


def _save(
    folder: Path, network: Any, optimizer: Any, average: _Average | None, step: int, plan: Plan
) -> None:
    import torch

    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    if average:
        state["average"] = average.state
    with whole(folder / "state.pt") as part:
        torch.save(state, part)
    text = json.dumps({"step": step, **asdict(plan)}, indent=1)
    (folder / "plan.json").write_text(text, encoding="utf-8")
