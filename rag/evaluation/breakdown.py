"""The figures again, by the type of question: where a run is good, and where it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rag.evaluation.metrics import BY_NAME, Columns, Measure, measure
from rag.evaluation.product import Stage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ByType = Mapping[str, Mapping[str, Measure]]
UNTYPED = "no type"
_ANSWERS = (
    "right_and_right",
    "answered",
    "citation_precision",
    "citation_recall",
    "abstention_recall",
)
SHOWN: Mapping[Stage, tuple[str, ...]] = {
    "retrieval": ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10"),
    "reading": _ANSWERS,
    "answers": _ANSWERS,
    "support": ("support_accuracy", "support_auroc"),
    "summaries": ("rougeL", "support_rate", "coverage"),
}
"""The metrics that are shown by type: those that say something of few items."""


def by_type(
    columns: Columns, types: Sequence[str | None], stage: Stage, seed: int = 0
) -> dict[str, dict[str, Measure]]:
    """Of each type (in the order of the run) its metrics; empty where no item has a type.

    `types` has one entry an item of `columns`. A metric that a type does not define is absent, as
    `right_and_right` of unanswerable questions is.
    """
    import numpy as np

    if not any(types):
        return {}
    names = list(dict.fromkeys(t or UNTYPED for t in types))
    code = {name: number for number, name in enumerate(names)}
    codes = np.array([code[t or UNTYPED] for t in types])
    return {name: _of(columns, codes == code[name], stage, seed) for name in names}


def _of(columns: Columns, chosen: NDArray[np.bool_], stage: Stage, seed: int) -> dict[str, Measure]:
    import numpy as np

    found = {}
    for name in SHOWN[stage]:
        metric = BY_NAME[name]
        if any(column not in columns.values for column in metric.columns):
            continue
        arrays = [np.frombuffer(columns.values[c])[chosen] for c in metric.columns]
        keep = ~np.isnan(np.stack(arrays)).any(axis=0)
        figure = measure(metric, [a[keep] for a in arrays], seed)
        if figure is not None:
            found[name] = figure
    return found
