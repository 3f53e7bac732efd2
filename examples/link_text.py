"""Link a text to the built-in graph: any script, misspelt names, homonyms, NIL."""

import lichen as li

graph = li.Graph.load("atlas")
linker = li.Linker(graph, li.TextEncoder.load())
for text in (
    "The Danube flows through Vienna and Budapest.",
    "Tbilisi is the capital of Georgia.",
    "多瑙河流经奥地利。",
    "Is Kazakstan larger than Mongolia?",
    "Nothing here is in the graph.",
):
    print(text)
    for mention in linker.mentions(text):
        words = text[mention.span.start : mention.span.end]
        name = "NIL" if mention.entity is None else graph.entities[mention.entity]
        best = mention.candidates[0].score if mention.candidates else 0.0
        print(f"    {words} -> {name} ({best:.2f})")
