"""Questions answered by the paths of a graph: no entity has a vector, so new ones work at once.

`lichen.embedding.path.model.PathModel` is the model, `lichen.embedding.path.train.train_paths`
trains it; its weights belong to the relations alone.
"""
