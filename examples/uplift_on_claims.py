"""Is a sentence true? A fused model against its twins, on a small part of the built-in task."""

import lichen as li

graph, text = li.Graph.load("atlas"), li.TextEncoder.load()
claims = li.claims(graph, num_train=1200, num_valid=100, num_test=400)
known = li.removed(graph).graph
config = li.EmbeddingConfig(epochs=6, n3=0.02)
nodes = li.train(li.GraphEncoder("complex", known, dim=64), known, config=config).model

model = li.FusedModel(text, nodes, fusion="gate", task="classify", labels=claims.labels())
run = li.train(model, claims.train, config=li.TrainConfig(epochs=6))
found = li.uplift(run, claims.test)
print(found.headline)
print(found.scores_table().text("Accuracy, %"))
