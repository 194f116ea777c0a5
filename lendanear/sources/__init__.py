"""Pinned public files: registry, integrity, retrieval, and finding a reader's own files."""

from lendanear.sources.resolve import MissingFile, Source, SourceFile, resolve

__all__ = ["MissingFile", "Source", "SourceFile", "resolve"]
