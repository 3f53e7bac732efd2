"""Graph to vectors: scorers, their training, and the graph encoder."""
