import json
import os
import stat
import sys
from datetime import datetime

import pytest


def test_index_says_what_it_did(rag, golden):
    golden("index", rag("index", "docs"))
    golden("index-again", rag("index", "docs"))


def test_index_reports_a_bad_file_by_name_and_goes_on(rag, place, golden):
    (place / "docs" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    golden("index-skipped", rag("index", "docs", code=4))
    found = json.loads(rag("search", "bridge", "--json").stdout)
    assert found["hits"][0]["document"] == "home/bridge.txt"


def test_a_dry_run_changes_nothing(indexed, place, golden):
    (place / "docs" / "new.txt").write_text("The ferry leaves at nine.")
    (place / "docs" / "home" / "bridge.txt").unlink()
    golden("index-dry-run", indexed("index", "docs", "--dry-run"))
    found = json.loads(indexed("search", "ferry", "--json").stdout)
    assert "home/bridge.txt" in {h["document"] for h in found["hits"]}
    assert "new.txt" not in {h["document"] for h in found["hits"]}


def test_remove_takes_a_document_out_of_every_file(indexed, place):
    indexed("index", "--remove", "docs/home/bridge.txt")
    found = json.loads(indexed("search", "Ilse bridge", "--json").stdout)
    assert {h["document"] for h in found["hits"]} == {"home/lease.txt", "minutes.md"}
    for path in (place / "index").rglob("*"):
        assert not path.is_file() or b"Ilse" not in path.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_the_index_is_readable_by_its_owner_only(indexed, place):
    for path in [place / "index", *(place / "index").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_search(indexed, golden):
    golden("search", indexed("search", "how much is the rent", "-k", "2"))
    golden("search-explain", indexed("search", "rent", "-k", "1", "--explain"))


def test_list_items_stand_on_lines_of_their_own(rag, place):
    (place / "docs" / "soup.md").write_text("# Soup\n\n- 300 g lentils\n- 2 onions\n\n1. Fry.\n")
    rag("index", "docs")
    shown = rag("search", "lentils", "-k", "1").stdout
    assert "   Soup\n   - 300 g lentils\n   - 2 onions\n   1. Fry.\n" in shown


def test_search_without_hits_is_no_error(indexed, golden):
    golden("search-nothing", indexed("search", "zebra", "--mode", "lexical"))


def test_filters_apply_before_the_best_are_taken(answer_of):
    hits = answer_of("search", "rent", "--path", "*.md")["hits"]
    assert {h["document"] for h in hits} == {"minutes.md"}
    hits = answer_of("search", "rent", "--format", "txt", "--since", "2001-01-01")["hits"]
    assert {h["document"] for h in hits} == {"home/lease.txt", "home/bridge.txt"}
    assert answer_of("search", "rent", "--until", "2001-01-01")["hits"] == []


def test_a_file_that_stands_twice_says_where_else(rag, place):
    text = (place / "docs" / "home" / "lease.txt").read_text(encoding="utf-8")
    (place / "docs" / "lease copy.txt").write_text(text, encoding="utf-8")
    rag("index", "docs")
    copies = {"home/lease.txt": ["lease copy.txt"], "lease copy.txt": ["home/lease.txt"]}
    hits = json.loads(rag("search", "rent", "--json").stdout)["hits"]
    assert {h["document"]: h["also_in"] for h in hits if "also_in" in h} == copies
    question = "How much is the rent due each month?"
    (citation,) = json.loads(rag("ask", question, "--quote", "--json").stdout)["citations"]
    assert citation["also_in"] == copies[citation["document"]]
    (also,) = citation["also_in"]
    assert f"also in {also}" in rag("ask", question, "--quote").stdout
    assert f"also in {also}" in rag("search", "rent").stdout


def test_ask_shows_quotation_words_and_sources(indexed, golden):
    golden("ask", indexed("ask", "How much is the rent due each month?"))
    golden("ask-quote", indexed("ask", "--quote", "When was the bridge over the Ilse built?"))
    golden("ask-why", indexed("ask", "--why", "When was the bridge over the Ilse built?"))


def test_an_answer_that_is_not_sure_says_so(indexed, place, monkeypatch):
    question = "How much is the rent due each month?"
    (place / "q.jsonl").write_text(json.dumps({"question": question}))
    for least, warned in ((0.0, False), (1.01, True)):
        monkeypatch.setattr("rag.cli.answers.UNSURE", least)
        for args in (("ask", question), ("ask", "--from", place / "q.jsonl")):
            shown = " ".join(indexed(*args).stdout.split())
            assert ("This may not answer the question (confidence" in shown) is warned
        refused = indexed("ask", "Who won the chess tournament in Lisbon?", code=3)
        assert "may not answer" not in refused.stdout


def test_ask_says_when_the_documents_do_not(indexed, golden):
    golden("ask-not-found", indexed("ask", "Who won the chess tournament in Lisbon?", code=3))


def test_an_answer_s_citations_are_the_document_s_own_characters(answer_of, place):
    answer = answer_of("ask", "How much is the rent due each month?")
    assert answer["citations"]
    for citation in answer["citations"]:
        text = (place / "docs" / citation["document"]).read_text(encoding="utf-8")
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_batch_goes_on_after_a_bad_line(indexed, place):
    batch = place / "q.jsonl"
    batch.write_text(
        '{"id": "a", "question": "How much is the rent?"}\n{broken\n'
        '{"question": "When was the bridge built?", "scope": ["bridge"]}\n{"id": "d"}\n'
    )
    rows = [
        json.loads(line)
        for line in indexed("ask", "--from", batch, "--json", code=4).stdout.splitlines()
    ]
    assert [(r["id"], "error" in r) for r in rows] == [
        ("a", False),
        (2, True),
        (3, False),
        ("d", True),
    ]
    assert {h["document"] for h in rows[2]["hits"]} == {"home/bridge.txt"}


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": NaN, "question": "How much is the rent?"}',
        '{"id": [1e999], "question": "How much is the rent?"}',
        "[" * 100_000,
        '{"id": ' + "[" * 100_000,
    ],
)
def test_no_line_ends_a_batch(indexed, place, bad):
    (place / "q.jsonl").write_text(f'{bad}\n{{"id": "b", "question": "How much is the rent?"}}\n')
    shown = indexed("ask", "--quote", "--from", "q.jsonl", "--json", code=4).stdout
    first, second = map(json.loads, shown.splitlines())
    assert first["id"] == 1
    assert "line 1" in first["error"]
    assert second["id"] == "b"
    assert "error" not in second


