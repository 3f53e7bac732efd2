"""Text space and graph space to one another: linear maps, and text to relations."""
