"""What a start loads: nothing heavy before it is needed, and no room reaches down the house."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rag
from rag import errors

PACKAGE = Path(rag.__file__).parent
HEAVY = ("onnxruntime", "sentence_transformers", "torch", "transformers", "faiss", "llama_cpp")
NONE_OF_THESE = (*HEAVY, "numpy", "sqlite3", "rich", "typer", "lxml", "pypdfium2", "httpx")
# From the top of the house to the bottom: a room imports only from rooms that stand before it.
ROOMS = (
    ("types", "errors"),
    ("settings",),
    ("models",),
    ("untrusted",),
    ("places", "stamps", "leftovers"),
    ("sources",),
    ("sentences", "passages"),
    ("embedding",),
    ("store",),
    ("indexing",),
    ("retrieval",),
    ("reading",),
    ("calibration",),
    ("generation",),
    ("verification",),
    ("answering",),
    ("summarising",),
    ("json_form", "followup", "tuning", "loading", "narrowing", "opened"),
    ("notebook", "receipts", "annotation"),
    ("evaluation",),
    ("library", "measuring", "diagnosis", "training", "testing", "fitting"),
    ("cli",),
)


def loaded_by(code):
    listing = f"{code}\nimport sys\nprint(*sorted(m.partition('.')[0] for m in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    return set(run.stdout.splitlines()[-1].split())


def test_importing_the_package_loads_nothing_heavy():
    assert not loaded_by("import rag") & set(NONE_OF_THESE)


def test_help_loads_no_model_library():
    code = (
        "import sys\nsys.argv = ['rag', '--help']\nfrom rag.cli import main\n"
        "try: main()\nexcept SystemExit: pass"
    )
    assert not loaded_by(code) & set(HEAVY)


def imports_of(path):
    """The rooms that a module imports when it is loaded, without those for type checkers alone."""
    found = set()
    waiting = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rag."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.If | ast.Try):
            waiting.extend(node.body)
    return found


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_imports_point_only_upwards(path):
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    floor = {name: number for number, names in enumerate(ROOMS) for name in names}
    assert room in floor, f"{room} is in no place of the house"
    below = {other for other in imports_of(path) if floor[other] > floor[room]}
    assert not below


def test_the_tree_of_errors_is_drawn_whole():
    raised = {n for n in dir(errors) if isinstance(getattr(errors, n), type) and n != "annotations"}
    classes = {n for n in raised if issubclass(getattr(errors, n), errors.RagError)}
    assert classes == set(errors.__all__)
    assert all(name in errors.__doc__ for name in classes)
