"""Language models: text encoders and generators."""
