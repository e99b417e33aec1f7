"""Whether a text is English: what an English reader can be asked about."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W\d_]+")

# Function words of English and of languages written in Latin letters. A word that is common in
# English and elsewhere ('in', 'was', 'die', 'an', 'on') stands in neither list.
_ENGLISH_WORDS = """
    the of and to is are were what which who whom whose when where why how does did has have had
    been be being this that these those with from by for at it its their they there you your we our
    she his her not can could should would will shall may might must about into than then if but
    under between during after before any all each every much many while because or
    explain list tell describe give show find summarise summarize compare
    """
_FOREIGN_WORDS = """
    der das dem den des ein eine einen einem einer und ist sind nicht wie wer wann warum wieso
    welche welcher welches wurde wurden wird werden mit von für auf im zum zur bei nach über aus
    wo hoch viel viele gibt hat haben die kostet kosten
    de het een van hoeveel zijn niet hoe waar wanneer waarom welke welk wordt werd voor met op bij
    le la les du une est sont dans pour qui quoi quand où pourquoi comment quel quelle quels
    quelles avec sur pas au aux ces cette combien que
    il lo gli della delle dei degli nel nella che chi perché quando dove quale quali sono è di
    quanto quanta quanti
    el los las una unos del por para con qué quién cuándo cuál cuáles cómo dónde cuánto fue
    os uma da dos das não quem como qual quais onde foi são em este sunt și care când unde cum
    og ikke hvad hvem hvornår hvor hvorfor hvilken hvilket hva når hvordan blev ble av
    och inte vad vem när varför vilken vilket hur är på det att som
    mikä kuka milloin missä miksi miten ja ei oli
    jest nie kto kiedy gdzie dlaczego jak który która które się czy co na w z
    kdo kdy kde proč byl byla je što tko kada gdje zašto koji koja koje
    az egy és nem ki mikor hol miért hogyan
    ne kim nerede neden nasıl hangi ve bir bu için
    yang dan berapa apa siapa kapan mengapa bagaimana
    """
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_FOREIGN = frozenset(_FOREIGN_WORDS.split())


def looks_english(text: str) -> bool:
    """Whether `text` seems to be English.

    By script first, then by function words. True where neither tells, as for names, numbers or a
    bare keyword: a warning without cause is worse than none.
    """
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return True
    foreign_script = sum(1 for c in letters if not _is_latin(c))
    if foreign_script * 2 > len(letters):
        return False
    words = [w.lower() for w in _WORD.findall(text)]
    english = sum(w in _ENGLISH for w in words)
    foreign = sum(w in _FOREIGN for w in words)
    if english or foreign:
        return english >= foreign
    accented = sum(not w.isascii() for w in words)
    return accented * 3 <= len(words) or len(words) < 3


def _is_latin(character: str) -> bool:
    return character.isascii() or unicodedata.name(character, "").startswith("LATIN")
