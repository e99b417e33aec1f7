"""Documents whose text is known, as flat OpenDocument, for programs that save other formats.

Each document comes with its truth: the pieces that a reader of it sees, in order, and where.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that belong together; of a table row `heads` are what its values stand under.

    `place` is what the row or slide is called where the format has such places, `page` the page.
    """

    kind: str
    text: str
    heads: tuple[str, ...] = ()
    place: str | None = None
    page: int | None = None


@dataclass(slots=True)
class Truth:
    """The pieces of a document in reading order, and what is to be said once or not at all."""

    pieces: list[Piece] = field(default_factory=list)
    once: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
    'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" '
    'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" '
)
_TEXT = "application/vnd.oasis.opendocument.text"
_SHEETS = "application/vnd.oasis.opendocument.spreadsheet"
_SLIDES = "application/vnd.oasis.opendocument.presentation"

_HARBOUR = (
    "The harbour authority of Dunmore met on 14 March 2024 and heard the surveyor, Dr. Ana Muñoz, "
    "who found considerable undermining along the northern breakwater. Approximately forty metres "
    "of the underlying masonry have lost their foundation, and the responsibility for the "
    "reconstruction lies with the infrastructure department. According to her calculations the "
    "rehabilitation costs 1,284,500 euros, i.e. considerably more than the 940,000 euros that the "
    "administration had estimated in its preliminary investigation of 2021."
)
_FISHING = (
    "Representatives of the fishing cooperative questioned the schedule: uninterrupted "
    "construction between April and September would interfere with the mackerel season. The "
    "engineering consultants answered that winter construction was impossible, because "
    "temperatures below 4.5 °C prevent the hydraulic cement from hardening satisfactorily."
)
_GERMAN = (
    "Für die Übergangszeit stellt die Hafenverwaltung den Fischereigenossenschaften "
    "Liegeplätze im Südbecken zur Verfügung. Die Nutzungsgebühren betragen gem. Abs. 3 der "
    "Gebührenordnung 38,50 € je Woche; größere Schiffe zahlen den doppelten Satz."
)
_FIGURES = (
    ("Section", "Length in m", "Cost 2023", "Cost 2024"),
    ("Northern breakwater", "412", "310,000", "512,800"),
    ("Fish quay", "188", "96,400", "101,250"),
    ("Slipway and yard", "64", "18,900", "22,480"),
)


_LABEL = (
    '<style:list-level-properties text:min-label-width="0.6cm" text:space-before="0.6cm" '
    'text:min-label-distance="0.2cm"/>'
)


def _p(words: str, style: str = "Body") -> str:
    return f'<text:p text:style-name="{style}">{words}</text:p>'


def _h(words: str, level: int) -> str:
    named = f'text:style-name="Heading_20_{level}" text:outline-level="{level}"'
    return f"<text:h {named}>{escape(words)}</text:h>"


def _style(name: str, family: str, inner: str, more: str = "") -> str:
    return f'<style:style style:name="{name}" style:family="{family}" {more}>{inner}</style:style>'


