"""Graphs, corpora, their readers and writers, leak guards, and the built-in Atlas."""
