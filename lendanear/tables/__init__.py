"""Raw files to typed, validated tables in Parquet."""

from lendanear.tables.build import TABLES_OF, build_tables

__all__ = ["TABLES_OF", "build_tables"]
