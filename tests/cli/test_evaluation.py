"""`rag eval` and `rag annotate` as a person meets them: sets, gates, baselines, wrong input."""

import json
import tomllib

import pytest


def question(identity, text, doc=None, **more):
    row = {
        "id": identity,
        "question": text,
        "answerable": doc is not None,
        "answers": [],
        "gold": [] if doc is None else [{"doc": doc}],
        "gold_mode": "any",
    }
    return row | more


ROWS = [
    question("rent", "How much rent is due?", "lease", type="number"),
    question("bridge", "When was the bridge built?", "bridge", type="date"),
    question("boiler", "What does the fitting cost?", "minutes", type="number"),
    question("chess", "Who won the chess tournament?", type="unanswerable"),
]


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")


@pytest.fixture
def measured(indexed, place):
    """`rag eval set` over the small index; the set has four questions."""
    write(place / "set" / "questions.jsonl", ROWS)
    return lambda *more, code=0: indexed("--index", "index", "eval", *more, code=code)


def test_a_set_is_measured_by_type_and_gated(measured):
    found = json.loads(measured("set", "--stage", "retrieval", "--json").stdout)
    assert found["n"] == 4
    assert found["by_type"]["number"]["recall@5"]["n"] == 2
    gate = ("--fail-under", "recall@5=0.5", "--fail-under", "mrr@10=1.01")
    result = measured("set", "--stage", "retrieval", *gate, code=5)
    assert "mrr@10 is 1.0000, it has to be at least 1.01" in result.stderr
    assert "recall@5" not in result.stderr
    result = measured("set", "--stage", "retrieval", "--fail-under", "beauty=1", code=2)
    assert "unknown metric 'beauty'" in result.stderr


def test_problems_are_named_by_line_and_can_be_left_out(measured, place):
    write(place / "set" / "questions.jsonl", [*ROWS, {"id": "rent"}, question("x", "Y?", "gone")])
    with (place / "set" / "questions.jsonl").open("a") as file:
        file.write("{\n")
    result = measured("set", "--stage", "retrieval", code=1)
    for line, what in ((5, "missing key 'question'"), (6, "'gone'"), (7, "not valid JSON")):
        assert f"questions.jsonl:{line}: " in result.stderr
        assert what in result.stderr
    assert "none of the set's documents" not in result.stderr
    result = measured("set", "--stage", "retrieval", "--skip-invalid")
    assert "4 questions; 3 invalid lines left out" in " ".join(result.stdout.split())


def test_a_baseline_shows_what_moved_and_has_to_fit(measured, place):
    first = json.loads(measured("set", "--stage", "retrieval", "--json").stdout)["run"]
    again = json.loads(
        measured("set", "--stage", "retrieval", "--baseline", first, "--json").stdout
    )
    change = again["baseline"]["metrics"]["recall@1"]
    assert (change["difference"], change["p"], change["same"]) == (0.0, 1.0, 3)
    write(place / "other" / "questions.jsonl", ROWS[:2])
    result = measured("other", "--stage", "retrieval", "--baseline", first, code=1)
    assert "is of another set ('set', this run: 'other')" in result.stderr
    result = measured("set", "--stage", "reading", "--baseline", first, code=1)
    assert "is of another stage" in result.stderr
    head = json.loads((place / first / "run.json").read_text()) | {"format_version": 99}
    (place / first / "run.json").write_text(json.dumps(head))
    result = measured("set", "--stage", "retrieval", "--baseline", first, code=1)
    assert "format version 99, this program reads 1" in result.stderr


def test_where_a_result_goes_is_looked_at_before_any_work(indexed, place):
    write(place / "set" / "questions.jsonl", ROWS)
    for command in (
        ("--index", "index", "eval", "set", "--stage", "retrieval", "--report", "docs"),
        ("ask", "How much is the rent?", "--receipt", "docs"),
    ):
        result = indexed(*command, code=1)
        assert "docs is a folder" in result.stderr
        assert not result.stdout
    result = indexed("train", "set", "--quote", "--output", "set/questions.jsonl", code=1)
    assert "questions.jsonl is a file" in result.stderr
    assert not (place / "eval").exists()


def test_a_setting_that_is_shown_can_be_pasted(place, capsys):
    from rag.cli.terminal import Terminal
    from rag.cli.train import _show_kept

    folder = place / 'a\\b "c"'
    _show_kept(Terminal(), folder, "calibration", folder)
    shown = "".join(capsys.readouterr().out.split("\n")[1:])
    assert tomllib.loads(shown[shown.index("calibration =") :]) == {"calibration": str(folder)}