@pytest.mark.parametrize("error", [ValueError("no such date"), IndexError("list index")])
def test_what_one_question_raises_costs_that_question_alone(indexed, place, monkeypatch, error):
    from rag.opened import Index

    asked = Index.ask

    def ask(index, question, **options):
        if "boiler" in question:
            raise error
        return asked(index, question, **options)

    monkeypatch.setattr(Index, "ask", ask)
    (place / "q.jsonl").write_text(
        '{"question": "When is the boiler fitted?"}\n{"question": "How much is the rent?"}\n'
    )
    shown = indexed("ask", "--quote", "--from", "q.jsonl", "--json", code=4).stdout
    first, second = map(json.loads, shown.splitlines())
    assert str(error) in first["error"]
    assert "error" not in second


def test_a_question_that_cannot_be_asked_does_not_end_a_conversation(indexed, monkeypatch):
    from rag.opened import Index

    asked = Index.ask

    def ask(index, question, **options):
        if "boiler" in question:
            raise ValueError("no such \x1b[31mdate")
        return asked(index, question, **options)

    monkeypatch.setattr(Index, "ask", ask)
    talk = "When is the boiler fitted?\nHow much is the rent due each month?\n/quit\n"
    shown = indexed("ask", "--interactive", "--quote", stdin=talk).stdout
    assert "no such date\n" in shown
    assert "940 euros" in shown


def test_show_marks_the_span(indexed, golden):
    golden("show-span", indexed("show", "lease:0-28"))
    golden("show-line", indexed("show", "home/lease.txt:3", "--context", "1"))


def test_show_takes_a_document_as_a_person_names_it(indexed, place):
    whole = indexed("show", "bridge").stdout
    said = "The bridge over the Ilse was built in 1987. It carries twelve tonnes."
    assert whole == f"home/bridge.txt\n1   {said}\n"
    assert indexed("show", place / "docs" / "home" / "bridge.txt").stdout == whole
    assert indexed("show", "docs/home/bridge.txt").stdout == whole
    assert indexed("show", "home\\bridge.txt").stdout == whole
    assert "home/bridge.txt" in indexed("show", "home/brigde.txt", code=1).stderr


def test_a_place_in_a_spreadsheet_is_its_cells(rag, place):
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "Staff"
    for row in (("Site", "Employees"), ("Graz", 44), ("Porto", 23)):
        book.active.append(row)
    book.save(place / "docs" / "staff.xlsx")
    rag("index", "docs")
    answer = rag("ask", "--quote", "How many Employees has the Site Porto?").stdout
    assert "staff.xlsx, Staff!A3:B3" in answer
    assert "1. staff.xlsx, Staff\n" in rag("search", "Employees Porto", "-k", "1").stdout


