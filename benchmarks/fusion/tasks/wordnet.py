"""The files of WordNet 3.0: synsets, senses in order of use, base forms, sense keys."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lichen.base.errors import DataError
from lichen.data.read.wordnet import FILES, PARTS

FOLDER = "/usr/share/wordnet"
"""Where it lies unless `LICHEN_WORDNET` names another folder."""
ENDINGS = {
    "n": (("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"),
          ("shes", "sh"), ("men", "man"), ("ies", "y")),
    "v": (("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"),
          ("ing", "")),
    "a": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "r": (),
}  # fmt: skip
"""The rules of morphy, by part of speech."""


class Pointer(NamedTuple):
    """A relation from one synset, or one of its words, to another."""

    symbol: str
    target: str


@dataclass(frozen=True, slots=True)
class Synset:
    """Words of one meaning."""

    key: str
    """Part of speech and offset, such as "n02084071"."""
    file: str
    """Lexicographer file, such as "noun.animal"."""
    words: tuple[str, ...]
    pointers: tuple[Pointer, ...]
    gloss: str

    @property
    def definition(self) -> str:
        """Return the gloss without its examples."""
        return self.gloss.split('; "')[0].strip().rstrip(";")


class WordNet:
    """All synsets by key, and the synsets of each word, most used first."""

    def __init__(self, folder: Path) -> None:
        self.synsets: dict[str, Synset] = {}
        self.senses: dict[tuple[str, str], tuple[str, ...]] = {}
        self.sense_keys: dict[str, str] = {}
        """Sense key such as "dog%1:05:00::" to synset key."""
        self._irregular: dict[tuple[str, str], tuple[str, ...]] = {}
        for suffix, part in PARTS.items():
            self._read_senses(folder / f"index.{suffix}", part)
            self._read_irregular(folder / f"{suffix}.exc", part)
        for suffix, part in PARTS.items():
            self._read_synsets(folder / f"data.{suffix}", part)
        self.tagged: dict[tuple[str, str], int] = {}
        """(word, synset key) to how often the word was tagged with that sense in text."""
        self.used: dict[tuple[str, str], int] = {}
        """(word, part of speech) to how often any of its senses was."""
        self._read_counts(folder / "cntlist.rev")
        self.labels = self._labels()
        """Synset key to its label, such as "dog.n.01"."""

    def bases(self, word: str, part: str) -> list[str]:
        """Return the words of a part of speech of which this lower-case word is a form."""
        found = [word, *self._irregular.get((word, part), ())]
        if (word, part) not in self._irregular:
            found += [
                word[: -len(end)] + base
                for end, base in ENDINGS[part]
                if word.endswith(end) and len(word) > len(end) + 1
            ]
        return [base for base in dict.fromkeys(found) if (base, part) in self.senses]

    def first_sense(self, word: str, part: str) -> Synset:
        """Return the synset in which a word of a part of speech is used most."""
        return self.synsets[self.senses[word, part][0]]

    def frequency(self, word: str) -> int:
        """Return how often a word was tagged in text, as any part of speech."""
        return sum(self.used.get((word, part), 0) for part in PARTS.values())

    def _read_counts(self, path: Path) -> None:
        for line in path.read_text(encoding="latin-1").splitlines():
            sense, _, count = line.split(" ")
            key, word = self.sense_keys.get(sense), sense.partition("%")[0]
            if key is not None:
                self.tagged[word, key] = int(count)
                self.used[word, key[0]] = self.used.get((word, key[0]), 0) + int(count)

    def _read_senses(self, path: Path, part: str) -> None:
        for line in path.read_text(encoding="latin-1").splitlines():
            if not line.startswith(" "):
                fields = line.split()
                keys = fields[-int(fields[2]) :]
                self.senses[fields[0], part] = tuple(part + key for key in keys)

    def _read_irregular(self, path: Path, part: str) -> None:
        for line in path.read_text(encoding="latin-1").splitlines():
            form, *bases = line.split()
            self._irregular[form, part] = tuple(bases)

    def _read_synsets(self, path: Path, part: str) -> None:
        firsts: dict[str, str] = {}  # synset to its first word and that word's number
        satellites: list[tuple[str, str, str]] = []
        for line in path.read_text(encoding="latin-1").splitlines():
            if line.startswith(" "):
                continue
            body, _, gloss = line.partition(" | ")
            fields = body.split()
            key, kind, at = part + fields[0], fields[2], 4 + 2 * int(fields[3], 16)
            words = [word.split("(")[0] for word in fields[4:at:2]]
            pointers = tuple(
                _pointer(fields[i : i + 4]) for i in range(at + 1, at + 1 + 4 * int(fields[at]), 4)
            )
            self.synsets[key] = Synset(
                key, FILES[int(fields[1])], tuple(words), pointers, gloss.strip()
            )
            numbers = [f"{int(id_, 16):02d}" for id_ in fields[5:at:2]]
            firsts[key] = f"{words[0].lower()}:{numbers[0]}"
            for word, number in zip(words, numbers, strict=True):
                name = f"{word.lower()}%{'nvars'.index(kind) + 1}:{fields[1]}:{number}:"
                if kind == "s":
                    satellites.append((name, key, next(p for p in pointers if p.symbol == "&")[1]))
                else:
                    self.sense_keys[name + ":"] = key
        for name, key, head in satellites:
            self.sense_keys[name + firsts[head]] = key

    def _labels(self) -> dict[str, str]:
        number = {
            (word, key): i + 1
            for (word, _), keys in self.senses.items()
            for i, key in enumerate(keys)
        }
        return {
            key: f"{s.words[0].lower()}.{key[0]}.{number[s.words[0].lower(), key]:02d}"
            for key, s in self.synsets.items()
        }


def _pointer(fields: list[str]) -> Pointer:
    symbol, offset, part, _ = fields
    return Pointer(symbol, part.replace("s", "a") + offset)


@cache
def wordnet() -> WordNet:
    """Read WordNet 3.0 once.

    Raises:
        DataError: it is not there.
    """
    folder = Path(os.environ.get("LICHEN_WORDNET", FOLDER))
    if not (folder / "data.noun").is_file():
        raise DataError(
            f"wordnet: {str(folder)!r} must hold WordNet 3.0's data.noun and its fellows; it does "
            "not. Install the package wordnet-base, or name the folder by LICHEN_WORDNET."
        )
    return WordNet(folder)
