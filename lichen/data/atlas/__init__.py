"""The built-in graph of countries, made at first use from installed packages."""
