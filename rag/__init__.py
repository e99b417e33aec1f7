"""Answers questions over your own documents and shows where each sentence stands."""

__version__ = "0.1.0"
