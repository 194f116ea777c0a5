"""Pinned public files: registry, integrity, retrieval, and finding a reader's own files."""
