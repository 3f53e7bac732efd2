"""Ways of joining text and graph, and the model that holds them."""
