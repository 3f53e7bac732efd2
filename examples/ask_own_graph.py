"""Ask questions of a graph of your own, correct a fact, ask again; nothing is retrained."""

import lichen as li

FACTS = """
Norton located_in Redland; Norburg located_in Redland; Solton located_in Blueland
Solburg located_in Blueland; Velton located_in Greenmark; Velburg located_in Greenmark
Redland governed_by Ada Stone; Blueland governed_by Bo Marsh; Greenmark governed_by Cy Field
Redland trades_with Blueland; Blueland trades_with Greenmark; Greenmark trades_with Redland
"""

with li.Store.open(":memory:") as store:
    for fact in FACTS.replace("\n", ";").split(";"):
        if fact.strip():
            head, relation, tail = fact.split(maxsplit=2)
            store.insert(head, relation, tail, source=("gazetteer", fact.strip()))
    answerer = li.Answerer.train(store, li.TextEncoder.load())
    print(answerer.ask("What is Norton located in?").explain())
    print(answerer.ask("What is Redland governed by?").explain())

    store.correct("Redland", "governed_by", "Ada Stone", "Di Brook", source=("decree 7", "Brook."))
    print(answerer.ask("What is Redland governed by?").explain())
    print(answerer.ask("Who won the cup in Redland?").explain())
