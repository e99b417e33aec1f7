"""Evaluation of the product: how the cores are shared out."""

import pytest

from rag.measuring import shared_out
from rag.settings import Settings


@pytest.mark.parametrize("stage", ["retrieval", "reading", "support"])
def test_the_cores_are_shared_out_among_workers(stage):
    whole = Settings()
    assert shared_out(whole, whole.cores, stage).threads == 1
    assert shared_out(whole, 10 * whole.cores, stage).threads == 1
    assert shared_out(whole, 1, stage) == whole


@pytest.mark.parametrize("stage", ["answers", "summaries"])
def test_a_language_model_keeps_all_cores(stage):
    assert shared_out(Settings(), 4, stage) == Settings()


def test_a_number_of_threads_that_was_chosen_stays():
    assert shared_out(Settings(threads=3), 4, "reading").threads == 3
