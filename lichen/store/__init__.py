"""The knowledge base on disk: names, facts, sources and validity in SQL."""
