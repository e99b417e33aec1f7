"""Files into documents: walking, one parser a format, limits.

`walk` finds files and names them, `read_files` reads them in processes that can be stopped,
`read_file` reads one in this process.
"""

from rag.sources.naming import name_documents
from rag.sources.pool import ParserPool, read_files
from rag.sources.protocol import Attachment, Parsed, Parser
from rag.sources.reading import read_file
from rag.sources.registry import PARSERS, parser_for, parser_versions
from rag.sources.walking import Found, walk

__all__ = [
    "PARSERS",
    "Attachment",
    "Found",
    "Parsed",
    "Parser",
    "ParserPool",
    "name_documents",
    "parser_for",
    "parser_versions",
    "read_file",
    "read_files",
    "walk",
]
