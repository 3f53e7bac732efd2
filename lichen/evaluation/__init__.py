"""Measures and tests of significance; numpy only."""
