"""Models and data to runs: the loop, its configuration, predictions and twins."""