_REPORT_STYLES = (
    _style(
        "Body",
        "paragraph",
        '<style:paragraph-properties fo:text-align="justify" fo:margin-bottom="0.2cm"/>'
        '<style:text-properties fo:hyphenate="true" fo:language="en" fo:country="US" '
        'fo:font-size="11pt" style:font-name="Liberation Serif" '
        'fo:hyphenation-remain-char-count="2" fo:hyphenation-push-char-count="2"/>',
    )
    + _style(
        "German",
        "paragraph",
        '<style:text-properties fo:language="de" fo:country="DE"/>',
        'style:parent-style-name="Body"',
    )
    + _style(
        "Break",
        "paragraph",
        '<style:paragraph-properties fo:break-before="page"/>',
        'style:parent-style-name="Body"',
    )
    + _style("Secret", "text", '<style:text-properties text:display="none"/>')
    + "".join(
        _style(
            f"Heading_20_{level}",
            "paragraph",
            f'<style:text-properties fo:font-size="{20 - 3 * level}pt" fo:font-weight="bold"/>',
            f'style:display-name="Heading {level}" style:default-outline-level="{level}" '
            'style:class="text"',
        )
        for level in (1, 2)
    )
    + _style("T", "table", '<style:table-properties style:width="16cm"/>')
)
_REPORT_AUTOMATIC = (
    '<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="21cm" '
    'fo:page-height="29.7cm" fo:margin="2cm"/><style:header-style/><style:footer-style/>'
    "</style:page-layout>"
    + _style(
        "Two",
        "section",
        '<style:section-properties><style:columns fo:column-count="2" fo:column-gap="0.8cm">'
        '<style:column style:rel-width="1*"/><style:column style:rel-width="1*"/>'
        "</style:columns></style:section-properties>",
    )
    + '<text:list-style style:name="Numbers"><text:list-level-style-number text:level="1" '
    'style:num-format="1" style:num-suffix=".">'
    + _LABEL
    + "</text:list-level-style-number></text:list-style>"
    + '<text:list-style style:name="Dots"><text:list-level-style-bullet text:level="1" '
    'text:bullet-char="•">' + _LABEL + "</text:list-level-style-bullet>"
    '<text:list-level-style-bullet text:level="2" text:bullet-char="–">'
    + _LABEL
    + "</text:list-level-style-bullet></text:list-style>"
)
_HEADER, _FOOTER = "Harbour Report 2024 of the Dunmore Authority", "Not for circulation"
_NOTE = "Measured on 2 February 2024 at low water, see the surveyor's protocol."
_COLUMNS = tuple(
    f"Paragraph {word} of the two columns says that pontoon {number} was inspected by the divers, "
    f"who reported {number * 3} corroded fastenings and recommended their replacement before "
    "the equinoctial storms. Notwithstanding the recommendation, nothing has been commissioned."
    for number, word in enumerate(("one", "two", "three", "four", "five", "six"), 11)
)


def _report() -> tuple[str, Truth]:
    truth = Truth(once=(_HEADER, _FOOTER), never=("This sentence is hidden",))
    say = truth.pieces.append
    body = []

    def text(words: str, page: int, style: str = "Body", markup: str | None = None) -> None:
        say(Piece("paragraph", words, page=page))
        body.append(_p(markup or escape(words), style))

    def heading(words: str, level: int, page: int) -> None:
        say(Piece("heading", words, page=page))
        body.append(_h(words, level))

    heading("State of the Harbour", 1, 1)
    note = (
        '<text:note text:id="n1" text:note-class="footnote"><text:note-citation>1'
        f"</text:note-citation><text:note-body>{_p(escape(_NOTE))}</text:note-body></text:note>"
    )
    first, rest = _HARBOUR.split(" Approximately", 1)
    marked = f"{escape(first)}{note} Approximately{escape(rest)}"
    text(_HARBOUR, 1, markup=marked)
    text(_FISHING, 1)
    heading("Berths", 2, 1)
    text(_GERMAN, 1, "German")
    text("Straße, Größe, Çelik, naïve, ﬁnal — “quoted” … 25 µm ± 0.5 %, Ω = 3 kΩ, αβγ.", 1)
    hidden = '<text:span text:style-name="Secret">This sentence is hidden.</text:span>'
    text("What is shown is shown.", 1, markup=f"What is shown is shown.{hidden}")
    heading("Decisions", 2, 1)
    items = ("Close the quay on 1 May.", "Order 40 t of basalt.", "Inform the pilots.")
    rows = "".join(f"<text:list-item>{_p(item)}</text:list-item>" for item in items)
    body.append(f'<text:list text:style-name="Numbers">{rows}</text:list>')
    for item in items:
        say(Piece("item", item, page=1))
    inner = f'<text:list text:style-name="Dots"><text:list-item>{_p("Nets and ropes")}'
    inner += "</text:list-item></text:list>"
    body.append(
        f'<text:list text:style-name="Dots"><text:list-item>{_p("Crates for the store")}{inner}'
        f"</text:list-item><text:list-item>{_p('Lamps for the mole')}</text:list-item></text:list>"
    )
    for item in ("Crates for the store", "Nets and ropes", "Lamps for the mole"):
        say(Piece("item", item, page=1))
    body.append(_p("Costs of the sections", "Break"))
    say(Piece("paragraph", "Costs of the sections", page=2))
    body.append(_table(_FIGURES))
    for values in _FIGURES[1:]:
        say(Piece("row", "\t".join(values), _FIGURES[0], page=2))
    heading("Pontoons", 1, 2)
    columns = "".join(_p(escape(words)) for words in _COLUMNS)
    body.append(f'<text:section text:style-name="Two" text:name="S">{columns}</text:section>')
    for words in _COLUMNS:
        say(Piece("paragraph", words, page=2))
    for number in range(3, 6):
        words = f"Page {number} begins here. {_FISHING}"
        text(words, number, "Break")
    say(Piece("note", _NOTE, page=1))
    header = _p(escape(_HEADER), "Header")
    footer = _p(f"{_FOOTER} · <text:page-number/>", "Footer")
    master = (
        '<office:master-styles><style:master-page style:name="Standard" '
        f'style:page-layout-name="L"><style:header>{header}</style:header>'
        f"<style:footer>{footer}</style:footer></style:master-page></office:master-styles>"
    )
    return _flat(_TEXT, "text", "".join(body), _REPORT_STYLES, _REPORT_AUTOMATIC, master), truth


