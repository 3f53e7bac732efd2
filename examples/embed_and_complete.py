"""Embed the built-in graph, complete facts with probabilities, and place a newcomer at once."""

import lichen as li

graph = li.divide(li.Graph.load("atlas"), valid=0.03, test=0.03)
config = li.EmbeddingConfig(epochs=6, n3=0.04)
nodes = li.train(li.GraphEncoder("complex", graph, dim=64), graph, config=config).model
print(li.evaluate(nodes, graph))

sure = li.calibrate(nodes, graph)
for found in li.complete(nodes, "Austria", "export_partner", None, graph=graph, calibrator=sure)[
    :3
]:
    print(f"Austria export_partner {found.label}: probability {found.probability:.2f}")
print("Near Austria:", ", ".join(x.label for x in li.nearest(nodes, "Austria", top=3)))

newcomer = [("Lichenia", "borders", "Austria"), ("Lichenia", "official_language", "German")]
grown = nodes.with_entities(newcomer)
for found in li.complete(grown, "Lichenia", "continent", None, top=1):
    print("Lichenia continent", found.label)
