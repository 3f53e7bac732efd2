"""Embed a graph of your own and ask for missing facts."""

from pathlib import Path

import lichen as li

families = [("Ann", "Bob", "Cid"), ("Dora", "Egon", "Fay"), ("Gus", "Hal", "Ida")]
rows = []
for mother, child, cousin in families:
    rows += [(mother, "mother_of", child), (child, "child_of", mother)]
    rows += [(child, "cousin_of", cousin), (cousin, "cousin_of", child)]
rows.remove(("Hal", "child_of", "Gus"))
Path("family.tsv").write_text("\n".join("\t".join(row) for row in rows) + "\n")

graph = li.Graph.load("family.tsv")
config = li.EmbeddingConfig(epochs=200, batch_size=8)
nodes = li.train(li.GraphEncoder("complex", graph, dim=32), graph, config=config).model

hal, child_of = graph.entities.id("Hal"), graph.relations.id("child_of")
scores = nodes.score_tails([hal], [child_of])[0]
for entity in scores.argsort(descending=True)[:3].tolist():
    print(f"Hal child_of {graph.entities[entity]}: {scores[entity]:.2f}")
