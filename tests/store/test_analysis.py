from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.store import analysis
from rag.store.analysis import fold, language_of, query_terms, terms, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The council's rules", ["the", "council", "rules"]),
        ("18,400 euros; 3.5 % or 3,5", ["18400", "euros", "3.5", "or", "3.5"]),
        ("l’école, DX-30 and x_y", ["l", "école", "dx", "30", "and", "x", "y"]),
        ("STRAẞE Straße", ["strasse", "strasse"]),
        ("北京大学", ["北京", "京大", "大学"]),
        ("e\u0301te\u0301", ["été"]),
        ("at 9:30am.", ["at", "9", "30am"]),
        ("!? …", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The rent is due on the third working day of each month.", "en"),
        ("Die Miete ist am dritten Werktag jedes Monats fällig.", "de"),
        ("El alquiler se paga el tercer día hábil de cada mes.", "es"),
        ("Le loyer est dû le troisième jour ouvrable du mois.", "fr"),
        ("4711 0815 xyzzy", "none"),
        ("", "none"),
    ],
)
def test_a_text_s_language_is_told_by_its_commonest_words(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("closed", "closing", "en"),
        ("Brücken", "Brücke", "de"),
        ("Brücke", "Brucke", "de"),
        ("canciones", "canción", "es"),
        ("chevaux", "cheval", "fr"),
    ],
)
def test_forms_of_a_word_have_one_term(one: str, other: str, language: str) -> None:
    assert terms(one, language) == terms(other, language)


def test_folding_leaves_other_scripts() -> None:
    assert [fold(w) for w in ("brücke", "łódź", "москва", "北京")] == [
        "brucke",
        "łodz",
        "москва",
        "北京",
    ]


def test_a_query_drops_stop_words_unless_nothing_is_left() -> None:
    assert [word for word, _ in query_terms("When does the lease end?", ["en"])] == ["lease", "end"]
    assert [word for word, _ in query_terms("to be or not to be", ["en"])] == [
        "to",
        "be",
        "or",
        "not",
    ]


def test_a_query_asks_in_every_language_of_the_index() -> None:
    found = dict(query_terms("Brücken bauen", ["de", "en"]))
    assert terms("Brücke", "de")[0] in found["brücken"]
    assert terms("Brücken", "en")[0] in found["brücken"]


def test_words_with_the_same_forms_are_asked_for_once() -> None:
    assert len(query_terms("bridge bridges Bridge", ["en"])) == 1


def test_many_threads_stem_as_one_does() -> None:
    words = [f"running{a}{b}s houses{b}" for a in "abcdefghij" for b in "abcdefghij"]
    expected = [terms(text, "en") for text in words]
    analysis._terms_of.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: terms(text, "en"), words)) == expected


def test_terms_are_forgotten_when_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "_KEPT_TERMS", 3)
    analysis._terms_of.cache_clear()
    assert terms("houses boats ferries lamps houses", "en") == [
        "hous", "boat", "ferri", "lamp", "hous",
    ]  # fmt: skip
    assert len(analysis._terms_of("en")) <= 3
