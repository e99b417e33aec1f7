"""The report as a person meets it: in a real browser, by keyboard alone, light and dark."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rag.evaluation import run_evaluation


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("browser.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BROWSER = _module()
pytestmark = pytest.mark.skipif(
    BROWSER.installed() is None,
    reason=f"no browser is installed (looked for {', '.join(BROWSER.NAMES)})",
)
WIDE, NARROW, HEIGHT = 1280, 360, 900

# The contrast of each text with what lies behind it (WCAG 2.1, 1.4.3), the lowest first.
CONTRASTS = """(() => {
  const parse = c => c.match(/[0-9.]+/g).map(Number);
  const light = c => c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll('body *')].filter(e => own(e) && e.tagName !== 'SCRIPT')
    .map(e => {
      const s = getComputedStyle(e);
      const a = light(parse(e.closest('svg') ? s.fill : s.color)), b = light(behind(e));
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.className + ''];
    }).sort((x, y) => x[0] - y[0]).slice(0, 3);
})()"""


@pytest.fixture(scope="module")
def page(world: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    rows = [{"type": "number" if q["answers"] else "none", **q} for q in world.QUESTIONS]
    set_folder = world.write_set(folder / "s", rows)
    base = run_evaluation(set_folder, world.product(), stage="answers", run_dir=folder / "a")
    report = run_evaluation(
        set_folder, world.product(), stage="answers", run_dir=folder / "b", baseline=base.run
    )
    return report.run / "report.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    profile = tmp_path_factory.mktemp("profile")
    with BROWSER.Browser(BROWSER.installed(), profile) as found:
        yield found


def focused(browser: Any) -> str:
    """What has the focus: the element's name, its value or label, and its text."""
    return str(
        browser.value(
            "(e => [e.tagName, e.value || e.getAttribute('aria-label') || '',"
            " e.textContent.slice(0, 40)].join('|'))(document.activeElement)"
        )
    )


def shown(browser: Any) -> int:
    """How many items are visible."""
    return int(browser.value("document.querySelectorAll('details.item:not([hidden])').length"))


def tab_until(browser: Any, wanted: Callable[[str], bool], shift: bool = False) -> str:
    """Presses Tab until the focus is where it is wanted."""
    for _ in range(40):
        browser.press("Tab", shift=shift)
        if wanted(now := focused(browser)):
            return now
    pytest.fail(f"Tab never came there; it ended at {focused(browser)}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_it_fits_reads_well_and_loads_nothing(
    browser: Any, page: Path, width: int, scheme: str, tmp_path: Path
) -> None:
    browser.open(page, width, HEIGHT, scheme)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.requested() == [page.resolve().as_uri()]
    assert browser.complaints() == []
    browser.value("document.querySelectorAll('details.item').forEach(d => d.open = true)")
    assert browser.value("document.documentElement.scrollWidth") <= width
    lowest = browser.value(CONTRASTS)
    assert lowest[0][0] >= 4.5, lowest
    dark = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, dark.strip("rgb()").split(","))) < 80) == (scheme == "dark")
    assert browser.picture(tmp_path / "seen.png").stat().st_size > 5_000


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_by_keyboard_alone_items_are_chosen_found_and_opened(
    browser: Any, page: Path, width: int
) -> None:
    browser.open(page, width, HEIGHT, "light")
    assert shown(browser) == 8
    tab_until(browser, lambda now: now.startswith("INPUT|all"))
    outline = "getComputedStyle(document.activeElement.nextElementSibling).outlineStyle"
    assert browser.value(outline) == "solid"
    browser.press("ArrowRight")
    chosen = focused(browser).split("|")[1]
    label = browser.value("document.activeElement.parentElement.textContent")
    assert chosen != "all"
    assert f"({shown(browser)})" in label
    assert (
        browser.value("document.getElementById('count').textContent") == f"{shown(browser)} shown"
    )
    browser.press("ArrowLeft")
    assert shown(browser) == 8
    browser.press("Tab")
    assert browser.value("document.activeElement.id") == "find"
    browser.write("rent is due")
    browser.press("Enter")
    assert 1 <= shown(browser) < 8
    assert tab_until(browser, lambda now: now.startswith("SUMMARY")).count("rent")
    assert browser.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    opened = "document.activeElement.parentElement.open"
    browser.press("Enter")
    assert browser.value(opened) is True
    marks = (
        "[...document.activeElement.parentElement.querySelectorAll('mark')].map(m => m.className)"
    )
    assert {"cite", "cite gold"} & set(browser.value(marks))
    browser.press(" ")
    assert browser.value(opened) is False
    tab_until(browser, lambda now: now.startswith("INPUT|rent"), shift=True)


def test_a_wide_table_scrolls_by_keyboard(browser: Any, page: Path) -> None:
    browser.open(page, NARROW, HEIGHT, "light")
    tab_until(browser, lambda now: now.startswith("DIV|All metrics"))
    for _ in range(4):
        browser.press("ArrowRight")
    deadline = time.monotonic() + 10
    while not browser.value("document.activeElement.scrollLeft") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert browser.value("document.activeElement.scrollLeft") > 0
