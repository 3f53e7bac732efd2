"""A graph of synsets as the database files of WordNet, `data.*` and `index.*`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lichen.base.errors import DataError
from lichen.data.graph import Graph, Name
from lichen.data.read.wordnet import FILES, PARTS, POINTERS
from lichen.data.write.atomic import atomic_folder, atomic_text
from lichen.data.write.loss import warn_of_loss

PAPER = "Miller, 1995, WordNet: a lexical database for English, CACM 38(11)"

SYMBOLS = {relation: symbol for symbol, relation in POINTERS.items()}

HEADER = (
    "  1 Synsets in the form of the database files of WordNet, written by Lichen.  \n"
    "  2 Pointers join whole synsets; verb frames and sense counts are not known.  \n"
)
"""Lines that start with two spaces are no synsets; offset 0 means "none" to some programs."""

LABEL = re.compile(r"([^\s(|]+)\.([nvasr])\.(\d{2,})")

MOST_WORDS, MOST_POINTERS, MOST_BYTES = 255, 999, 99_999_999
"""What two hexadecimal, three and eight decimal digits can say."""


class _Synset(NamedTuple):
    letter: str
    kind: str
    lemma: str
    sense: int
    file: str
    words: tuple[str, ...]
    gloss: str


class _Pointer(NamedTuple):
    symbol: str
    target: int


def write_wordnet(graph: Graph, folder: str | Path) -> Path:
    """Write `data.*` and `index.*` for nouns, verbs, adjectives and adverbs.

    Labels must be those of `read_wordnet`, such as "dog.n.01", and each entity must have its
    lexicographer file, such as "noun.animal", among its types. The words of a synset are its
    English names, or the lemma of its label where it has none; its gloss is the description,
    without white space around it. Reading the folder gives the same labels, names,
    descriptions, lexicographer files and facts, and the part of speech as a type.

    Not preserved, since a graph does not hold them: between which words of two synsets a
    pointer runs (source and target are 0000, the whole synsets), verb frames (a count of 00),
    how often a sense was tagged (0), the syntactic markers of adjectives, and the order of the
    senses of a word among synsets that another word labels (it is that of the graph). Lex ids
    count a word's senses within a lexicographer file, anew. The attribute "offset" is not
    copied: offsets are those of the files written. Logged as lost: splits, sources, words for
    relations, names in other languages, further types and attributes. The lists that some
    programs want beside these files (lexnames, *.exc, index.sense) are not written.

    Args:
        graph: what to write.
        folder: a new or empty folder.

    Returns:
        The folder.

    Raises:
        DataError: a label, a name, a description or a relation has no place in the format, an
            entity has no lexicographer file, the senses of a word have a gap, or the folder
            is in use.

    References:
        Miller, 1995, CACM 38(11); the manual page wndb(5) of WordNet 3.0.
    """
    place = Path(folder)
    words: dict[int, list[str]] = {}
    for name in graph.names:
        if name.language == "en":
            words.setdefault(name.entity, []).append(_word(place, graph, name))
    synsets = [_synset(place, graph, id_, words.get(id_)) for id_ in range(graph.num_entities)]
    pointers = _pointers(place, graph)
    senses = _senses(place, synsets)
    rows = {letter: _rows(synsets, pointers, letter) for letter in PARTS.values()}
    offsets: dict[int, int] = {}
    for letter in PARTS.values():
        _find_offsets(place, rows[letter], offsets)
    with atomic_folder(place) as draft:
        for part, letter in PARTS.items():
            with atomic_text(draft / f"data.{part}") as file:
                file.write(HEADER)
                for id_, row in rows[letter].items():
                    file.write(row.line(offsets[id_], offsets))
            with atomic_text(draft / f"index.{part}") as file:
                file.write(HEADER)
                own = {lemma: ids for (of, lemma), ids in senses.items() if of == letter}
                for lemma in sorted(own, key=str.encode):
                    file.write(_index_line(lemma, letter, own[lemma], pointers, offsets))
    warn_of_loss(place, _lost(graph, synsets))
    return place


def _synset(place: Path, graph: Graph, id_: int, words: list[str] | None) -> _Synset:
    label, types = graph.entities[id_], graph.types_of(id_)
    found = LABEL.fullmatch(label)
    if not found or label != _label(*found.groups()):
        raise DataError(
            f"{place}: labels must be a lemma in lower case, n, v, a, s or r and a sense, such "
            f"as dog.n.01, to be saved as WordNet; got {label!r}. Save as .jsonl."
        )
    lemma, kind, sense = found.groups()
    letter = "a" if kind == "s" else kind
    file = next((x for x in types if x in FILES and PARTS[x.partition(".")[0]] == letter), None)
    if file is None:
        raise DataError(
            f"{place}: types must hold a lexicographer file of the part of speech, such as "
            f"noun.animal of dog.n.01, to be saved as WordNet; {label!r} has "
            f"{', '.join(types) or 'none'}. Add it, or save as .jsonl."
        )
    words = words or [lemma]
    if words[0].lower() != lemma or len(words) > MOST_WORDS:
        raise DataError(
            f"{place}: the English names of an entity must start with that of its label and be "
            f"at most {MOST_WORDS} to be saved as WordNet; {label!r} has {len(words)}, the "
            f"first {words[0]!r}. Mend them, or save as .jsonl."
        )
    gloss = graph.descriptions.get(id_, "").strip()
    if len(gloss.splitlines()) > 1:
        raise DataError(
            f"{place}: descriptions must hold no line break to be saved as WordNet; that of "
            f"{label!r} does. Mend it, or save as .jsonl."
        )
    return _Synset(letter, kind, lemma, int(sense), file, tuple(words), gloss)


def _label(lemma: str, kind: str, sense: str) -> str:
    return f"{lemma.lower()}.{kind}.{int(sense):02d}"


def _word(place: Path, graph: Graph, name: Name) -> str:
    word = name.text.replace(" ", "_")
    if "_" in name.text or word.split() != [word] or "(" in word or "|" in word:
        raise DataError(
            f"{place}: English names must hold no underscore, opening bracket, bar or white "
            f"space but blanks to be saved as WordNet; {graph.entities[name.entity]!r} has "
            f"{name.text!r}. Mend it, or save as .jsonl."
        )
    return word


def _pointers(place: Path, graph: Graph) -> dict[int, list[_Pointer]]:
    """Return the pointers of each synset, in the order of its facts."""
    found: defaultdict[int, list[_Pointer]] = defaultdict(list)
    for h, r, t in graph.triples.tolist():
        symbol = SYMBOLS.get(graph.relations[r])
        if symbol is None:
            raise DataError(
                f"{place}: relations must be pointers of WordNet, such as hypernym, to be saved "
                f"as WordNet; got {graph.relations[r]!r}. Save as .jsonl."
            )
        found[h].append(_Pointer(symbol, t))
    for h, own in found.items():
        if len(own) > MOST_POINTERS:
            raise DataError(
                f"{place}: an entity must be the head of at most {MOST_POINTERS} facts to be "
                f"saved as WordNet; {graph.entities[h]!r} is of {len(own)}. Save as .jsonl."
            )
    return found


def _senses(place: Path, synsets: list[_Synset]) -> dict[tuple[str, str], list[int]]:
    """Return the synsets of each word in the order of its senses, by (part of speech, lemma).

    A synset whose label names the word stands where the label says; the others fill the places
    between in the order of the graph.
    """
    having: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for id_, synset in enumerate(synsets):
        for lemma in dict.fromkeys(word.lower() for word in synset.words):
            having[synset.letter, lemma].append(id_)
    for (letter, lemma), ids in having.items():
        named = {synsets[i].sense: i for i in ids if synsets[i].lemma == lemma}
        others = [i for i in ids if synsets[i].lemma != lemma]
        if len(named) + len(others) < len(ids) or not set(named) <= set(range(1, len(ids) + 1)):
            raise DataError(
                f"{place}: the senses of a word must be numbered from 1 without a gap, each once, "
                f"to be saved as WordNet; {len(ids)} entities have {lemma!r} ({letter}), labelled "
                f"{', '.join(f'{x:02d}' for x in sorted(named))}. Number them anew, or save as "
                ".jsonl."
            )
        filling = iter(others)
        ids[:] = [
            named[sense] if sense in named else next(filling) for sense in range(1, len(ids) + 1)
        ]
    return having


class _Row(NamedTuple):
    """A line of a data file, but for the offsets in it."""

    start: str
    pointers: tuple[tuple[str, int, str], ...]
    """Symbol, target and the letter of its part of speech."""
    end: str

    def line(self, offset: int, offsets: dict[int, int]) -> str:
        """Return the line; its length does not depend on the offsets."""
        middle = "".join(
            f" {symbol} {offsets.get(target, 0):08d} {letter} 0000"
            for symbol, target, letter in self.pointers
        )
        return f"{offset:08d} {self.start}{middle}{self.end}\n"


def _rows(
    synsets: list[_Synset], pointers: dict[int, list[_Pointer]], letter: str
) -> dict[int, _Row]:
    rows, lex_ids = {}, Counter[tuple[str, str]]()
    for id_, synset in enumerate(synsets):
        if synset.letter != letter:
            continue
        fields = [f"{FILES.index(synset.file):02d}", synset.kind, f"{len(synset.words):02x}"]
        for word in synset.words:
            key = (synset.file, word.lower())
            fields += [word, f"{lex_ids[key]:x}"]
            lex_ids[key] += 1
        own = tuple((p.symbol, p.target, synsets[p.target].letter) for p in pointers.get(id_, ()))
        fields.append(f"{len(own):03d}")
        frames = " 00" if letter == "v" else ""
        rows[id_] = _Row(" ".join(fields), own, f"{frames} | {synset.gloss}  ")
    return rows


def _find_offsets(place: Path, rows: dict[int, _Row], offsets: dict[int, int]) -> None:
    """Note at which byte of its file each line starts."""
    position = len(HEADER)
    for id_, row in rows.items():
        if position > MOST_BYTES:
            raise DataError(
                f"{place}: a part of speech must fit into {MOST_BYTES} bytes to be saved as "
                "WordNet, got more. Save as .jsonl."
            )
        offsets[id_] = position
        position += len(row.line(0, {}).encode("utf-8", "surrogatepass"))


def _index_line(
    lemma: str,
    letter: str,
    ids: list[int],
    pointers: dict[int, list[_Pointer]],
    offsets: dict[int, int],
) -> str:
    """Return "lemma part n p symbol*p n tagged offset*n"; kinds such as ";c" count as ";"."""
    symbols = dict.fromkeys(
        p.symbol if p.symbol[0] in "#%" else p.symbol[0] for i in ids for p in pointers.get(i, ())
    )
    fields: Iterable[object] = (
        *(lemma, letter, len(ids), len(symbols), *symbols, len(ids), 0),
        *(f"{offsets[i]:08d}" for i in ids),
    )
    return " ".join(map(str, fields)) + "  \n"


def _lost(graph: Graph, synsets: list[_Synset]) -> dict[str, object]:
    kept = ({x.file, x.file.partition(".")[0]} for x in synsets)
    return {
        "splits": graph.splits,
        "sources": graph.sources,
        "words for relations": graph.relation_texts,
        "names in other languages": any(name.language != "en" for name in graph.names),
        "further types": any(
            not own.issuperset(graph.types_of(id_)) for id_, own in enumerate(kept)
        ),
        "other attributes": any(x.attribute != "offset" for x in graph.literals),
    }
