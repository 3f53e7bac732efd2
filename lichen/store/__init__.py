"""The knowledge base on disk: names, facts, sources and validity in SQL."""

from lichen.store.imports import ImportReport, import_file
from lichen.store.records import Changes, Counts, Entity, Fact
from lichen.store.store import Store

__all__ = ["Changes", "Counts", "Entity", "Fact", "ImportReport", "Store", "import_file"]
