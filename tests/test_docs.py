"""The README says what the program does: commands, tests, models."""

import re
from pathlib import Path

import pytest
import typer.main

from rag.cli.app import app
from rag.models import load_catalogue

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands


@pytest.mark.parametrize("name", [n for n, c in COMMANDS.items() if not c.hidden])
def test_every_command_is_in_the_readme(name):
    assert re.search(rf"`?rag(?: [^\n`]*)? {name}\b|`{name}`", README)


def test_every_command_the_readme_shows_exists():
    shown = set(re.findall(r"^(?:\$ )?rag ([a-z]+)", README, re.MULTILINE))
    assert shown <= set(COMMANDS)


def test_ci_runs_the_command_that_the_readme_gives():
    (command,) = re.findall(r"^python -m pip install .*pytest$", README, re.MULTILINE)
    assert command in (TOP / ".ci" / "run").read_text(encoding="utf-8")


def test_the_defaults_that_the_readme_names_are_the_catalogue_s():
    for role in ("embedder", "reader", "generator"):
        first = next(e for e in load_catalogue().entries if e.role == role)
        assert first.name in README


def test_nothing_is_left_to_fill_in():
    assert "@@" not in README
