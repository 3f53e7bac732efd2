"""A folder of integer triples with id files, as OpenKE lays it out, into a growing graph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lichen.data.builder import GraphBuilder
from lichen.data.read.lines import BadLines, shown, text_lines

SPLITS = ("train", "valid", "test")


def read_id_folder(folder: Path, builder: GraphBuilder, bad: BadLines) -> None:
    """Read entity2id.txt, relation2id.txt, train2id.txt, and valid2id.txt, test2id.txt if there.

    Each file starts with the number of lines that follow. The id files hold label and id, the
    others head id, tail id, relation id: in that order. Entities keep their ids.

    Args:
        folder: where the files are; `.gz` is allowed.
        builder: gets all entities and relations, and the facts of each split.
        bad: told of bad lines.

    Raises:
        DataError: a file is missing, or holds a bad line and `bad` says raise.
    """
    entities = _read_ids(id_file(folder, "entity"), bad)
    relations = _read_ids(id_file(folder, "relation"), bad)
    for id_ in sorted(entities):
        builder.add_entity(entities[id_])
    for id_ in sorted(relations):
        builder.add_relation(relations[id_])
    for split in SPLITS:
        path = id_file(folder, split)
        if split != "train" and not path.exists():
            continue
        builder.add_split(split)
        for number, fields in _counted(path, bad, "head id, tail id, relation id", 3):
            h, t, r = (int(x) if x.isdecimal() else -1 for x in fields)
            if h in entities and t in entities and r in relations:
                builder.add_fact(entities[h], relations[r], entities[t], split=split)
            else:
                bad.found(
                    path,
                    number,
                    "expected ids that entity2id.txt and relation2id.txt list, "
                    f"found {' '.join(fields)}",
                )


def id_file(folder: Path, what: str) -> Path:
    """Return where an id file is, or would be."""
    packed = folder / f"{what}2id.txt.gz"
    return packed if packed.exists() else folder / f"{what}2id.txt"


def _read_ids(path: Path, bad: BadLines) -> dict[int, str]:
    found: dict[int, str] = {}
    labels: set[str] = set()
    for number, (label, id_) in _counted(path, bad, "label, id", 2):
        if not id_.isdecimal():
            bad.found(path, number, f"expected a whole number as id, found {shown(id_)}")
        elif int(id_) in found or label in labels:
            bad.found(path, number, f"expected each label and id once, found {label} {id_} again")
        else:
            found[int(id_)] = label
            labels.add(label)
    return found


def _counted(path: Path, bad: BadLines, what: str, width: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each line after the first, which counts them."""
    lines = text_lines(path, bad)
    number, first = next(lines, (1, ""))
    count = int(first) if first.strip().isdecimal() else None
    if count is None:
        bad.found(path, number, f"expected the number of lines that follow, found {shown(first)}")
    num_lines = 0
    for number, line in lines:
        num_lines += 1
        fields = line.rsplit(None, 1) if width == 2 else line.split()
        if len(fields) == width:
            yield number, [field.strip() for field in fields]
        else:
            bad.found(path, number, f"expected {width} fields ({what}), found {len(fields)}")
    if count is not None and num_lines != count:
        bad.found(path, number, f"expected {count} lines as line 1 says, found {num_lines}")
