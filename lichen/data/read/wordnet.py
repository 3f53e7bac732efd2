"""The database files of WordNet into a growing graph.

Entities are synsets, labelled by their first lemma, part of speech and sense number, such as
"dog.n.01" (the form NLTK uses; "s" is a satellite adjective). Lemmas are names, the gloss is
the description, the lexicographer file ("noun.animal") and the part of speech are types. The
attribute "offset" holds "02084071-n", by which WN18 and WN18RR number synsets.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from lichen.base.errors import DataError
from lichen.data.builder import GraphBuilder
from lichen.data.read.lines import BadLines, shown, text_lines

PAPER = "Miller, 1995, WordNet: a lexical database for English, CACM 38(11)"

PARTS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
"""File suffix to the letter of the part of speech."""

POINTERS = {
    "!": "antonym",
    "@": "hypernym",
    "@i": "instance_hypernym",
    "~": "hyponym",
    "~i": "instance_hyponym",
    "#m": "member_holonym",
    "#s": "substance_holonym",
    "#p": "part_holonym",
    "%m": "member_meronym",
    "%s": "substance_meronym",
    "%p": "part_meronym",
    "=": "attribute",
    "+": "derivationally_related_form",
    ";c": "domain_topic",
    "-c": "member_of_domain_topic",
    ";r": "domain_region",
    "-r": "member_of_domain_region",
    ";u": "domain_usage",
    "-u": "member_of_domain_usage",
    "*": "entailment",
    ">": "cause",
    "^": "also_see",
    "$": "verb_group",
    "&": "similar_to",
    "<": "participle_of",
    "\\": "pertainym",
}
"""Pointer symbol to relation; (h, "hypernym", t) says that t is a hypernym of h."""

FILES = (
    "adj.all",
    "adj.pert",
    "adv.all",
    "noun.Tops",
    "noun.act",
    "noun.animal",
    "noun.artifact",
    "noun.attribute",
    "noun.body",
    "noun.cognition",
    "noun.communication",
    "noun.event",
    "noun.feeling",
    "noun.food",
    "noun.group",
    "noun.location",
    "noun.motive",
    "noun.object",
    "noun.person",
    "noun.phenomenon",
    "noun.plant",
    "noun.possession",
    "noun.process",
    "noun.quantity",
    "noun.relation",
    "noun.shape",
    "noun.state",
    "noun.substance",
    "noun.time",
    "verb.body",
    "verb.change",
    "verb.cognition",
    "verb.communication",
    "verb.competition",
    "verb.consumption",
    "verb.contact",
    "verb.creation",
    "verb.emotion",
    "verb.motion",
    "verb.perception",
    "verb.possession",
    "verb.social",
    "verb.stative",
    "verb.weather",
    "adj.ppl",
)
"""Lexicographer files by their number."""

Key = tuple[str, str]
"""Offset and part of speech, "s" counted as "a"."""


class _Synset(NamedTuple):
    key: Key
    kind: str
    file: str
    lemmas: tuple[str, ...]
    pointers: tuple[tuple[str, Key], ...]
    gloss: str


def read_wordnet(
    folder: Path, builder: GraphBuilder, bad: BadLines, *, split: str | None = None
) -> None:
    """Read the `data.*` and `index.*` files of a folder; `.gz` is allowed.

    Args:
        folder: holds at least one pair such as data.noun and index.noun.
        builder: gets synsets and their relations.
        bad: told of bad lines and of pointers to synsets that are not there.
        split: the split its facts belong to.

    Raises:
        DataError: a file is missing, or holds a bad line and `bad` says raise.
    """
    senses: dict[tuple[str, Key], int] = {}
    synsets: list[tuple[Path, int, _Synset]] = []
    for part, letter in PARTS.items():
        data, index = _file(folder, f"data.{part}"), _file(folder, f"index.{part}")
        if data is None and index is None:
            continue
        if data is None or index is None:
            missing = f"data.{part}" if data is None else f"index.{part}"
            raise DataError(f"{folder}: must hold {missing} too, found none. Copy it there.")
        _read_index(index, letter, senses, bad)
        synsets += [(data, number, x) for number, x in _read_data(data, letter, bad)]
    labels = {x.key: _label(x, senses) for _, _, x in synsets}
    for _, _, synset in synsets:
        _add(synset, labels[synset.key], builder)
    for path, number, synset in synsets:
        for relation, target in synset.pointers:
            if target in labels:
                builder.add_fact(labels[synset.key], relation, labels[target], split=split)
            else:
                wanted = "-".join(target)
                bad.found(path, number, f"expected pointers to known synsets, found {wanted}")


def _file(folder: Path, name: str) -> Path | None:
    return next((p for p in (folder / name, folder / f"{name}.gz") if p.exists()), None)


def _read_index(path: Path, letter: str, senses: dict[tuple[str, Key], int], bad: BadLines) -> None:
    """Number the senses of each lemma in the order its index line lists them."""
    for number, line in text_lines(path, bad):
        if line.startswith("  "):  # the licence
            continue
        fields = line.split()
        try:
            offsets = fields[-int(fields[2]) :]
        except (IndexError, ValueError):
            offsets = []
        if not offsets or not all(len(x) == 8 and x.isdigit() for x in offsets):
            bad.found(path, number, f"expected a lemma and its offsets, found {shown(line)}")
            continue
        for sense, offset in enumerate(offsets, start=1):
            senses[fields[0], (offset, letter)] = sense


def _read_data(path: Path, letter: str, bad: BadLines) -> list[tuple[int, _Synset]]:
    found = []
    for number, line in text_lines(path, bad):
        if line.startswith("  "):  # the licence
            continue
        try:
            found.append((number, _parse(line, letter)))
        except (IndexError, ValueError, KeyError):
            bad.found(path, number, f"expected a synset, found {shown(line)}")
    return found


def _parse(line: str, letter: str) -> _Synset:
    """Parse "offset file kind n (lemma id)*n p (symbol offset part words)*p ... | gloss"."""
    head, _, gloss = line.partition(" | ")
    fields = head.split()
    num_words = int(fields[3], 16)
    words = fields[4 : 4 + 2 * num_words : 2]
    start = 5 + 2 * num_words
    num_pointers = int(fields[start - 1])
    pointers = tuple(
        (POINTERS[fields[i]], (fields[i + 1], fields[i + 2]))
        for i in range(start, start + 4 * num_pointers, 4)
    )
    if len(fields[0]) != 8 or not fields[0].isdigit() or len(words) != num_words or not words:
        raise ValueError(line)
    lemmas = tuple(dict.fromkeys(word.partition("(")[0] for word in words))
    file = FILES[int(fields[1])]
    return _Synset((fields[0], letter), fields[2], file, lemmas, pointers, gloss.strip())


def _label(synset: _Synset, senses: dict[tuple[str, Key], int]) -> str:
    lemma = synset.lemmas[0].lower()
    sense = senses.get((lemma, synset.key))
    if sense is None:  # an index line was skipped: the offset is as unique
        return "-".join(synset.key)
    return f"{lemma}.{synset.kind}.{sense:02d}"


def _add(synset: _Synset, label: str, builder: GraphBuilder) -> None:
    part = synset.file.partition(".")[0]
    builder.add_entity(label, types=(synset.file, part), description=synset.gloss)
    for lemma in synset.lemmas:
        builder.add_name(label, lemma.replace("_", " "))
    builder.add_literal(label, "offset", "-".join(synset.key))
