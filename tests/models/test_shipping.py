from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
ASK = """
from rag.models.catalogue import builtin_path, load_catalogue
print(builtin_path())
print(load_catalogue().get("rag-reader-minilm").root)
"""


@pytest.mark.slow
def test_a_built_package_finds_the_catalogue_in_its_data(tmp_path: Path) -> None:
    pytest.importorskip("setuptools", minversion="77")
    # From a copy of the sources: building must leave nothing behind in the checkout.
    source = tmp_path / "source"
    (source / "rag").mkdir(parents=True)
    for name in ("pyproject.toml", "setup.py", "models.txt", "README.md", "LICENSE"):
        if (TOP / name).is_file():
            (source / name).write_bytes((TOP / name).read_bytes())
    (source / "README.md").touch()
    for path in [*(TOP / "rag").glob("*.py"), *(TOP / "rag" / "models").glob("*.py")]:
        target = source / path.relative_to(TOP)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    build = "import setuptools.build_meta as b, sys; print(b.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=source, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    assert (installed / "rag/data/models.txt").read_bytes() == (TOP / "models.txt").read_bytes()
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(installed)!r}){ASK}"],
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [str(installed / "rag/data/models.txt"), str(installed)]
