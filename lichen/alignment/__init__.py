"""Text space to graph space."""
