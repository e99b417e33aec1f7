"""The units that stand with a number, as they are written: English words, and signs."""

from __future__ import annotations

UNITS: dict[str, str] = {}
"""The one name of a unit for each way to write it, in lower case."""
for _canon, _forms in {
    "percent": "% percent pct",
    "euro": "€ eur euro euros",
    "dollar": "$ usd dollar dollars",
    "pound": "£ gbp pound pounds lb lbs",
    "franc": "chf franc francs",
    "year": "year years yr yrs",
    "month": "month months",
    "week": "week weeks",
    "day": "day days",
    "hour": "hour hours hr hrs h",
    "minute": "minute minutes min mins",
    "second": "seconds sec secs",
    "kilometre": "km kilometre kilometres kilometer kilometers",
    "metre": "m metre metres meter meters",
    "centimetre": "cm centimetre centimetres centimeter centimeters",
    "millimetre": "mm millimetre millimetres",
    "mile": "mile miles mph",
    "foot": "ft foot feet",
    "inch": "inch inches",
    "kilogram": "kg kilogram kilograms kilo kilos",
    "gram": "g gram grams",
    "milligram": "mg milligram milligrams",
    "tonne": "t tonne tonnes ton tons",
    "litre": "l litre litres liter liters",
    "millilitre": "ml millilitre millilitres milliliter milliliters",
    "degree": "° degree degrees °c °f",
    "hectare": "ha hectare hectares",
    "acre": "acre acres",
    "volt": "v volt volts",
    "watt": "w watt watts",
    "kilowatt": "kw kilowatt kilowatts",
    "megawatt": "mw megawatt megawatts",
    "kilowatt hour": "kwh",
    "megawatt hour": "mwh",
    "kilohertz": "khz kilohertz",
    "megahertz": "mhz megahertz",
    "gigahertz": "ghz gigahertz",
    "kilobyte": "kb kilobyte kilobytes",
    "megabyte": "mb megabyte megabytes",
    "gigabyte": "gb gigabyte gigabytes",
    "terabyte": "tb terabyte terabytes",
}.items():
    for _form in _forms.split():
        UNITS[_form] = _canon

UNIT_WORDS = frozenset(form for form in UNITS if form.isalpha()) | {"per", "cent"}
"""The words that stand behind a number as its unit: two texts share them by chance."""

MONEY = frozenset({"euro", "dollar", "pound", "franc"})
