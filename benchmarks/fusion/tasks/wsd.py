"""Raganato's five test sets: which synset a word of a sentence means, with WordNet's relations."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from xml.etree import ElementTree as ET

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Document
from lichen.data.graph import Graph
from tasks.lexicon import PARTS_OF_SPEECH, RELATIONS
from tasks.task import Task, coverage, data, deal, drawn, mention
from tasks.wordnet import Synset, wordnet

SHARES = (0.6, 0.1, 0.3)
"""Of the texts in training, validation and test; there is no other sense-tagged text at hand."""
PARTS = {"NOUN": "n", "VERB": "v", "ADJ": "a", "ADV": "r"}
BEFORE, AFTER = 20, 12
"""Words of the sentence that are kept around the target."""
WHOLE = {
    **RELATIONS,
    "#m": ("member_of", "is a member of"),
    "#p": ("part_of", "is a part of"),
    "#s": ("substance_of", "is a substance of"),
    ";c": ("topic", "belongs to the topic"),
    "$": ("verb_group", "is like"),
    "*": ("entails", "entails"),
    ">": ("causes", "causes"),
    "=": ("attribute", "is a value of"),
}
"""Pointer symbol to relation and the words that say it."""


class Instance(NamedTuple):
    """A word of a text whose meaning is asked for."""

    id: str
    lemma: str
    part: str
    before: str
    target: str
    after: str
    gold: frozenset[str]
    """Keys of the synsets that it may mean."""


def load(**sizes: int) -> Task:
    """Return the instances, one document for each synset that the word may mean."""
    parts, graph = _parts()
    documents = [[doc for x in part for doc in _candidates(x, graph)] for part in parts]
    corpus = drawn(*documents, **sizes, group="instance")
    return Task(
        name="wsd",
        corpus=corpus,
        graph=graph,
        group="instance",
        note=(
            "WordNet 3.0 relations of every synset that the word may mean, and which of them it "
            "means most often; the text is 'word, definition : sentence' and the word in the "
            "sentence is linked to the synset of the definition. Whole texts are in one part. "
            f"{coverage(corpus)}"
        ),
    )


@cache
def _parts() -> tuple[list[list[Instance]], Graph]:
    folder = data("wsd_raganato_eval") / "ALL"
    lines = (folder / "ALL.gold.key.txt").read_text(encoding="utf-8").splitlines()
    keys = wordnet().sense_keys
    gold = {x[0]: frozenset(keys[key] for key in x[1:]) for x in map(str.split, lines)}
    root = ET.parse(folder / "ALL.data.xml").getroot()
    found = [x for sentence in root.iter("sentence") for x in _instances(sentence, gold)]
    parts = deal([".".join(x.id.split(".")[:2]) for x in found], SHARES)
    return [[found[i] for i in part] for part in parts], _graph(found)


def _instances(sentence: ET.Element, gold: dict[str, frozenset[str]]) -> list[Instance]:
    words = [word.text or "" for word in sentence]
    return [
        Instance(
            word.attrib["id"],
            word.attrib["lemma"].lower(),
            PARTS[word.attrib["pos"]],
            " ".join(words[max(i - BEFORE, 0) : i]),
            words[i],
            " ".join(words[i + 1 : i + 1 + AFTER]),
            gold[word.attrib["id"]],
        )
        for i, word in enumerate(sentence)
        if word.tag == "instance"
    ]


def _candidates(instance: Instance, graph: Graph) -> list[Document]:
    found = []
    for key in wordnet().senses[instance.lemma, instance.part]:
        synset = wordnet().synsets[key]
        told = f"{instance.lemma.replace('_', ' ')}, {synset.definition} : {instance.before}"
        start = len(told.rstrip()) + len(' "')
        text = f'{told.rstrip()} "{instance.target}" {instance.after}'.rstrip()
        end = start + len(instance.target)
        found.append(
            Document(
                id=f"{instance.id}-{wordnet().labels[key]}",
                text=text,
                label="right" if key in instance.gold else "wrong",
                mentions=(mention(start, end, graph.entities.id(wordnet().labels[key])),),
                meta={"instance": instance.id},
            )
        )
    return found


def _graph(instances: list[Instance]) -> Graph:
    """Return the candidates of all instances, what is one step away, and all hypernyms."""
    net, builder = wordnet(), GraphBuilder()
    for label, text in WHOLE.values():
        builder.add_relation(label, text=text)
    builder.add_relation("main_sense_of", text="is the usual meaning of")
    builder.add_relation("other_sense_of", text="is a rarer meaning of")
    builder.add_relation("kind", text="belongs to")
    queue, done = list[Synset](), set[str]()
    for lemma, part in dict.fromkeys((x.lemma, x.part) for x in instances):
        word = f"{lemma} ({PARTS_OF_SPEECH[part]})"
        builder.add_entity(word, types=("word",))
        builder.add_name(word, lemma.replace("_", " "))
        for i, key in enumerate(net.senses[lemma, part]):
            relation = "other_sense_of" if i else "main_sense_of"
            builder.add_fact(_synset(builder, net.synsets[key]), relation, word)
            queue.append(net.synsets[key])
    while queue:
        synset = queue.pop()
        if synset.key in done:
            continue
        done.add(synset.key)
        label = _synset(builder, synset)
        builder.add_fact(label, "kind", synset.file)
        for pointer in synset.pointers:
            if pointer.symbol in WHOLE:
                above = net.synsets[pointer.target]
                builder.add_fact(label, WHOLE[pointer.symbol][0], _synset(builder, above))
                if pointer.symbol in ("@", "@i"):
                    queue.append(above)
    return builder.build()


def _synset(builder: GraphBuilder, synset: Synset) -> str:
    label = wordnet().labels[synset.key]
    builder.add_entity(label, types=(synset.file,), description=synset.definition)
    builder.add_name(label, synset.words[0].replace("_", " "))
    return label