def test_a_batch_for_a_person_names_places_and_what_to_mind(rag, place):
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "Staff"
    for row in (("Site", "Employees"), ("Graz", 44), ("Porto", 23)):
        book.active.append(row)
    book.save(place / "docs" / "staff.xlsx")
    (place / "docs" / "amendment.txt").write_text("Rent of 980 euros is due from May.\n")
    rag("index", "docs")
    batch = place / "q.jsonl"
    batch.write_text(
        '{"question": "How many Employees has the Site Porto?"}\n'
        '{"question": "How much is Rent?"}\n'
    )
    answers = rag("ask", "--quote", "--from", batch).stdout
    assert "[1] staff.xlsx, Staff!A3:B3\n" in answers
    assert "two documents disagree" in " ".join(answers.split())
    assert "  staff.xlsx, Staff\n" in rag("search", "--from", batch).stdout


def test_a_source_that_changed_since_is_said_to_have(indexed, place):
    ask = ("ask", "--quote", "How much is the rent due each month?")
    lease = place / "docs" / "home" / "lease.txt"
    os.utime(lease, (1, 1))
    assert "has changed on disk" not in indexed(*ask).stdout
    lease.write_text(lease.read_text(encoding="utf-8").replace("940", "990"), encoding="utf-8")
    shown = " ".join(indexed(*ask).stdout.split())
    assert "home/lease.txt has changed on disk since it was indexed" in shown
    indexed("index", "docs")
    assert "has changed on disk" not in indexed(*ask).stdout


def test_filters_that_nothing_fits_are_no_answer_of_the_documents(indexed):
    shown = indexed("ask", "--quote", "How much is the rent?", "--path", "*.zzz", code=3).stdout
    assert "No document was searched" in shown


def test_a_misspelt_command_is_named_with_the_nearest(rag):
    assert "Did you mean 'search'?" in rag("serach", "rent", code=2).stderr


