"""Lichen grows a language model and a knowledge graph into one model, and measures the gain."""
