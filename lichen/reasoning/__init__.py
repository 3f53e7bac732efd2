"""Query programs over the graph, and the learned matcher that finds them."""
