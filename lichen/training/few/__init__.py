"""Few labels and many texts to a predictor: adaptation, self-training, consistency, choosing."""
