"""The main job with real models, from files to a cited answer, as a person would run it."""

import json
import os
import subprocess
import sys

import pytest

import rag

pytestmark = pytest.mark.models
SMALLEST = "smollm2-135m-instruct"
DOCUMENTS = {
    "minutes.md": "# Council, 4 March\n\nThe council agreed to raise spending on training to 3.5 % "
    "of payroll by 2031. Ms Adeyemi abstained.\n",
    "lease.txt": "The tenant may keep one cat. Dogs are not permitted.\n"
    "Rent of €940 is due on the third working day of each month.\n",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("job")
    for name, text in DOCUMENTS.items():
        (place / name).write_text(text, encoding="utf-8")
    run(place, "index", ".")
    return place


def run(place, *args, code=0):
    environment = {k: v for k, v in os.environ.items() if k not in ("RAG_INDEX", "RAG_MODEL")}
    result = subprocess.run(
        [sys.executable, "-m", "rag", *args],
        cwd=place,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    assert result.returncode == code, result.stderr
    return result.stdout


def test_a_question_is_answered_with_a_checked_citation(place):
    answer = json.loads(run(place, "--model", SMALLEST, "--json", "ask", "How much is the rent?"))
    assert "940" in answer["answer"]
    for citation in answer["citations"]:
        text = DOCUMENTS[citation["document"]]
        assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert answer["model"]["name"] == SMALLEST


def test_the_same_question_gives_the_same_bytes_warm_and_cold(place):
    question = "What share of payroll goes to training?"
    settings = rag.load_settings({"model": SMALLEST, "offline": True})
    with rag.open(place / "index", settings=settings) as index:
        cold = index.ask(question)
        index.ask("How much is the rent?")
        warm = index.ask(question)
    with rag.open(place / "index", settings=settings) as index:
        again = index.ask(question)
    assert cold.answer == warm.answer == again.answer
    assert cold.considered == warm.considered == again.considered
    assert cold.confidence == warm.confidence == again.confidence


def test_a_cold_search_does_not_import_torch(place):
    code = (
        "import sys\nsys.argv = ['rag', 'search', 'rent']\nfrom rag.cli import main\n"
        "try: main()\nexcept SystemExit: pass\nprint('torch' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert "lease.txt" in shown
    assert shown.splitlines()[-1] == "False"


def test_a_quotation_needs_no_language_model(place):
    answer = json.loads(run(place, "--json", "--offline", "ask", "--quote", "Are dogs permitted?"))
    assert answer["citations"][0]["quote"] == "Dogs are not permitted."
    assert answer["tokens"] == {"prompt": 0, "completion": 0}
