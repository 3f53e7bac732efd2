"""Vectors and graphs to and from other software: files, PyG, NetworkX, PyKEEN."""