def _table(rows: tuple[tuple[str, ...], ...]) -> str:
    def row(values: tuple[str, ...]) -> str:
        cells = (
            f'<table:table-cell office:value-type="string">{_p(v)}</table:table-cell>'
            for v in values
        )
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    head = f"<table:table-header-rows>{row(rows[0])}</table:table-header-rows>"
    below = "".join(row(values) for values in rows[1:])
    width = f'<table:table-column table:number-columns-repeated="{len(rows[0])}"/>'
    return (
        f'<table:table table:name="Costs" table:style-name="T">{width}{head}{below}</table:table>'
    )


def _cell(value: str, kind: str = "string", given: str = "", more: str = "") -> str:
    typed = {
        "float": f'office:value="{given}"',
        "date": f'office:date-value="{given}"',
        "percentage": f'office:value="{given}"',
    }.get(kind, "")
    shown = f"<text:p>{escape(value)}</text:p>"
    return f'<table:table-cell office:value-type="{kind}" {typed} {more}>{shown}</table:table-cell>'


def _book() -> tuple[str, Truth]:
    truth = Truth()
    styles = (
        '<number:date-style style:name="ND"><number:year number:style="long"/><number:text>-'
        '</number:text><number:month number:style="long"/><number:text>-</number:text>'
        '<number:day number:style="long"/></number:date-style>'
        '<number:percentage-style style:name="NP"><number:number number:decimal-places="1" '
        'number:min-integer-digits="1"/>'
        "<number:text>%</number:text></number:percentage-style>"
    )
    automatic = _style("D", "table-cell", "", 'style:data-style-name="ND"') + _style(
        "P", "table-cell", "", 'style:data-style-name="NP"'
    )
    automatic += _style(
        "co1", "table-column", '<style:table-column-properties style:column-width="3.1cm"/>'
    )
    heads = ("Ship", "Arrival", "Tonnes", "Share", "Total")
    ships = (
        ("Möwe", "2024-03-01", "120", "0.125", "240"),
        ("Albatros", "2024-04-17", "95.5", "0.305", "191"),
        ("Sturmvogel", "2024-11-30", "1280", "0.055", "2560"),
    )
    merged = 'table:number-columns-spanned="5" table:number-rows-spanned="1"'
    covered = '<table:covered-table-cell table:number-columns-repeated="4"/>'
    rows = [f"<table:table-row>{_cell('Arrivals of the spring', more=merged)}{covered}"]
    rows.append("<table:table-row>" + "".join(_cell(head) for head in heads))
    truth.pieces.append(Piece("paragraph", "Arrivals of the spring", place="Arrivals!A1"))
    for number, (ship, day, tonnes, share, total) in enumerate(ships, 3):
        formula = f'table:formula="of:=[.C{number}]*2"'
        rows.append(
            "<table:table-row>"
            + _cell(ship)
            + _cell(day, "date", day, 'table:style-name="D"')
            + _cell(tonnes, "float", tonnes)
            + _cell(f"{float(share):.1%}", "percentage", share, 'table:style-name="P"')
            + _cell(total, "float", total, formula)
        )
        shown = (ship, day, tonnes, f"{float(share) * 100:.10g} %", total)
        place = f"Arrivals!A{number}:E{number}"
        truth.pieces.append(Piece("row", "\t".join(shown), heads, place=place))
    first = "</table:table-row>".join(rows) + "</table:table-row>"
    second = (
        "<table:table-row>"
        + "".join(map(_cell, ("Berth", "Holder", "Fee")))
        + ("</table:table-row>")
    )
    holders = (("B1", "Ó Briain & Sons", "38.5"), ("B2", "Widow Tallis", "77"))
    for number, (berth, holder, fee) in enumerate(holders, 2):
        cells = _cell(berth) + _cell(holder) + _cell(fee, "float", fee)
        second += f"<table:table-row>{cells}</table:table-row>"
        place = f"Berths!A{number}:C{number}"
        truth.pieces.append(
            Piece("row", f"{berth}\t{holder}\t{fee}", ("Berth", "Holder", "Fee"), place=place)
        )
    body = "".join(
        f'<table:table table:name="{name}"><table:table-column table:style-name="co1" '
        f'table:number-columns-repeated="5"/>{rows}</table:table>'
        for name, rows in (("Arrivals", first), ("Berths", second))
    )
    return _flat(_SHEETS, "spreadsheet", body, styles, automatic), truth


