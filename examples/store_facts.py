"""Keep facts in a store: insert, correct, retract, delete by source, look back in time."""

import lichen as li

with li.Store.open("facts.db") as store:
    store.insert("Vienna", "capital", "Austria", source=("atlas.txt:1", "Vienna is the capital."))
    store.insert("Mayor A", "mayor_of", "Vienna", source=("news.txt:9", "A was elected."))
    before = store.version

    store.correct("Mayor A", "mayor_of", "Vienna", "Graz", source=("news.txt:12", "A is in Graz."))
    print("now:   ", [(f.head, f.relation, f.tail) for f in store.facts(head="Mayor A")])
    old = store.snapshot(at=before)
    print("before:", [tuple(old.entities[i] for i in (h, t)) for h, _, t in old.triples.tolist()])

    store.delete_source("atlas.txt:1")
    print("after deleting a source:", store.snapshot())
    for fact in store.facts(head="Mayor A"):
        print("evidence:", fact.sources)
