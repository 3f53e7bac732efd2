"""Few labels and many texts to a predictor: self-training, consistency, active learning."""
