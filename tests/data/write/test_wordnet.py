import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph
from lichen.data.read import read_graph
from lichen.data.write import write_graph, write_wordnet

INSTALLED = (Path("/usr/share/wordnet"), Path("/usr/local/WordNet-3.0/dict"))

SYNSETS = (
    ("entity.n.01", "noun.Tops", ["entity"], "that which exists"),
    ("dog.n.01", "noun.animal", ["dog", "Domestic dog"], 'a pet; "it barks | and bites"'),
    ("frump.n.01", "noun.person", ["frump", "dog"], ""),
    ("dog.n.03", "noun.person", ["dog"], "a fellow – informal"),
    ("doggy.s.02", "adj.all", ["doggy"], "like a dog"),
    ("canine.a.01", "adj.pert", ["canine", "doggy"], "of dogs"),
    ("café.n.01", "noun.artifact", ["Café", "U.S. café"], "a place for coffee"),
    ("dog.v.01", "verb.motion", ["dog", "chase after"], "go after"),
    ("doggedly.r.01", "adv.all", ["doggedly"], "with obstinate determination"),
)
FACTS = (
    ("entity.n.01", "hyponym", "dog.n.01"),
    ("dog.n.01", "hypernym", "entity.n.01"),
    ("dog.n.01", "derivationally_related_form", "dog.v.01"),
    ("frump.n.01", "domain_topic", "dog.n.01"),
    ("canine.a.01", "pertainym", "dog.n.01"),
    ("doggy.s.02", "similar_to", "canine.a.01"),
    ("canine.a.01", "similar_to", "doggy.s.02"),
    ("café.n.01", "instance_hypernym", "entity.n.01"),
)


def builder():
    growing = GraphBuilder()
    for label, file, names, gloss in SYNSETS:
        types = (file, file.partition(".")[0])
        growing.add_entity(label, types=types, description=gloss)
        for name in names:
            growing.add_name(label, name)
    for fact in FACTS:
        growing.add_fact(*fact)
    return growing


def about(graph):
    label, relation = graph.entities, graph.relations
    return (
        set(label),
        {(label[h], relation[r], label[t]) for h, r, t in graph.triples.tolist()},
        {label[i]: graph.names_of(i) for i in range(graph.num_entities)},
        {label[i]: text for i, text in graph.descriptions.items()},
        {label[i]: graph.types_of(i) for i in range(graph.num_entities)},
    )


def synset_lines(path):
    """Yield the byte at which each line starts, and the line."""
    position = 0
    for line in path.read_bytes().splitlines(keepends=True):
        if not line.startswith(b"  "):
            yield position, line.decode()
        position += len(line)


def test_what_is_written_comes_back(tmp_path, caplog):
    graph = builder().build()
    folder = write_wordnet(graph, tmp_path / "wn")
    found = read_graph(folder)
    assert about(found) == about(graph)
    offsets = {found.entities[x.entity]: x.value for x in found.literals}
    assert set(offsets) == set(graph.entities)
    assert not caplog.text
    assert about(read_graph(write_wordnet(found, tmp_path / "again"))) == about(graph)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_lines_hold_what_wndb_says(tmp_path):
    folder = write_wordnet(builder().build(), tmp_path / "wn")
    assert {p.name for p in folder.iterdir()} == {
        f"{kind}.{part}" for kind in ("data", "index") for part in ("noun", "verb", "adj", "adv")
    }
    starts = {line.split()[4]: start for start, line in synset_lines(folder / "data.noun")}
    by_word = {line.split()[4]: line for _, line in synset_lines(folder / "data.noun")}
    for part in ("noun", "verb", "adj", "adv"):
        for start, line in synset_lines(folder / f"data.{part}"):
            assert line.startswith(f"{start:08d} ")
    entity, verb = starts["entity"], next(synset_lines(folder / "data.verb"))
    assert by_word["Café"] == (
        f"{starts['Café']:08d} 06 n 02 Café 0 U.S._café 0 001 @i {entity:08d} n 0000"
        " | a place for coffee  \n"
    )
    assert verb[1] == f"{verb[0]:08d} 38 v 02 dog 0 chase_after 0 000 00 | go after  \n"
    index = [line for _, line in synset_lines(folder / "index.noun")]
    assert [x.split()[0] for x in index] == sorted(x.split()[0] for x in index)
    dogs = [line for _, line in synset_lines(folder / "data.noun") if " dog " in line]
    animal, frump, fellow = (int(line[:8]) for line in dogs)
    assert (
        f"dog n 3 3 @ + ; 3 0 {animal:08d} {frump:08d} {fellow:08d}  \n" in index
    )  # frump, which another word labels, fills the gap; ";c" counts as ";"
    assert " frump 0 dog 0 " in dogs[1]
    assert " dog 1 " in dogs[2]  # the second dog of noun.person
    assert " 0 000 |   \n" not in by_word["frump"]
    adjectives = [line for _, line in synset_lines(folder / "index.adj")]
    assert [x.split()[:4] for x in adjectives] == [
        ["canine", "a", "1", "2"],
        ["doggy", "a", "2", "2"],
    ]
    first, second = adjectives[1].split()[-2:]
    where = {line[:8]: line.split()[4] for _, line in synset_lines(folder / "data.adj")}
    assert (where[first], where[second]) == ("canine", "doggy")


