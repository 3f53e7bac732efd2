"""The built-in graph of countries, made at first use from installed packages."""

from lichen.data.atlas.cache import ATLAS_VERSION, load_corpus, load_graph

__all__ = ["ATLAS_VERSION", "load_corpus", "load_graph"]
