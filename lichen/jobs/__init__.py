"""Whole runs: the quickstart and the uplift comparison."""
