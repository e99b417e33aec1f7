"""Small plots as inline SVG, coloured by the page's own style so that they follow its theme."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 14, 42

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a plot: its label, its range and where ticks stand."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value lies between `low` (0) and `high` (1), clipped."""
        span = self.high - self.low or 1.0
        return min(1.0, max(0.0, (value - self.low) / span))


UNIT_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def unit_axis(label: str) -> Axis:
    """An axis from 0 to 1."""
    return Axis(label, 0.0, 1.0, UNIT_TICKS)


class Plot:
    """A plot under construction; `svg` is its markup. `summary` is read to those who cannot see."""

    def __init__(self, x: Axis, y: Axis, summary: str) -> None:
        self.x, self.y, self.summary = x, y, summary
        self._parts: list[str] = []

    def at(self, point: Point) -> Point:
        """The pixel of a point."""
        across, up = self.x.share(point[0]), self.y.share(point[1])
        return (
            _LEFT + across * (WIDTH - _LEFT - _RIGHT),
            HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM),
        )

    def line(self, points: Sequence[Point], style: str = "line") -> None:
        """A line through the points."""
        if points:
            path = " ".join("{:.1f},{:.1f}".format(*self.at(p)) for p in points)
            self._parts.append(f'<polyline class="{style}" points="{path}"/>')

    def dot(self, point: Point, tip: str, radius: float = 4.0) -> None:
        """A dot with a text that shows on hovering."""
        x, y = self.at(point)
        self._parts.append(
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
            f"<title>{html.escape(tip)}</title></circle>"
        )

    def whisker(self, x: float, low: float, high: float) -> None:
        """An interval around a dot."""
        (px, bottom), (_, top) = self.at((x, low)), self.at((x, high))
        self._parts.append(
            f'<line class="whisker" x1="{px:.1f}" x2="{px:.1f}" y1="{bottom:.1f}" y2="{top:.1f}"/>'
        )

    def mark(self, x: float, label: str, low: bool = False) -> None:
        """A dashed vertical line with a label, at its top or (`low`) its bottom."""
        (px, bottom), (_, top) = self.at((x, self.y.low)), self.at((x, self.y.high))
        end = px > WIDTH * 0.6
        y = bottom - 6 if low else top + 9
        anchor, shift = ("end", -4) if end else ("start", 4)
        self._parts.append(
            f'<line class="mark" x1="{px:.1f}" x2="{px:.1f}" y1="{bottom:.1f}" y2="{top:.1f}"/>'
            f'<text class="marklabel" x="{px + shift:.1f}" y="{y:.1f}" '
            f'text-anchor="{anchor}">{html.escape(label)}</text>'
        )

    def column(self, low: float, high: float, value: float, tip: str) -> None:
        """A column from the x value `low` to `high`."""
        (left, bottom), (right, top) = self.at((low, self.y.low)), self.at((high, value))
        self._parts.append(
            f'<rect class="bar" x="{left + 1:.1f}" y="{top:.1f}" width="{right - left - 2:.1f}" '
            f'height="{bottom - top:.1f}"><title>{html.escape(tip)}</title></rect>'
        )

    def svg(self) -> str:
        """The finished plot."""
        return _svg(HEIGHT, self.summary, "".join([*self._frame(), *self._parts]))

    def _frame(self) -> Iterable[str]:
        left, bottom = self.at((self.x.low, self.y.low))
        right, top = self.at((self.x.high, self.y.high))
        for tick in self.x.ticks:
            x = self.at((tick, 0))[0]
            yield (
                f'<text class="tick" x="{x:.1f}" y="{bottom + 15:.1f}" '
                f'text-anchor="middle">{tick:g}</text>'
            )
        for tick in self.y.ticks:
            y = self.at((0, tick))[1]
            yield f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield (
                f'<text class="tick" x="{left - 6}" y="{y + 3.5:.1f}" '
                f'text-anchor="end">{tick:g}</text>'
            )
        yield (
            f'<text class="label" x="{(left + right) / 2:.1f}" y="{HEIGHT - 6}" '
            f'text-anchor="middle">{html.escape(self.x.label)}</text>'
            f'<text class="label" x="12" y="{(top + bottom) / 2:.1f}" text-anchor="middle" '
            f'transform="rotate(-90 12 {(top + bottom) / 2:.1f})">'
            f"{html.escape(self.y.label)}</text>"
        )


def _svg(height: int, summary: str, content: str) -> str:
    label = html.escape(summary, quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">{content}</svg>'


@dataclass(frozen=True, slots=True)
class Row:
    """A horizontal bar: its name, the bar's value, and a further value that a thin line reaches."""

    name: str
    value: float
    further: float
    text: str


def horizontal_bars(rows: Sequence[Row], summary: str) -> str:
    """Bars with their names on the left and their figures on the right."""
    longest = max((row.further for row in rows), default=1.0) or 1.0
    room, left, step = 150, 84, 30
    parts = []
    for number, row in enumerate(rows):
        y = 12 + number * step
        bar, reach = room * row.value / longest, room * row.further / longest
        parts.append(
            f'<text class="label" x="{left - 6}" y="{y + 12}" text-anchor="end">'
            f"{html.escape(row.name)}</text>"
            f'<line class="whisker" x1="{left}" x2="{left + reach:.1f}" y1="{y + 8}" y2="{y + 8}"/>'
            f'<rect class="bar" x="{left}" y="{y}" width="{max(bar, 1):.1f}" height="16"/>'
            f'<text class="tick" x="{left + max(bar, reach) + 6:.1f}" y="{y + 12}">'
            f"{html.escape(row.text)}</text>"
        )
    return _svg(16 + step * len(rows), summary, "".join(parts))


def nice_ticks(high: float, count: int = 4) -> tuple[float, ...]:
    """Round tick values from 0 up to at least `high`: steps of 1, 2 or 5 times a power of ten."""
    from math import ceil, floor, log10

    raw = max(high, 1e-9) / count
    power = 10 ** floor(log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    return tuple(step * i for i in range(ceil(high / step - 1e-9) + 1))
