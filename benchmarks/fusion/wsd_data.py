"""WordNet's files and the Raganato sets -> words in context, their senses, the right ones."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from lichen.data.corpus import Span
from lichen.data.graph import Graph
from lichen.linking.senses import Ambiguous

PARTS = {"NOUN": "noun", "VERB": "verb", "ADJ": "adj", "ADV": "adv"}
LETTERS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
KINDS = {"n": 1, "v": 2, "a": 3, "r": 4, "s": 5}
Order = Mapping[tuple[str, str], tuple[int, ...]]
"""Lemma and part of speech to synsets, the most usual first."""


class Item(NamedTuple):
    """One word to tell the sense of."""

    data: str
    document: str
    part: str
    lemma: str
    mention: Ambiguous
    gold: frozenset[int]


def _lines(path: Path) -> list[str]:
    """Return the lines of a WordNet file without its licence."""
    if not path.is_file():
        raise SystemExit(f"{path}: no such file. apt-get install wordnet-base, or give --wordnet.")
    return [x for x in path.read_text(encoding="utf-8").splitlines() if not x.startswith("  ")]


def synset_ids(graph: Graph) -> dict[str, int]:
    """Return "02084071-n" to entity id."""
    return {str(x.value): x.entity for x in graph.literals if x.attribute == "offset"}


def sense_order(folder: Path, ids: Mapping[str, int]) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return the synsets of each lemma and part of speech in the order of the index files."""
    found = {}
    for part, letter in LETTERS.items():
        for line in _lines(folder / f"index.{part}"):
            fields = line.split()
            offsets = fields[-int(fields[2]) :]
            found[fields[0], part] = tuple(ids[f"{x}-{letter}"] for x in offsets)
    return found


def sense_keys(folder: Path, ids: Mapping[str, int]) -> dict[str, int]:
    """Return sense keys such as "art%1:06:00::" to synsets."""
    rows: dict[str, list[str]] = {}
    for part, letter in LETTERS.items():
        for line in _lines(folder / f"data.{part}"):
            rows[f"{line[:8]}-{letter}"] = line.partition(" | ")[0].split()
    found = {}
    for offset, row in rows.items():
        num = int(row[3], 16)
        head = ":"
        if row[2] == "s":  # a satellite's key names the adjective it is similar to
            similar = row.index("&", 4 + 2 * num)
            first = rows[f"{row[similar + 1]}-a"]
            head = f"{_bare(first[4])}:{int(first[5], 16):02d}"
        for word, number in zip(row[4 : 4 + 2 * num : 2], row[5 : 5 + 2 * num : 2], strict=True):
            sense = f"{KINDS[row[2]]}:{int(row[1]):02d}:{int(number, 16):02d}:{head}"
            found[f"{_bare(word)}%{sense}"] = ids[offset]
    return found


def sense_counts(folder: Path, keys: Mapping[str, int]) -> dict[tuple[str, int], int]:
    """Return how often each lemma was met as each synset in the texts that WordNet counted."""
    found: dict[tuple[str, int], int] = {}
    for line in _lines(folder / "cntlist.rev"):
        key, _, count = line.split()
        if key in keys:
            place = key.partition("%")[0], keys[key]
            found[place] = found.get(place, 0) + int(count)
    return found


def _bare(word: str) -> str:
    """Return a word in lower case without its marker, as in "afloat(p)"."""
    return word.partition("(")[0].lower()


def read_items(
    folder: Path, order: Order, keys: Mapping[str, int], counts: Mapping[tuple[str, int], int]
) -> list[Item]:
    """Return the words of the set ALL, in order."""
    gold = {}
    for line in (folder / "ALL.gold.key.txt").read_text(encoding="utf-8").splitlines():
        name, *found = line.split()
        gold[name] = frozenset(keys[key] for key in found)
    items = []
    for document in ET.parse(folder / "ALL.data.xml").getroot():
        name = document.attrib["id"]
        for sentence in document:
            words = [word.text or "" for word in sentence]
            text, start = " ".join(words), 0
            for word, surface in zip(sentence, words, strict=True):
                span = Span(start, start + len(surface))
                start = span.end + 1
                if word.tag == "instance":
                    part, lemma = PARTS[word.attrib["pos"]], word.attrib["lemma"].lower()
                    senses = order[lemma, part]
                    met = tuple(counts.get((lemma, sense), 0) for sense in senses)
                    mention = Ambiguous(text, span, senses, met)
                    wanted = gold[word.attrib["id"]]
                    items.append(Item(name.partition(".")[0], name, part, lemma, mention, wanted))
    return items
