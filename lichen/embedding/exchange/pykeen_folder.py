"""The folder of a PyKEEN run, its model and its facts: read as an encoder, and written of one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from lichen.base import check
from lichen.base.errors import DataError, first_line
from lichen.base.extras import need
from lichen.data.graph import Graph
from lichen.embedding.artifact import drafted
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.exchange.pykeen import from_pykeen, to_pykeen
from lichen.embedding.exchange.pykeen_triples import to_triples_factory

MODEL, TRIPLES = "trained_model.pkl", "training_triples"
"""Names in the folder of PyKEEN's `PipelineResult.save_to_directory`."""


def load_pykeen(folder: str | Path) -> GraphEncoder:
    """Read the folder that PyKEEN's `PipelineResult.save_to_directory` wrote.

    The model in it is a pickle, which can run any code: load only what you trust.

    Args:
        folder: holds trained_model.pkl and training_triples.

    Raises:
        ChoiceError: Lichen has no scorer for this model.
        ConfigError: the model has a setting that the scorer lacks.
        DataError: a part is missing, damaged, or of another version of PyKEEN.
        MissingExtraError: pykeen is not installed.
    """
    place = Path(folder)
    for part in (MODEL, TRIPLES):
        if not (place / part).exists():
            raise DataError(
                f"{place / part}: must be there, found nothing. Give the folder that PyKEEN's "
                "save_to_directory wrote, with save_replicates and save_training."
            )
    triples = need("pykeen.triples", extra="pykeen", why="reading PyKEEN models")
    unpickled = partial(torch.load, map_location="cpu", weights_only=False)
    factory = _read(place / TRIPLES, triples.TriplesFactory.from_path_binary)
    return from_pykeen(_read(place / MODEL, unpickled), factory)


def _read(place: Path, load: Callable[[Path], Any]) -> Any:
    """Return what PyKEEN saved in one place."""
    try:
        return load(place)
    except Exception as error:  # damaged bytes raise whatever they happen to say
        why = first_line(error).partition(". ")[0].removesuffix(".")
        raise DataError(
            f"{place}: must be whole and of the installed version of PyKEEN; "
            f"{type(error).__name__}: {why}. Save or copy the folder again."
        ) from error


def save_pykeen(encoder: GraphEncoder, graph: Graph, folder: str | Path) -> Path:
    """Write a model and its facts as PyKEEN's `PipelineResult.save_to_directory` does.

    Args:
        encoder: whose vectors to write.
        graph: the facts it was trained on, over the same labels.
        folder: created when absent; a model and facts there are replaced when both are whole.

    Returns:
        The folder.

    Raises:
        ChoiceError: PyKEEN has no model for this scorer.
        ConfigError: nor for its settings; or `folder` is a file, or an argument of another type.
        DataError: the labels differ.
        LichenError: the disk is full or cannot be written to; what was there before is kept.
        MissingExtraError: pykeen is not installed.
    """
    model = to_pykeen(encoder)
    check.kind("save_pykeen: graph", graph, Graph, fix="Give the graph that was trained on.")
    if (encoder.entities, encoder.relations) != (graph.entities, graph.relations):
        raise DataError(
            "graph must have the encoder's labels in the same order; it does not. Pass the graph "
            "that the encoder was made for."
        )
    factory = to_triples_factory(
        graph, "train" if graph.splits else None, create_inverse_triples=encoder.reciprocal
    )
    place = Path(folder)
    draft = place / ".draft"
    with drafted(draft, of=place):
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        torch.save(model, draft / MODEL)
        factory.to_path_binary(draft / TRIPLES)
        shutil.rmtree(place / TRIPLES, ignore_errors=True)
        for part in (TRIPLES, MODEL):
            (draft / part).replace(place / part)
        draft.rmdir()
    return place
