"""Text to the user's own graph: mentions, candidates, ranking, NIL."""