def test_a_set_of_another_index_is_an_error_not_a_row_of_zeros(measured, place):
    write(place / "set" / "questions.jsonl", [question("a", "What?", "nowhere.md")])
    result = measured("set", "--stage", "retrieval", code=1)
    assert "questions.jsonl:1: document 'nowhere.md' is not in the index" in result.stderr
    assert "none of the set's documents is in this index" in result.stderr


def test_the_beir_layout_is_read_as_it_is(rag, place):
    beir = place / "beir"
    corpus = [
        {"_id": "d/1", "title": "Cats", "text": "A cat sleeps sixteen hours a day."},
        {"_id": "d2", "title": "", "text": "The bridge over the Ilse was built in 1987."},
    ]
    write(beir / "corpus.jsonl", corpus)
    asked = [{"_id": "q1", "text": "how long do cats sleep"}, {"_id": "q2", "text": "not judged"}]
    write(beir / "queries.jsonl", asked)
    (beir / "qrels").mkdir()
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td/1\t2\n")
    found = json.loads(rag("eval", "beir", "--json").stdout)
    assert (found["stage"], found["n"]) == ("retrieval", 1)
    assert found["metrics"]["ndcg@10"]["mean"] == 1.0


def test_the_judge_is_asked_only_where_wanted_and_makes_another_run(rag, place):
    claims = [
        {"id": "1", "claim": "The boiler was paid in May", "evidence": ["The boiler was paid."]},
        {"id": "2", "claim": "The lamp is blue", "evidence": ["A lamp."]},
    ]
    rows = [c | {"supported": c["id"] == "1"} for c in claims]
    write(place / "claims" / "claims.jsonl", rows)
    runs = []
    for more in ((), ("--judge",)):
        found = json.loads(rag("eval", "claims", *more, "--json").stdout)
        assert (found["stage"], found["n"]) == ("support", 2)
        head = json.loads((place / found["run"] / "run.json").read_text())
        assert ("generator" in head["identity"]["models"]) == bool(more)
        lines = (place / found["run"] / "questions.jsonl").read_text().splitlines()
        runs.append([json.loads(line)["support"] for line in lines])
    assert runs[0] != runs[1]


def test_fit_proposes_and_changes_nothing(measured, place):
    result = measured("set", "--stage", "reading", "--fit", code=1)
    assert "a calibration needs at least 30" in result.stderr
    assert "right_and_right" in result.stdout or "recall@1" in result.stdout
    result = measured("set", "--stage", "reading", "--fit", "--split", "test", code=2)
    assert "use --split dev" in " ".join(result.stderr.split())


def test_a_proposal_says_on_how_many_items_it_rests(rag, place):
    rows = [
        {
            "id": str(n),
            "claim": f"Ferry {n} leaves at nine" + " on Sundays" * (n % 2),
            "evidence": [f"Ferry {n} leaves at nine."],
            "supported": n % 2 == 0,
        }
        for n in range(40)
    ]
    write(place / "claims" / "claims.jsonl", rows)
    before = sorted(place.rglob("*.json"))
    result = rag("eval", "claims", "--fit")
    assert "proposal for support, on 40 items of claims" in " ".join(result.stdout.split())
    assert "nothing was changed" in " ".join(result.stdout.split())
    assert [p.name for p in sorted(set(place.rglob("*.json")) - set(before))] == ["run.json"]


