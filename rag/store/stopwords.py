"""The commonest words of the languages that the lexical index knows.

They tell a text's language and are dropped from queries. Lower case, diacritics kept.
"""

from __future__ import annotations

LANGUAGES = {"en": "english", "de": "german", "es": "spanish", "fr": "french"}
"""The languages whose words are stemmed, and their names for the Snowball stemmer."""

_EN = (
    "a about above after again against all am an and any are as at be because been before "
    "being below between both but by can could did do does doing down during each few for "
    "from further had has have having he her here hers herself him himself his how i if in "
    "into is it its itself just me more most my myself no nor not now of off on once only or "
    "other our ours ourselves out over own same she should so some such than that the their "
    "theirs them themselves then there these they this those through to too under until up "
    "very was we were what when where which while who whom whose why will with would you your "
    "yours yourself yourselves "
)
_DE = (
    "ab aber alle allem allen aller alles als also am an ander andere anderem anderen anderer "
    "anderes auch auf aus bei bin bis bist da damit dann das dass dein deine dem den denn der "
    "deren des dessen dich die dies diese diesem diesen dieser dieses dir doch dort du durch "
    "ein eine einem einen einer eines er es etwas euch euer eure für gegen gewesen hab habe "
    "haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer "
    "ihres im in indem ins ist jede jedem jeden jeder jedes jene jenem jenen jener jenes "
    "jetzt kann kein keine keinem keinen keiner können könnte machen man manche mein meine "
    "mich mir mit muss musste nach nicht nichts noch nun nur ob oder ohne sehr sein seine "
    "seinem seinen seiner selbst sich sie sind so solche soll sollte sondern sonst um und uns "
    "unser unsere unter viel vom von vor wann war waren warst warum was weg weil weiter "
    "welche welchem welchen welcher welches wenn wer werde werden wie wieder will wir wird "
    "wirst wo wurde wurden während zu zum zur zwar zwischen über "
)
_ES = (
    "a al algo algunas algunos ante antes como con contra cual cuando cuál cuándo cuánto de "
    "del desde donde dos durante dónde e el ella ellas ellos en entre era eran es esa esas "
    "ese eso esos esta estas este esto estos está están fue fueron ha había han hasta hay la "
    "las le les lo los me mi mis mucho muchos muy más nada ni no nos nosotros o os otra otras "
    "otro otros para pero poco por porque que quien quienes quién qué se sea ser si sin sobre "
    "son su sus sí también tanto te tiene tienen todo todos tu tus un una uno unos y ya yo él "
)
_FR = (
    "au aux avait avec c ce ces cet cette combien comment d dans de des du elle elles en est "
    "et eu eux il ils j je l la le les leur leurs lui m ma mais me mes moi mon même n ne nos "
    "notre nous on ont ou où par pas pour pourquoi qu quand que quel quelle quelles quels qui "
    "s sa sans se ses son sont sur t ta te tes toi ton tu un une vos votre vous y à étaient "
    "était été être "
)

STOP_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(_EN.split()),
    "de": frozenset(_DE.split()),
    "es": frozenset(_ES.split()),
    "fr": frozenset(_FR.split()),
}
