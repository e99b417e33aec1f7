"""llama.cpp with the smallest model: the machinery, not the answers."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from rag.errors import MissingDependency, ModelInvalid
from rag.generation.llama import LlamaGenerator
from rag.generation.native import library
from rag.generation.protocol import Head, Prompt

JUDGE = (("system", "You say yes or no. " * 8),)
WORD = (("system", "You answer in one sentence. " * 6), ("user", "Hi"), ("assistant", "Hello."))


@pytest.fixture(scope="module")
def model():
    from rag.models import resolve
    from rag.settings import Settings

    return resolve("smollm2-135m-instruct", "generator", Settings())


@pytest.fixture(scope="module")
def generator(model):
    opened = LlamaGenerator(model.weights, name=model.name, sha256=model.sha256, threads=2)
    yield opened
    opened.close()


def prompts(prefix, count=3):
    return [
        Prompt(prefix, f"Text: flat {i} costs {900 + i} euros.\nQuestion: How much?")
        for i in range(count)
    ]


@pytest.mark.models
def test_a_warm_model_gives_the_same_bytes_as_a_cold_one(generator, model) -> None:
    asked = prompts(JUDGE)
    worded = prompts(WORD)[1]
    cold = LlamaGenerator(model.weights, threads=2)
    try:
        expected = cold.preference(asked[:1], "yes", "no")
    finally:
        cold.close()
    generator.complete(worded, max_tokens=12)
    generator.preference(asked[1:], "yes", "no")
    first = generator.complete(worded, max_tokens=12)
    assert generator.preference(asked[:1], "yes", "no") == expected
    assert generator.complete(worded, max_tokens=12) == first


@pytest.mark.models
def test_a_judgement_does_not_depend_on_the_others(generator) -> None:
    asked = prompts(JUDGE)
    together = generator.preference(asked, "yes", "no")
    assert together == [generator.preference([p], "yes", "no")[0] for p in asked]
    assert len(set(together)) == len(together)


@pytest.mark.models
def test_the_state_behind_a_layer_is_that_of_the_prompt_alone(generator) -> None:
    asked = prompts(JUDGE)
    before = generator.preference(asked, "yes", "no")
    states = generator.states(asked, 12)
    assert states.shape == (len(asked), 576)
    assert np.isfinite(states).all()
    assert (states == np.stack([generator.states([p], 12)[0] for p in reversed(asked)])[::-1]).all()
    assert not (states == generator.states(asked, 13)).any(axis=1).all()
    assert len(np.unique(states, axis=0)) == len(asked)
    # what was left out above the layer is in no later result
    assert generator.preference(asked, "yes", "no") == before
    assert generator.complete(prompts(WORD)[0], max_tokens=6).text


@pytest.mark.models
def test_a_head_is_a_linear_function_of_the_state(generator) -> None:
    asked = prompts(JUDGE)
    weights = tuple(np.random.default_rng(3).normal(size=576))
    expected = generator.states(asked, 9) @ np.array(weights) - 1.5
    assert generator.probe(asked, Head(9, -1.5, weights)) == pytest.approx(expected.tolist())


@pytest.mark.models
def test_a_head_of_another_model_and_a_layer_that_is_not_there_are_refused(generator) -> None:
    with pytest.raises(ModelInvalid, match="576 numbers, its head 3 weights"):
        generator.probe(prompts(JUDGE), Head(3, 0.0, (1.0, 2.0, 3.0)))
    before = generator.preference(prompts(JUDGE), "yes", "no")
    with pytest.raises(ModelInvalid, match="no layer"):
        generator.states(prompts(JUDGE), 999)
    assert generator.preference(prompts(JUDGE), "yes", "no") == before


@pytest.mark.models
def test_template_tokens_in_a_text_are_plain_text(generator) -> None:
    special = generator._native.tokens("<|im_end|>", special=True)
    plain = generator._native.tokens("<|im_end|>", special=False)
    assert len(special) == 1 < len(plain)
    assert generator.count_tokens("<|im_end|>") == len(plain)


@pytest.mark.models
def test_the_text_ends_at_the_limit_or_the_stop(generator) -> None:
    prompt = prompts(WORD)[0]
    whole = generator.complete(prompt, max_tokens=10)
    assert whole.completion_tokens <= 10
    word = whole.text.split()[1]
    cut = generator.complete(prompt, max_tokens=10, stop=(word,))
    assert cut.text == whole.text[: whole.text.index(word)]
    assert cut.finished


@pytest.mark.models
def test_more_than_the_context_is_refused_and_the_model_stays_usable(model) -> None:
    small = LlamaGenerator(model.weights, threads=2, context=192)
    try:
        expected = small.preference(prompts(JUDGE)[:1], "yes", "no")
        with pytest.raises(ModelInvalid, match="context of 192"):
            small.preference([Prompt(JUDGE, "word " * 400)], "yes", "no")
        assert small.preference(prompts(JUDGE)[:1], "yes", "no") == expected
        rest = 192 - sum(map(len, small.tokens(prompts(WORD)[0])))
        assert small.complete(prompts(WORD)[0], max_tokens=500).completion_tokens <= rest
    finally:
        small.close()
        small.close()


@pytest.mark.models
@pytest.mark.parametrize("failing", [1, 2, 4])
def test_after_a_batch_that_failed_the_next_prompt_is_as_ever(
    generator, monkeypatch, failing
) -> None:
    asked, worded = prompts(JUDGE), prompts(WORD)[0]
    judged = generator.preference(asked, "yes", "no")
    expected = generator.complete(worded, max_tokens=8)
    bindings, calls = library(), itertools.count(1)
    decode = bindings.llama_decode

    def fails_once(context, batch):
        return 2 if next(calls) == failing else decode(context, batch)

    monkeypatch.setattr(bindings, "llama_decode", fails_once)
    with pytest.raises(ModelInvalid, match="code 2"):
        generator.complete(worded, max_tokens=8)
    assert generator.complete(worded, max_tokens=8) == expected
    assert generator.preference(asked, "yes", "no") == judged


@pytest.mark.models
def test_nothing_is_printed_by_the_library(model) -> None:
    code = (
        "import sys; from rag.generation.llama import LlamaGenerator\n"
        f"LlamaGenerator({str(model.weights)!r}, threads=1).close()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"GGUF", b"GGUF" + bytes(64), b"plain text"])
def test_a_file_that_is_no_model_is_named(tmp_path, content) -> None:
    pytest.importorskip("llama_cpp")
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelInvalid, match=r"model\.gguf"):
        LlamaGenerator(path)


def test_a_missing_file_is_named(tmp_path) -> None:
    pytest.importorskip("llama_cpp")
    with pytest.raises(ModelInvalid, match="nothing"):
        LlamaGenerator(tmp_path / "nothing.gguf")


def test_without_the_library_the_install_line_is_given(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp.llama_cpp", None)
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(MissingDependency, match="pip install llama-cpp-python"):
        LlamaGenerator(tmp_path / "model.gguf")


@pytest.mark.models
def test_a_saved_prefix_gives_the_same_bytes_as_a_decoded_one(model, tmp_path) -> None:
    asked = prompts(JUDGE)
    seen = []
    for _ in range(2):
        opened = LlamaGenerator(model.weights, sha256=model.sha256, threads=2, states=tmp_path)
        try:
            seen.append((opened.preference(asked, "yes", "no"), len(list(tmp_path.iterdir()))))
        finally:
            opened.close()
    assert seen[0] == seen[1]
    assert seen[0][1] == 1


@pytest.mark.models
@pytest.mark.parametrize("after_ms", [60, 90, 120, 150])
def test_an_interrupt_while_a_model_loads_is_not_swallowed(model, after_ms) -> None:
    def load_and_wait() -> None:
        timer.start()
        LlamaGenerator(model.weights, threads=2).close()
        time.sleep(1)

    library()  # its import is no part of the load
    timer = threading.Timer(after_ms / 1000, signal.raise_signal, (signal.SIGINT,))
    # A shell starts what it runs behind itself with interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            load_and_wait()
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("told", "used"), [(b"AVX2 = 1 | AMX_INT8 = 1 |", False), (b"AVX2 = 1 |", True)]
)
def test_no_weights_are_handed_to_kernels_for_amx(told, used) -> None:
    from types import SimpleNamespace

    from rag.generation.native import _without_amx

    parameters = SimpleNamespace(use_extra_bufts=True)
    _without_amx(SimpleNamespace(llama_print_system_info=lambda: told), parameters)
    assert parameters.use_extra_bufts is used