def test_an_entity_without_names_gets_that_of_its_label(tmp_path):
    growing = GraphBuilder()
    growing.add_entity("hot_dog.n.01", types=("noun.food",))
    found = read_graph(write_wordnet(growing.build(), tmp_path / "wn"))
    assert found.names_of(0) == ("hot_dog.n.01", "hot dog")
    assert found.types_of(0) == ("noun.food", "noun")


def test_what_is_lost_is_said(tmp_path, caplog):
    growing = builder()
    growing.add_fact("dog.n.03", "hypernym", "entity.n.01", split="train", source=("p", ""))
    growing.add_name("dog.n.01", "狗", language="zh")
    growing.add_entity("dog.n.01", types=("pet",))
    growing.add_literal("dog.n.01", "offset", "02084071-n")
    growing.add_literal("dog.n.01", "legs", 4)
    growing.add_relation("hypernym", text="is a kind of")
    write_wordnet(growing.build(), tmp_path / "wn")
    assert (
        "does not keep the graph's splits, sources, words for relations, names in other "
        "languages, further types, other attributes. Save as .jsonl"
    ) in caplog.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b.add_fact("dog.n.01", "eats", "entity.n.01"), "pointers of .*got 'eats'"),
        (lambda b: b.add_entity("Vienna", types=("noun.location",)), "dog.n.01, .*got 'Vienna'"),
        (lambda b: b.add_entity("Cat.n.01", types=("noun.animal",)), "lower case.*'Cat.n.01'"),
        (lambda b: b.add_entity("cat.n.1", types=("noun.animal",)), "got 'cat.n.1'"),
        (lambda b: b.add_entity("cat.n.01"), "lexicographer file .*'cat.n.01' has none"),
        (lambda b: b.add_entity("cat.n.01", types=("verb.motion",)), "'cat.n.01' has verb.motion"),
        (lambda b: b.add_entity("dog.n.05", types=("noun.animal",)), "4 entities have 'dog'.*05"),
        (lambda b: b.add_entity("doggy.a.02", types=("adj.all",)), "each once.*'doggy' .a.*02"),
        (lambda b: b.add_name("entity.n.01", "a_b"), "no underscore.*'entity.n.01' has 'a_b'"),
        (lambda b: b.add_name("entity.n.01", "a\tb"), r"white space.*has 'a\\tb'"),
        (lambda b: b.add_name("entity.n.01", "a(p)"), "opening bracket.*has 'a.p.'"),
        (lambda b: b.add_name("entity.n.01", "|"), "bar or white.*has '|'"),
        (lambda b: b.add_entity("frump.n.01", description="a\nb"), "no line break.*'frump.n.01'"),
    ],
)
def test_what_has_no_place_is_refused(tmp_path, change, message):
    growing = builder()
    change(growing)
    with pytest.raises(DataError, match=message):
        write_wordnet(growing.build(), tmp_path / "wn")
    assert list(tmp_path.iterdir()) == []


def test_a_first_name_that_is_not_the_label(tmp_path):
    growing = GraphBuilder()
    growing.add_entity("cat.n.01", types=("noun.animal",))
    growing.add_name("cat.n.01", "true cat")
    with pytest.raises(DataError, match=r"start with that of its label.*the first 'true_cat'"):
        write_wordnet(growing.build(), tmp_path / "wn")


def test_more_pointers_than_three_digits_say(tmp_path):
    growing = GraphBuilder()
    for i in range(1001):
        growing.add_entity(f"n{i}.n.01", types=("noun.quantity",))
        if i:
            growing.add_fact("n0.n.01", "hyponym", f"n{i}.n.01")
    with pytest.raises(DataError, match=r"head of at most 999 facts.*'n0.n.01' is of 1000"):
        write_wordnet(growing.build(), tmp_path / "wn")


def test_a_folder_name_alone_still_means_splits(tmp_path):
    write_graph(builder().build(), tmp_path / "folder")
    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["train.tsv"]


def test_the_program_of_wordnet_reads_it(tmp_path):
    if not shutil.which("wn"):
        pytest.skip("WordNet's program wn is not installed: apt-get install wordnet")
    folder = write_wordnet(builder().build(), tmp_path / "wn")
    for name in ("noun", "verb", "adj", "adv"):
        (folder / f"{name}.exc").write_text("")

    def asked(word, *options):
        command = ["wn", word, *options]
        env = {**os.environ, "WNSEARCHDIR": str(folder)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        return done.stdout  # its exit status counts the senses found

    overview = asked("dog", "-over")
    assert "The noun dog has 3 senses" in overview
    assert "3. dog -- (a fellow" in overview
    assert "1. dog, chase after -- (go after)" in overview
    assert "=> entity" in asked("dog", "-hypen", "-n1")
    assert "canine, doggy" in asked("doggy", "-over")
    assert "=> doggy" in asked("canine", "-synsa")


def test_whole_wordnet_comes_back(tmp_path):
    folder = next((f for f in INSTALLED if (f / "data.noun").exists()), None)
    if folder is None:
        pytest.skip("WordNet is not installed: apt-get install wordnet-base")
    graph = Graph.load(folder)
    found = Graph.load(write_wordnet(graph, tmp_path / "wn"))
    assert found.entities.labels == graph.entities.labels
    assert found.names == graph.names
    assert found.descriptions == graph.descriptions
    assert found.types == graph.types
    assert found.relations.labels == graph.relations.labels
    assert (found.triples == graph.triples).all()
