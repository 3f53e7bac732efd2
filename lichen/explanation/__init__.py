"""Answers with their evidence."""
