"""Training loops for graph encoders and fused models."""
