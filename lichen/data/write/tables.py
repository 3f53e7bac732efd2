"""Facts as tables: tab-separated, comma-separated, and a folder of one table a split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from lichen.base.errors import DataError
from lichen.data.graph import Graph
from lichen.data.read.columns import DEFAULT, header_columns
from lichen.data.write.atomic import atomic_folder, atomic_text
from lichen.data.write.loss import warn_of_loss


def _beside_the_facts(graph: Graph) -> dict[str, object]:
    """Return what a graph may hold that a table of facts does not."""
    return {
        "names": graph.names,
        "types": graph.types,
        "descriptions": graph.descriptions,
        "literals": graph.literals,
        "words for relations": graph.relation_texts,
    }


def splits_of(graph: Graph) -> dict[int, list[str]]:
    """Return row to the names of the splits it stands in."""
    found: dict[int, list[str]] = {}
    for split, rows in graph.splits.items():
        for row in rows.tolist():
            found.setdefault(row, []).append(split)
    return found


def _labels(graph: Graph) -> Iterator[tuple[str, str, str]]:
    entities, relations = graph.entities, graph.relations
    for h, r, t in graph.triples.tolist():
        yield entities[h], relations[r], entities[t]


def write_tsv(graph: Graph, path: Path) -> None:
    """Write one fact a line: head, relation, tail. Splits and sources are not kept.

    Args:
        graph: what to write.
        path: where; `.gz` compresses.

    Raises:
        DataError: a label holds a tab or a line break, or the place cannot be written to.
    """
    _write_rows(graph, path, list(_labels(graph)))
    lost = {**_beside_the_facts(graph), "splits": graph.splits, "sources": graph.sources}
    warn_of_loss(path, lost)


def _write_rows(graph: Graph, path: Path, rows: list[tuple[str, str, str]]) -> None:
    for label in (*graph.entities, *graph.relations):
        if "\t" in label or "\n" in label or label.endswith("\r") or not label.strip():
            raise DataError(
                f"{path}: labels must hold no tab or line break and not be blank to be "
                f"tab-separated; got {label!r}. Save as .csv or .jsonl."
            )
    with atomic_text(path) as file:
        if rows and (header_columns(rows[0]) or rows[0][0].startswith("\ufeff")):
            file.write("\t".join(DEFAULT) + "\n")
        for row in rows:
            file.write("\t".join(row) + "\n")


def csv_line(fields: Iterable[str]) -> str:
    """Return a row of CSV; Python's own writer leaves a lone carriage return unquoted.

    Args:
        fields: the row.

    >>> print(csv_line(["a", 'the "b" of, c', "d"]), end="")
    a,"the ""b"" of, c",d
    """
    quoted = (
        '"' + text.replace('"', '""') + '"' if any(c in text for c in ',;"\r\n') else text
        for text in fields
    )
    return ",".join(quoted) + "\n"


def write_csv(graph: Graph, path: Path) -> None:
    """Write one fact a row under a header, with its split and source where the graph has them.

    Args:
        graph: what to write.
        path: where; `.gz` compresses.

    Raises:
        DataError: a fact stands in two splits, or the place cannot be written to.
    """
    splits, has_sources = splits_of(graph), bool((graph.fact_sources >= 0).any())
    header = [*DEFAULT, *(["split"] if graph.splits else [])]
    header += ["source", "text"] if has_sources else []
    with atomic_text(path) as file:
        file.write(csv_line(header))
        for row, labels in enumerate(_labels(graph)):
            own = splits.get(row, [""])
            if len(own) > 1:
                raise DataError(
                    f"{path}: a fact must stand in one split to be saved as CSV; {labels!r} "
                    f"stands in {', '.join(own)}. Save as .jsonl, or mend the leak."
                )
            source = graph.source(row)
            fields = [*labels, *(own if graph.splits else [])]
            fields += [source.address, source.text] if source else ["", ""] if has_sources else []
            file.write(csv_line(fields))
    warn_of_loss(path, _beside_the_facts(graph))


def write_split_folder(graph: Graph, folder: Path) -> None:
    """Write a folder of train.tsv, valid.tsv and test.tsv; a graph without splits is all train.

    Args:
        graph: what to write.
        folder: a new or empty folder.

    Raises:
        DataError: a fact is in no split, a split has a name that would not be read back, or
            the folder is in use.
    """
    with atomic_folder(folder) as draft:
        write_splits(graph, draft, suffix=".tsv")
    warn_of_loss(folder, {**_beside_the_facts(graph), "sources": graph.sources})


def write_splits(graph: Graph, folder: Path, *, suffix: str) -> None:
    """Write one table a split into a folder.

    Args:
        graph: what to write.
        folder: where the files go.
        suffix: of the files, such as ".tsv".

    Raises:
        DataError: as for `write_split_folder`.
    """
    splits = {name: rows.tolist() for name, rows in graph.splits.items()}
    splits = splits or {"train": list(range(graph.num_facts))}
    num_out = graph.num_facts - len(set().union(*splits.values()))
    if num_out:
        raise DataError(
            f"{folder}: every fact must be in a split to be saved as a folder; {num_out} are in "
            "none. Save as .jsonl or .csv."
        )
    unknown = sorted(set(splits) - {"facts", "train", "valid", "test"})
    if unknown:
        raise DataError(
            f"{folder}: splits must be facts, train, valid or test to be saved as a folder; got "
            f"{unknown[0]!r}. Save as .jsonl or .csv."
        )
    labels = list(_labels(graph))
    for name, rows in splits.items():
        _write_rows(graph, folder / f"{name}{suffix}", [labels[row] for row in rows])