def annotated(place):
    lines = (place / "mine" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_annotating_is_stopped_and_goes_on(indexed, place):
    asked = ["How much rent is due?", "Is there a pool?", "When was the bridge built?"]
    (place / "q.txt").write_text("\n".join(asked) + "\n")
    command = ("--index", "index", "annotate", "mine", "--from", "q.txt")
    result = indexed(*command, stdin="x\n9\n1\n940 EUROS\n940; 940 euros\nq\n")
    assert "0 done, 3 to do" in result.stdout
    assert "1 of 3 questions are in" in result.stdout
    (row,) = annotated(place)
    (gold,) = row["gold"]
    assert row["answers"] == ["940", "940 euros"]
    assert gold["quote"] == "940 euros"
    text = (place / "docs" / "home" / "lease.txt").read_text()
    assert text[gold["start"] : gold["end"]] == "940 euros"
    result = indexed(*command, stdin="n\ns\n")
    assert "1 done, 2 to do" in result.stdout
    indexed(*command, stdin="1+2\n#1\n\n\n")
    found = annotated(place)
    assert [r["question"] for r in found] == asked
    assert [r["answerable"] for r in found] == [True, False, True]
    assert found[2]["gold_mode"] == "all"
    assert found[2]["gold"][0]["quote"] == "The bridge over the Ilse was built in 1987."
    measured = json.loads(
        indexed("--index", "index", "eval", "mine", "--stage", "retrieval", "--json").stdout
    )
    assert measured["n"] == 3


def test_other_words_find_what_the_question_s_own_do_not(indexed, place):
    (place / "q.txt").write_text("What may I pay late?\n")
    command = ("--index", "index", "annotate", "mine", "--from", "q.txt")
    result = indexed(*command, stdin="/bridge over the Ilse\n1\n\n\n")
    assert "1 of 1 questions" in result.stdout
    (row,) = annotated(place)
    assert row["question"] == "What may I pay late?"
    assert row["gold"][0]["doc"] == "home/bridge.txt"


def test_a_decision_can_be_taken_back(indexed, place):
    (place / "q.txt").write_text("How much rent is due?\nWhen was the bridge built?\n")
    command = ("--index", "index", "annotate", "mine", "--from", "q.txt")
    result = indexed(*command, stdin="n\nu\n1\n940 euros\n940 euros\nu\nu\nq\n")
    assert "0 of 2 questions" in result.stdout
    assert result.stdout.count("1/2 How much rent is due?") == 4
    assert annotated(place) == []


def test_without_an_index_the_set_s_own_documents_are_asked(rag, place):
    own = place / "mine" / "docs"
    own.mkdir(parents=True)
    (own / "ferry.txt").write_text("The ferry leaves at nine.\n")
    rag("index", "docs")
    (place / "q.txt").write_text("When does the ferry leave?\n")
    rag("annotate", "mine", "--from", "q.txt", stdin="1\nat nine\nat nine\n")
    (row,) = annotated(place)
    assert row["gold"][0]["doc"] == "ferry.txt"
    assert json.loads(rag("eval", "mine", "--stage", "retrieval", "--json").stdout)["n"] == 1


@pytest.mark.parametrize(
    ("command", "taken"),
    [
        (["eval", "set", "--stage", "reading"], "rag.measuring.evaluate"),
        (["train", "set", "--quote"], "rag.measuring.evaluate"),
        (["train", "set", "--weights"], "rag.training.tuned.tune_set"),
    ],
)
def test_the_index_of_the_environment_is_the_one_named(indexed, monkeypatch, command, taken):
    class Seen(Exception):
        pass

    def seen(set_path, index, *args, **options):
        raise Seen(index)

    if taken.startswith("rag.training"):
        pytest.importorskip("torch")
    monkeypatch.setattr(taken, seen)
    monkeypatch.setenv("RAG_INDEX", "elsewhere")
    assert named_by(indexed(*command, code=None)) == "elsewhere"
    assert named_by(indexed("--index", "index", *command, code=None)) == "index"
    monkeypatch.setenv("RAG_INDEX", "")
    assert named_by(indexed(*command, code=None)) == "None"


def named_by(result):
    return str(result.exception)


def test_an_empty_name_in_the_environment_names_no_index(rag, place, monkeypatch):
    monkeypatch.setenv("RAG_INDEX", "")
    (place / "mine" / "docs").mkdir(parents=True)
    (place / "mine" / "docs" / "ferry.txt").write_text("The ferry leaves at nine.\n")
    (place / "q.txt").write_text("When does the ferry leave?\n")
    rag("annotate", "mine", "--from", "q.txt", stdin="1\nat nine\nat nine\n")
    assert annotated(place)[0]["gold"][0]["doc"] == "ferry.txt"


def test_mistakes_in_the_options_cost_no_run(measured, place):
    for options, said in (
        (["--fail-under", "recal=1"], "did you mean recall@"),
        (["--fail-under", "recall@5"], "expected METRIC=VALUE"),
    ):
        shown = measured("set", *options, code=2).stderr
        assert said in " ".join(shown.replace("│", " ").split())
    assert "make it first" in measured("set", "--report", "nowhere/page.html", code=1).stderr
    assert not (place / "eval").exists()


@pytest.mark.parametrize("reply", ["0", "9", "1-9", "1,x", "²", "#", ""])
def test_a_number_that_is_no_passage_is_asked_again(indexed, place, reply):
    (place / "q.txt").write_text("How much rent is due?\n")
    result = indexed(
        "--index", "index", "annotate", "mine", "--from", "q.txt", stdin=f"{reply}\nq\n"
    )
    assert result.stdout.count("u: take back") == 2
    assert "0 of 1 questions" in result.stdout


def test_words_that_are_not_there_are_never_gold(indexed, place):
    (place / "q.txt").write_text("How much rent is due?\n")
    replies = "1\n941 euros\n1\n#7\nq\n"
    result = indexed("--index", "index", "annotate", "mine", "--from", "q.txt", stdin=replies)
    assert result.stdout.count("do not stand in the passage") == 2
    assert not (place / "mine" / "questions.jsonl").exists()
