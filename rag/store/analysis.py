"""Text -> terms for the lexical index: words, stems by language, no diacritics.

The analysis is part of the on-disk format: a change of what it returns needs a new
`schema.FORMAT_VERSION`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from threading import Lock
from typing import Any

from rag.store.stopwords import LANGUAGES, STOP_WORDS

UNKNOWN = "none"
_SAMPLE_CHARS = 20_000
_MAX_TERM_CHARS = 64
_KEPT_TERMS = 1 << 17
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"\d+(?:[.,]\d+)*(?![^\W_])|[{_CJK}]+|[^\W_{_CJK}]+(?:['’][^\W_]+)?")
_IDEOGRAPHS = re.compile(rf"[{_CJK}]")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+$")


def words(text: str) -> list[str]:
    """The words of a text in lower case, in order: runs of letters and digits.

    A number keeps its inner points (`3.5`; `3,5` is the same) and loses its thousands separators
    (`18,400` is `18400`). Chinese, Japanese and Korean runs become pairs of characters.
    """
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFC", text).casefold()):
        if word.isascii() and word.isalpha() and word != "s":  # most words, and nothing to part
            found.append(word[:_MAX_TERM_CHARS])
        elif word[0].isdigit() and not word.isalnum():
            found.append(_number(word))
        elif len(word) > 1 and _IDEOGRAPHS.match(word):
            found += [word[i : i + 2] for i in range(len(word) - 1)]
        else:
            found += _parts(word)
    return found


def _number(word: str) -> str:
    if _GROUPED.match(word):
        return re.sub("[.,]", "", word)
    return word.replace(",", ".")


def _parts(word: str) -> list[str]:
    """A word at its apostrophe: `council's` is `council`, `l'école` is `l` and `école`."""
    parts = word.replace("’", "'").split("'")
    if parts[-1] == "s":
        parts.pop()
    return [part[:_MAX_TERM_CHARS] for part in parts if part]


def language_of(text: str) -> str:
    """The language of a text by its commonest words (`en`, `de`, `es`, `fr`), else `none`.

    Only the first 20,000 characters count. A language needs one word in twenty among its stop
    words, and more than any other language.
    """
    sample = words(text[:_SAMPLE_CHARS])
    counts = {name: sum(map(stops.__contains__, sample)) for name, stops in STOP_WORDS.items()}
    best = max(LANGUAGES, key=lambda name: counts[name])
    return best if counts[best] * 20 >= max(1, len(sample)) else UNKNOWN


def terms(text: str, language: str) -> list[str]:
    """The terms of a text in order, stop words included, as the index holds them."""
    return list(map(_terms_of(language).__getitem__, words(text)))


def term(word: str, language: str) -> str:
    """The term of a word: its stem in `language`, without diacritics."""
    return _terms_of(language)[word]


class _Terms(dict[str, str]):
    """The terms of the words met so far in a language, forgotten when they are too many."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._stemmer = _stemmer(language)
        self._lock = Lock()  # a stemmer holds the word it is at

    def __missing__(self, word: str) -> str:
        if len(self) >= _KEPT_TERMS:
            self.clear()
        found = word
        if self._stemmer and not word.isdigit():
            with self._lock:
                found = self._stemmer.stemWord(word)
        self[word] = found = fold(found)
        return found


@lru_cache(maxsize=8)
def _terms_of(language: str) -> _Terms:
    return _Terms(language)


def fold(word: str) -> str:
    """A word without diacritics (`brücke` -> `brucke`)."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFKD", word)
    return "".join(c for c in parts if not unicodedata.combining(c)) or word


def _stemmer(language: str) -> Any:
    if language not in LANGUAGES:
        return None
    import snowballstemmer

    return snowballstemmer.stemmer(LANGUAGES[language])


def query_terms(query: str, languages: Iterable[str]) -> list[tuple[str, frozenset[str]]]:
    """The words that a query asks for, each with its forms in the index's languages.

    Stop words are dropped (of the query's own language if it shows one, else of every language
    of the index), unless nothing else is left; a word that stands twice counts once. Two words
    with the same forms are one.
    """
    known = sorted(languages) or [UNKNOWN]
    spoken = language_of(query)
    stops: set[str] = set()
    for name in [spoken] if spoken in known and spoken != UNKNOWN else known:
        stops |= STOP_WORDS.get(name, frozenset())
    asked = list(dict.fromkeys(words(query)))
    kept = [word for word in asked if word not in stops] or asked
    forms: dict[frozenset[str], str] = {}
    for word in kept:
        forms.setdefault(frozenset(term(word, name) for name in known), word)
    return [(word, variants) for variants, word in forms.items()]
