"""`lichen embed`: a graph to vectors."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

import lichen as li
from lichen.base import check
from lichen.base.config import load_config
from lichen.base.errors import ConfigError
from lichen.cli.output import PATH, AsJson, Columns, OnBadLine, names_of, place_of, show
from lichen.data.read import ReadReport, scan_graph
from lichen.data.splits import divide, odd_facts


def embed(
    graph: Annotated[str, typer.Argument(help="atlas, a file, a folder, or a store.")],
    *,
    method: Annotated[str, typer.Option(help="See `lichen ls`.")] = "complex",
    setting: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE of the method, such as distance=squared; may be repeated."),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(help="gcn, sage, gat, gin or rgcn: a graph network under the method."),
    ] = None,
    described: Annotated[
        bool, typer.Option("--described", help="Compute vectors from the descriptions as well.")
    ] = False,
    dim: Annotated[int, typer.Option(help="Numbers an entity.")] = 128,
    epochs: Annotated[
        int | None, typer.Option(help="Most passes over the facts; none is the recipe's.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the random start.")] = 0,
    recipe: Annotated[
        Path | None, typer.Option(help="TOML file with the keys of EmbeddingConfig.")
    ] = None,
    hold_out: Annotated[
        float, typer.Option(help="Share of facts for validation, and again for the test.")
    ] = 0.0,
    processes: Annotated[int, typer.Option(help="That share the training.")] = 1,
    out: Annotated[str, typer.Option(help="Folder for the vectors.", metavar=PATH)] = "runs/nodes",
    on_bad_line: OnBadLine = "raise",
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Train entity and relation vectors; rank the test split where there is one.

    One process takes a GPU when there is one; CUDA_VISIBLE_DEVICES="" hides it.
    """
    import torch  # other verbs start without it

    place = place_of("--out", out)
    check.between("--hold-out", hold_out, 0.0, 0.495)  # train keeps a hundredth
    facts, read = scan_graph(graph, on_bad_line=on_bad_line, columns=names_of(columns))
    if hold_out:
        facts = divide(facts, valid=hold_out, test=hold_out, seed=seed)
    config = li.EmbeddingConfig() if recipe is None else load_config(li.EmbeddingConfig, recipe)
    config = replace(config, seed=seed, epochs=config.epochs if epochs is None else epochs)
    settings: dict[str, Any] = {"dim": dim, "seed": seed, **_settings_of(setting or ())}
    if described:
        settings["features"] = li.description_vectors(facts, li.TextEncoder.load())
    encoder = _encoder(method, facts, layers=layers, **settings)
    if processes == 1 and torch.cuda.is_available():
        encoder.to("cuda")
    for split, without in _WITHOUT.items():
        if split in facts.splits and not len(facts.split(split)):
            typer.echo(f"lichen: the {split} split holds no fact, so {without}.", err=True)
    run = li.train(encoder, facts, out=place, config=config, processes=processes)
    if len(facts.splits.get("valid", ())):
        li.calibrate(run.model, facts).save(place)
    found = {**run.metrics, "out": out, **_about_facts(facts, read)}
    found |= _about_splits(run.model, facts)
    show(found, as_json=as_json)


def _about_facts(facts: li.Graph, read: ReadReport) -> dict[str, int]:
    """Count what was trained on, and what of it came twice or is its own tail."""
    h, _, t = facts.split("train").T
    return {
        "train_facts": len(h),
        "train_loops": int((h == t).sum()),
        "duplicates": read.num_duplicates - read.num_shared,
        "in_two_splits": read.num_shared,
    }


def _about_splits(encoder: li.GraphEncoder, facts: li.Graph) -> dict[str, Any]:
    """Rank the test split where there is one, and count what training never saw."""
    found: dict[str, Any] = {}
    if "valid" in facts.splits:
        odd = odd_facts(facts, facts.split("valid"))
        counts = {
            "valid_unseen": odd.num_unseen,
            "valid_unseen_relation": odd.num_unseen_relation,
        }
        found |= {name: count for name, count in counts.items() if count}
    if len(facts.splits.get("test", ())):
        scores = li.evaluate(encoder, facts)
        found |= {
            "test_mrr": scores.both.mrr,
            "test_unseen": scores.num_unseen,
            "test_unseen_relation": scores.num_unseen_relation,
            "test_loops": scores.num_loops,
        }
    return found


def _encoder(
    method: str, facts: li.Graph, *, layers: str | None, **settings: Any
) -> li.GraphEncoder:
    """Return an encoder of the class that layers and features ask for."""
    if layers is not None:
        return li.GraphNetwork(method, facts, layers=layers, **settings)
    if "features" in settings:
        return li.DescribedEncoder(method, facts, **settings)
    return li.GraphEncoder(method, facts, **settings)


def _settings_of(given: Sequence[str]) -> dict[str, Any]:
    """Return settings by name; a value that is none of TOML's is a string.

    >>> _settings_of(["norm=2", "squared=true", "distance=squared"])
    {'norm': 2, 'squared': True, 'distance': 'squared'}
    """
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise ConfigError(f"--setting must be NAME=VALUE, such as norm=2; got {text!r}.")
        if name in found:
            raise ConfigError(f"--setting must name {name} once; it is given twice.")
        if name in _SAID_BY:
            raise ConfigError(
                f"--setting must be one of the method's own; got {name}. Give {_SAID_BY[name]} "
                "instead."
            )
        try:
            found[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[name] = value
    return found


_WITHOUT = {"valid": "no epoch is chosen and nothing calibrated by it", "test": "nothing is ranked"}
"""What does not happen where a split is empty."""
_SAID_BY = {
    "dim": "--dim",
    "seed": "--seed",
    "layers": "--layers",
    "scorer": "--method",
    "features": "--described",
    "graph": "the graph as argument",
}
"""Arguments of an encoder that have an option of their own."""