def test_status_names_documents_and_what_could_not_be_read(rag, place):
    (place / "docs" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    rag("index", "docs", code=4)
    shown = rag("status", "--documents").stdout
    assert "home/bridge.txt" in shown
    assert "1 could not be read" in shown
    assert "broken.pdf: the PDF is damaged" in shown
    status = json.loads(rag("status", "--documents", "--json").stdout)
    assert status["documents"] == ["home/bridge.txt", "home/lease.txt", "minutes.md"]
    assert [row["path"] for row in status["index"]["unreadable"]] == ["broken.pdf"]


def test_a_batch_is_read_from_standard_input(indexed):
    asked = '{"id": 7, "query": "rent"}\n'
    row = json.loads(indexed("search", "--from", "-", "--json", stdin=asked).stdout)
    assert (row["id"], row["query"]) == (7, "rent")


@pytest.mark.parametrize("from_", ["-", "q.jsonl"])
def test_marks_and_broken_characters_of_a_batch_end_nothing(indexed, place, from_):
    lines = b'\xef\xbb\xbf{"query": "rent"}\n{"query": "ca\xfft"}\n{"query": "cat \\ud800"}\n'
    (place / "q.jsonl").write_bytes(lines)
    shown = indexed("search", "--from", from_, "--json", stdin=lines).stdout
    queries = [json.loads(line)["query"] for line in shown.splitlines()]
    assert queries == ["rent", "ca\ufffdt", "cat \ud800"]


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_json_holds_names_that_are_no_utf_8(rag, place):
    folder = os.fsdecode(b"caf\xe9")
    assert folder in json.loads(rag("index", folder, "--json", code=1).stdout)["error"]
    (place / "docs").rename(place / folder)
    rag("index", folder)
    (root,) = json.loads(rag("status", "--json").stdout)["index"]["roots"]
    assert root == str(place / folder)


def test_dates_are_days_where_the_person_is(answer_of, place, monkeypatch):
    for name in ("home/lease.txt", "home/bridge.txt", "minutes.md"):
        late = datetime(2024, 5, 31, 23, 30).timestamp()
        os.utime(place / "docs" / name, (late, late))
    answer_of("index", "docs", "--rebuild")
    assert answer_of("search", "rent", "--since", "2024-05-31", "--until", "2024-05-31")["hits"]
    assert not answer_of("search", "rent", "--since", "2024-06-01")["hits"]
    assert answer_of("search", "rent", "--since", "0001-01-01", "--until", "9999-12-31")["hits"]
    assert not answer_of("search", "rent", "--since", "9999-12-31")["hits"]


def test_the_end_of_the_last_line_begins_no_further_one(answer_of):
    assert answer_of("show", "home/lease.txt:3")["text"].startswith("Notice must")
    assert "3 lines" in answer_of("show", "home/lease.txt:4", code=1)["error"]


def test_status_says_what_changed(indexed, place, golden):
    golden("status", indexed("status"))
    (place / "docs" / "minutes.md").write_text("# Nothing\n\nThe council did not meet.\n")
    (place / "docs" / "new.txt").write_text("The ferry leaves at nine.")
    (place / "docs" / "home" / "bridge.txt").unlink()
    golden("status-stale", indexed("status"))


def test_doctor_finds_a_torn_index(indexed, place):
    indexed("doctor")
    for path in (place / "index").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "BAD" in indexed("doctor", code=5).stdout
    assert "doctor" in indexed("search", "cat", code=1).stderr


def test_a_receipt_is_replayed_and_a_changed_document_is_noticed(indexed, place, golden):
    indexed("ask", "How much is the rent due each month?", "--receipt", "r.json")
    golden("replay", indexed("replay", "r.json", "--generate"))
    (place / "docs" / "home" / "lease.txt").write_text("Rent of 990 euros is due monthly.\n")
    indexed("index", "docs")
    golden("replay-changed", indexed("replay", "r.json", code=5))


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["ask", ""], 1, "question is empty"),
        (["search", "   "], 1, "query is empty"),
        (["ask", "word " * 10_000], 1, "question"),
        (["show", "nowhere.txt:0-5"], 1, "nowhere.txt"),
        (["show", "minutes.md:999990-999999"], 1, "characters"),
        (["show", ""], 1, "DOCUMENT:START-END"),
        (["index", "nothing-here"], 1, "nothing-here"),
        (["index"], 1, "rag index PATH"),
        (["ask", "--from", "none.jsonl"], 1, "none.jsonl"),
        (["search", "x", "--since", "yesterday"], 2, "yesterday"),
        (["search", "x", "--mode", "magic"], 2, "magic"),
        (["ask", "Why?", "--receipt", "no/such/r.json"], 1, "no/such"),
        (["ask", "Why?", "--from", "x.jsonl"], 2, "without a question"),
        (["ask", "--interactive", "--json"], 2, "goes without --json"),
        (["replay", "none.json"], 1, "none.json"),
        (["eval", "none"], 1, "none"),
        (["--threads", "-4", "search", "x"], 1, "threads"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_bad_input_gets_one_clear_message(indexed, args, code, said):
    result = indexed(*args, code=code)
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""


def test_without_an_index_the_next_step_is_named(rag):
    assert "rag index" in rag("ask", "anything?", code=1).stderr


def test_an_empty_folder_is_named(rag, place):
    (place / "empty").mkdir()
    assert "empty" in rag("index", "empty", code=1).stderr


def test_the_log_says_what_was_done_and_holds_no_text(indexed):
    log = indexed("--verbose", "ask", "How much is the rent due each month?").stderr
    assert "embedder all-MiniLM-L6-v2 loaded in" in log
    assert "ask: answered" in log
    assert "940 euros" not in log
    assert "rent due" not in log


def test_an_error_as_json_is_one_object(indexed):
    result = indexed("ask", "", "--json", code=1)
    assert set(json.loads(result.stdout)) == {"error"}


def test_nothing_is_coloured_when_it_is_not_a_terminal(indexed):
    for args in (
        ["ask", "--why", "How much is the rent?"],
        ["search", "rent"],
        ["status"],
        ["models"],
    ):
        assert "\x1b" not in indexed(*args).output


def test_a_document_cannot_send_escapes_to_the_terminal(rag, place):
    (place / "docs" / "evil.txt").write_text(
        "The zebra \x1b[31mis red\x1b]0;owned\x07 today.\n" + "It eats grass.\n" * 20
    )
    rag("index", "docs")
    for args in (
        ["search", "zebra"],
        ["ask", "--quote", "What colour is the zebra?"],
        ["show", "evil.txt:1"],
    ):
        shown = rag(*args, code=None).output
        assert "zebra" in shown
        assert "\x1b" not in shown
        assert "\x07" not in shown


def test_a_conversation_resolves_follow_ups(indexed, golden):
    talk = "How much is the rent due each month?\n/sources\n/show 1\n/show 9\n/nonsense\n/quit\n"
    golden("conversation", indexed("ask", "--interactive", stdin=talk))


def test_help_lists_the_commands_in_the_order_a_person_needs_them(rag):
    shown = rag("--help").stdout
    names = [
        "index ",
        "ask ",
        "search ",
        "summarise ",
        "show ",
        "status ",
        "eval ",
        "doctor ",
        "models ",
    ]
    listed = shown[shown.index("Commands") :]
    places = [listed.index(f"│ {name}") for name in names]
    assert places == sorted(places)


@pytest.mark.parametrize("command", [[], ["ask"], ["index"], ["models"]])
def test_a_switch_is_not_said_to_take_a_value(rag, command):
    assert "bool" not in rag(*command, "--help").stdout


def test_the_working_folder_s_index_is_found_from_below(indexed, place, monkeypatch):
    monkeypatch.chdir(place / "docs" / "home")
    assert "rent" in indexed("search", "rent").stdout.lower()
    monkeypatch.chdir(os.path.sep)
    monkeypatch.setenv("RAG_INDEX", str(place / "index"))
    assert "rent" in indexed("search", "rent").stdout.lower()
