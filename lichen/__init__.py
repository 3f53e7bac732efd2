"""Lichen grows a language model and a knowledge graph into one model, and measures the gain.

Every public name is loaded on first use, so that `import lichen` is quick and needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Answer": "lichen.explanation.answer",
    "Answerer": "lichen.apps.answer",
    "Calibrator": "lichen.embedding.calibrate",
    "Candidate": "lichen.data.corpus",
    "CheckReport": "lichen.jobs.check",
    "Corpus": "lichen.data.corpus",
    "DescribedEncoder": "lichen.embedding.described",
    "Document": "lichen.data.corpus",
    "EmbeddingConfig": "lichen.embedding.config",
    "EndpointGenerator": "lichen.lm.endpoint",
    "FusedModel": "lichen.fusion.model",
    "Generator": "lichen.lm.generator",
    "Graph": "lichen.data.graph",
    "GraphBuilder": "lichen.data.builder",
    "GraphEncoder": "lichen.embedding.encoder",
    "GraphNetwork": "lichen.embedding.gnn.encoder",
    "PathModel": "lichen.embedding.path.model",
    "LichenError": "lichen.base.errors",
    "LinkConfig": "lichen.linking.config",
    "LinkPrediction": "lichen.embedding.evaluate",
    "Linker": "lichen.linking.linker",
    "Mention": "lichen.data.corpus",
    "Quickstart": "lichen.jobs.quickstart",
    "Run": "lichen.training.run",
    "Span": "lichen.data.corpus",
    "Store": "lichen.store.store",
    "TextEncoder": "lichen.lm.text_encoder",
    "TrainConfig": "lichen.training.config",
    "Uplift": "lichen.jobs.worth",
    "Vocabulary": "lichen.data.vocabulary",
    "answer_json": "lichen.apps.explain",
    "ask": "lichen.apps.answer",
    "calibrate": "lichen.embedding.calibrate",
    "check": "lichen.jobs.check",
    "claims": "lichen.data.atlas.claims",
    "complete": "lichen.embedding.complete",
    "complete_many": "lichen.embedding.complete",
    "corpus_leaks": "lichen.data.leaks",
    "description_vectors": "lichen.embedding.described",
    "divide": "lichen.data.splits",
    "environment": "lichen.jobs.environment",
    "evaluate": "lichen.embedding.evaluate",
    "evaluate_sampled": "lichen.embedding.sampled",
    "explain": "lichen.apps.explain",
    "export": "lichen.embedding.exchange.vectors",
    "factorise": "lichen.embedding.factorisation",
    "graph_leaks": "lichen.data.leaks",
    "import_file": "lichen.store.imports",
    "methods": "lichen.jobs.methods",
    "nearest": "lichen.embedding.complete",
    "predict": "lichen.training.predict",
    "questions": "lichen.data.atlas.questions",
    "quickstart": "lichen.jobs.quickstart",
    "removed": "lichen.data.atlas.claims",
    "train": "lichen.training.loop",
    "train_paths": "lichen.embedding.path.train",
    "triple_classification": "lichen.embedding.classify",
    "twin": "lichen.training.twins",
    "unseen": "lichen.data.splits",
    "uplift": "lichen.jobs.uplift",
}

__all__ = [
    "Answer",
    "Answerer",
    "Calibrator",
    "Candidate",
    "CheckReport",
    "Corpus",
    "DescribedEncoder",
    "Document",
    "EmbeddingConfig",
    "EndpointGenerator",
    "FusedModel",
    "Generator",
    "Graph",
    "GraphBuilder",
    "GraphEncoder",
    "GraphNetwork",
    "LichenError",
    "LinkConfig",
    "LinkPrediction",
    "Linker",
    "Mention",
    "PathModel",
    "Quickstart",
    "Run",
    "Span",
    "Store",
    "TextEncoder",
    "TrainConfig",
    "Uplift",
    "Vocabulary",
    "answer_json",
    "ask",
    "calibrate",
    "check",
    "claims",
    "complete",
    "complete_many",
    "corpus_leaks",
    "description_vectors",
    "divide",
    "environment",
    "evaluate",
    "evaluate_sampled",
    "explain",
    "export",
    "factorise",
    "graph_leaks",
    "import_file",
    "methods",
    "nearest",
    "predict",
    "questions",
    "quickstart",
    "removed",
    "train",
    "train_paths",
    "triple_classification",
    "twin",
    "unseen",
    "uplift",
]

if TYPE_CHECKING:
    from lichen.apps.answer import Answerer, ask
    from lichen.apps.explain import answer_json, explain
    from lichen.base.errors import LichenError
    from lichen.data.atlas.claims import claims, removed
    from lichen.data.atlas.questions import questions
    from lichen.data.builder import GraphBuilder
    from lichen.data.corpus import Candidate, Corpus, Document, Mention, Span
    from lichen.data.graph import Graph
    from lichen.data.leaks import corpus_leaks, graph_leaks
    from lichen.data.splits import divide, unseen
    from lichen.data.vocabulary import Vocabulary
    from lichen.embedding.calibrate import Calibrator, calibrate
    from lichen.embedding.classify import triple_classification
    from lichen.embedding.complete import complete, complete_many, nearest
    from lichen.embedding.config import EmbeddingConfig
    from lichen.embedding.described import DescribedEncoder, description_vectors
    from lichen.embedding.encoder import GraphEncoder
    from lichen.embedding.evaluate import LinkPrediction, evaluate
    from lichen.embedding.exchange.vectors import export
    from lichen.embedding.factorisation import factorise
    from lichen.embedding.gnn.encoder import GraphNetwork
    from lichen.embedding.path.model import PathModel
    from lichen.embedding.path.train import train_paths
    from lichen.embedding.sampled import evaluate_sampled
    from lichen.explanation.answer import Answer
    from lichen.fusion.model import FusedModel
    from lichen.jobs.check import CheckReport, check
    from lichen.jobs.environment import environment
    from lichen.jobs.methods import methods
    from lichen.jobs.quickstart import Quickstart, quickstart
    from lichen.jobs.uplift import uplift
    from lichen.jobs.worth import Uplift
    from lichen.linking.config import LinkConfig
    from lichen.linking.linker import Linker
    from lichen.lm.endpoint import EndpointGenerator
    from lichen.lm.generator import Generator
    from lichen.lm.text_encoder import TextEncoder
    from lichen.store.imports import import_file
    from lichen.store.store import Store
    from lichen.training.config import TrainConfig
    from lichen.training.loop import train
    from lichen.training.predict import predict
    from lichen.training.run import Run
    from lichen.training.twins import twin


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lichen' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
