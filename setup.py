"""Puts models.txt, which stands at the top of the project, into the package's data."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithCatalogue(build_py):
    """Builds the package with a copy of the catalogue of models in `rag/data/`."""

    def run(self) -> None:
        """Builds, then copies; an editable install reads the original in the checkout."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "rag" / "data"
            target.mkdir(parents=True, exist_ok=True)
            self.copy_file(str(Path(__file__).with_name("models.txt")), str(target / "models.txt"))


setup(cmdclass={"build_py": BuildWithCatalogue})
