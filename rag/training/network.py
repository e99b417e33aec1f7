"""The reader's network: one BERT encoder, a head for spans, one for answerable, one for claims."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import ModelInvalid

if TYPE_CHECKING:
    import torch

HEADS = ("start_logits", "end_logits", "answerable", "claim")


def build(base: Path | None, seed: int, start: Path | None = None, *, layers: int = 0) -> Any:
    """A network with the encoder weights of the folder ``base`` and freshly drawn heads.

    With ``start``, a reader file, all its weights take their place; with ``layers``, only that
    many of the base's first layers are kept. Without ``base`` the network has the sizes of
    ``start``, which must hold every weight. Raises ``ModelInvalid`` if that file is no reader.

    Its ``forward(input_ids, attention_mask, token_type_ids)`` gives the four tensors named in
    ``HEADS``: (b, n), (b, n), (b,) and (b, 3), all float32. Dropout is off: one to three passes
    over the data fit too little for it to pay, and it costs a tenth of the time on a CPU.
    """
    import torch
    from transformers import BertConfig, BertModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    weights: dict[str, Any] = {}
    if start is not None:
        from rag.training.export import heads_of, parameters

        weights = {name: torch.from_numpy(v) for name, v in parameters(start).items()}
    if base is not None:
        config = BertConfig.from_pretrained(str(base))
    elif start is not None:
        config = BertConfig(**_sizes(weights, heads_of(start)))
    else:
        raise ValueError("a network needs a base or a reader to start from")
    config.hidden_dropout_prob = 0.0
    config.attention_probs_dropout_prob = 0.0
    config.num_hidden_layers = min(layers or config.num_hidden_layers, config.num_hidden_layers)
    torch.manual_seed(seed)
    if base is not None:
        encoder = BertModel.from_pretrained(str(base), config=config, add_pooling_layer=False)
    else:
        encoder = BertModel(config, add_pooling_layer=False)
    made = network(encoder, config.hidden_size)
    if weights:
        missing = made.load_state_dict(weights, strict=False).missing_keys
        if base is None and missing:
            raise ModelInvalid(
                f"the reader lacks weights to train on: {start} ({', '.join(missing[:3])}). "
                "Start from a folder with an encoder (--base) instead."
            )
    return made


def _sizes(weights: dict[str, Any], heads: int) -> dict[str, int]:
    """The sizes of a BERT encoder, from the shapes of its weights."""
    embeddings = "encoder.embeddings."
    words = weights[f"{embeddings}word_embeddings.weight"].shape
    layers = {n.split(".")[3] for n in weights if n.startswith("encoder.encoder.layer.")}
    inner = weights["encoder.encoder.layer.0.intermediate.dense.weight"].shape[0]
    places = weights[f"{embeddings}position_embeddings.weight"].shape[0]
    return {
        "vocab_size": words[0],
        "hidden_size": words[1],
        "num_hidden_layers": len(layers),
        "num_attention_heads": heads,
        "intermediate_size": inner,
        "max_position_embeddings": places,
    }


def network(encoder: Any, width: int) -> Any:
    """The module that puts the heads on ``encoder`` (its ``last_hidden_state`` has ``width``)."""
    import torch

    class ReaderNetwork(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            self.span = torch.nn.Linear(width, 2)
            self.answerable = torch.nn.Linear(width, 1)
            self.claim_hidden = torch.nn.Linear(width, width)
            self.claim = torch.nn.Linear(width, 3)
            for layer in (self.span, self.answerable, self.claim_hidden, self.claim):
                torch.nn.init.normal_(layer.weight, std=0.02)
                torch.nn.init.zeros_(layer.bias)

        def forward(
            self,
            input_ids: torch.Tensor,
            attention_mask: torch.Tensor,
            token_type_ids: torch.Tensor,
        ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
            hidden = self.encoder(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            ).last_hidden_state.float()
            span = self.span(hidden).float()
            first = hidden[:, 0]
            claim = self.claim(torch.tanh(self.claim_hidden(first)))
            answerable = self.answerable(first).squeeze(-1)
            return span[..., 0], span[..., 1], answerable.float(), claim.float()

    return ReaderNetwork().train()


def losses(outputs: Any, batch: dict[str, Any], weights: dict[str, float]) -> Any:
    """The mean loss of a batch, a scalar tensor.

    Question examples: cross-entropy of start and end over CLS (no answer) and the second text,
    plus binary cross-entropy of the answerable head. For a question that stands in the batch
    with its right and with a wrong passage, the start and end are also normalised over both
    (Clark and Gardner 2018, "shared norm"). Claim examples: cross-entropy of three labels.
    """
    import torch
    from torch.nn import functional

    starts, ends, answerable, claim = outputs
    asked = batch["modes"] == 0
    total = starts.new_zeros(())
    if bool(asked.any()):
        blocked = ~batch["allowed"]
        start = starts.masked_fill(blocked, -1e4)[asked]
        end = ends.masked_fill(blocked, -1e4)[asked]
        at_start, at_end = batch["starts"][asked], batch["ends"][asked]
        span = functional.cross_entropy(start, at_start, reduction="sum")
        span = span + functional.cross_entropy(end, at_end, reduction="sum")
        total = total + 0.5 * span
        judged = functional.binary_cross_entropy_with_logits(
            answerable[asked], batch["labels"][asked].float(), reduction="sum"
        )
        total = total + weights["answerable"] * judged
    right, wrong = batch["pairs"]
    if len(right):
        for logits, at in ((starts, batch["starts"]), (ends, batch["ends"])):
            inside = logits.masked_fill(~batch["allowed"], -1e4)[:, 1:]
            mass = torch.logsumexp(inside, dim=1)
            both = torch.logaddexp(mass[right], mass[wrong])
            gold = logits[right].gather(1, at[right][:, None]).squeeze(1)
            total = total + weights["shared_norm"] * 0.5 * (both - gold).sum()
    if not bool(asked.all()):
        judged = functional.cross_entropy(
            claim[~asked], batch["labels"][~asked].long(), reduction="sum"
        )
        total = total + weights["claim"] * judged
    return total / len(asked)