def _talk() -> tuple[str, Truth]:
    truth = Truth()
    slides = (
        (
            "Why the quay closes",
            ("The masonry is undermined.", "Divers found 33 cavities."),
            "Smile.",
        ),
        (
            "What it costs",
            ("1,284,500 euros in total.", "Paid over 12 years."),
            "Mention the loan.",
        ),
        ("Übersicht", ("Liegeplätze im Südbecken", "Beginn am 1. Mai"), ""),
    )
    pages = []
    for number, (title, lines, note) in enumerate(slides, 1):
        truth.pieces.append(Piece("heading", title, place=f"slide {number}", page=number))
        frames = _frame(_p(escape(title), "Standard"), "title", 1)
        frames += _frame("".join(_p(escape(line), "Standard") for line in lines), "outline", 5)
        for line in lines:
            truth.pieces.append(Piece("item", line, place=f"slide {number}", page=number))
        if note:
            frames += "<presentation:notes>" + _frame(_p(note, "Standard"), "notes", 12)
            frames += "</presentation:notes>"
            place = f"slide {number}, notes"
            truth.pieces.append(Piece("note", note, place=place, page=number))
        pages.append(
            f'<draw:page draw:name="p{number}" draw:master-page-name="M">{frames}</draw:page>'
        )
    automatic = (
        '<style:page-layout style:name="PL"><style:page-layout-properties fo:page-width="28cm" '
        'fo:page-height="15.75cm"/></style:page-layout>'
    )
    master = (
        '<office:master-styles><style:master-page style:name="M" style:page-layout-name="PL"/>'
        "</office:master-styles>"
    )
    return _flat(_SLIDES, "presentation", "".join(pages), "", automatic, master), truth


def _frame(inner: str, kind: str, top: int) -> str:
    return (
        f'<draw:frame presentation:class="{kind}" svg:x="2cm" svg:y="{top}cm" svg:width="24cm" '
        f'svg:height="{2 if kind == "title" else 8}cm"><draw:text-box>{inner}</draw:text-box>'
        "</draw:frame>"
    )


def _flat(kind: str, body: str, content: str, styles: str, automatic: str, master: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_NAMES} office:version="1.3" '
        f'office:mimetype="{kind}"><office:styles>{styles}</office:styles>'
        f"<office:automatic-styles>{automatic}</office:automatic-styles>{master}"
        f"<office:body><office:{body}>{content}</office:{body}></office:body></office:document>"
    )


MAKERS = {"report": (_report, "fodt"), "book": (_book, "fods"), "talk": (_talk, "fodp")}
