"""Every error the package raises on purpose, as one tree.

    RagError                     (what, which value, what to do next)
    |-- IndexNotFound            no index where one was expected
    |-- IndexMismatch            the index was built with something else than was asked for
    |-- IndexDamaged             a file of the index is torn, missing or altered
    |-- IndexBusy                another process is writing
    |-- DocumentNotFound         no document of that name in the index
    |-- UnreadableDocument       a file could not be read (it is skipped, the run goes on)
    |   `-- NoText               it holds no text by its nature: an image, an archive, an empty file
    |-- ModelUnavailable         a model is not here and may not or cannot be fetched
    |-- ModelInvalid             a file is not the model it should be
    |-- MissingDependency        an optional package is not installed
    |-- SetInvalid               an evaluation set has problems (they are listed)
    |-- RunInvalid               a recorded run cannot be read or compared
    |-- QuestionInvalid          a question or query that cannot be asked
    |-- ReceiptInvalid           a receipt that cannot be read
    |-- SettingsInvalid          a setting has an impossible value
    `-- NoDocuments              nothing to work on

A caller's mistake in the library (a negative k) is a `ValueError`, before any work. `exit_code`
is what the command line ends with.
"""

from __future__ import annotations

__all__ = [
    "DocumentNotFound",
    "IndexBusy",
    "IndexDamaged",
    "IndexMismatch",
    "IndexNotFound",
    "MissingDependency",
    "ModelInvalid",
    "ModelUnavailable",
    "NoDocuments",
    "NoText",
    "QuestionInvalid",
    "RagError",
    "ReceiptInvalid",
    "RunInvalid",
    "SetInvalid",
    "SettingsInvalid",
    "UnreadableDocument",
]


class RagError(Exception):
    """Base of all errors here. The message says what, which value, and what to do next."""

    exit_code = 1


class IndexNotFound(RagError):
    """There is no index at the given place."""


class IndexMismatch(RagError):
    """The index was built with another embedder, setting or format."""


class IndexDamaged(RagError):
    """A file of the index is torn, missing or altered."""


class IndexBusy(RagError):
    """Another process holds the index's write lock."""


class DocumentNotFound(RagError):
    """There is no document of that name in the index."""


class UnreadableDocument(RagError):
    """A file could not be read; `path` names it, `reason` says why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[UnreadableDocument], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class NoText(UnreadableDocument):
    """A file holds no text by its nature: nothing is wrong with it, and nothing to be read."""


class ModelUnavailable(RagError):
    """A model is not here and may not or cannot be fetched."""


class ModelInvalid(RagError):
    """A file is not the model it should be: wrong digest, format, heads or vocabulary."""


class MissingDependency(RagError):
    """An optional package is not installed; the message holds the install line."""


class SetInvalid(RagError):
    """An evaluation set has problems; `problems` lists them as `file:line: what`."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class RunInvalid(RagError):
    """A recorded run cannot be read, resumed or compared."""


class QuestionInvalid(RagError):
    """A question or query that cannot be asked: empty, or far too long."""


class ReceiptInvalid(RagError):
    """A receipt that cannot be read."""


class SettingsInvalid(RagError):
    """A setting has an impossible value; the message names it and where it came from."""


class NoDocuments(RagError):
    """There is nothing to work on: an empty folder, no readable file."""
