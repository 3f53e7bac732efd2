"""The command line: each verb a thin twin of a function."""
