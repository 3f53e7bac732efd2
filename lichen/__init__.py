"""Lichen grows a language model and a knowledge graph into one model, and measures the gain.

Every public name is loaded on first use, so that `import lichen` is quick and needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "AlignConfig": "lichen.alignment.entities",
    "Ambiguous": "lichen.linking.senses",
    "Answer": "lichen.explanation.answer",
    "Answerer": "lichen.apps.answer",
    "Beside": "lichen.training.beside",
    "Calibrator": "lichen.embedding.calibrate",
    "Candidate": "lichen.data.corpus",
    "CheckReport": "lichen.jobs.check",
    "ClozeFact": "lichen.training.cloze",
    "Consistency": "lichen.training.consistency",
    "Contest": "lichen.jobs.fusions",
    "Corpus": "lichen.data.corpus",
    "DescribedEncoder": "lichen.embedding.described",
    "DistilConfig": "lichen.embedding.distil",
    "Document": "lichen.data.corpus",
    "EmbeddingConfig": "lichen.embedding.config",
    "EndpointGenerator": "lichen.lm.endpoint",
    "FusedLearner": "lichen.training.learner",
    "FusedModel": "lichen.fusion.model",
    "FusionTable": "lichen.jobs.ranking",
    "Generator": "lichen.lm.generator",
    "Graph": "lichen.data.graph",
    "GraphBuilder": "lichen.data.builder",
    "GraphEncoder": "lichen.embedding.encoder",
    "GraphLearner": "lichen.training.learner",
    "GraphNetwork": "lichen.embedding.gnn.encoder",
    "Interactions": "lichen.apps.recommend_interactions",
    "Inventory": "lichen.linking.lessons",
    "LabelledSpan": "lichen.data.corpus",
    "LearningCurve": "lichen.training.few.active",
    "LichenError": "lichen.base.errors",
    "LinkConfig": "lichen.linking.config",
    "LinkPrediction": "lichen.embedding.evaluate",
    "Linker": "lichen.linking.linker",
    "Mention": "lichen.data.corpus",
    "PathModel": "lichen.embedding.path.model",
    "PretrainConfig": "lichen.training.joint",
    "PretrainRun": "lichen.training.pretrain",
    "PriorRanker": "lichen.embedding.prior",
    "Quickstart": "lichen.jobs.quickstart",
    "Recipe": "lichen.jobs.recipe",
    "Recommender": "lichen.apps.recommend",
    "Run": "lichen.training.run",
    "SenseConfig": "lichen.linking.senses",
    "SenseRanker": "lichen.linking.senses",
    "Span": "lichen.data.corpus",
    "SpanStates": "lichen.lm.span_states",
    "Store": "lichen.store.store",
    "TasksRun": "lichen.training.multitask",
    "Teacher": "lichen.training.teacher",
    "TextEncoder": "lichen.lm.text_encoder",
    "TrainConfig": "lichen.training.config",
    "Uplift": "lichen.jobs.worth",
    "Vocabulary": "lichen.data.vocabulary",
    "active_learning": "lichen.training.few.active",
    "adapt_text": "lichen.training.few.adaptation",
    "align_graphs": "lichen.alignment.entities",
    "answer_json": "lichen.apps.explain",
    "ask": "lichen.apps.answer",
    "calibrate": "lichen.embedding.calibrate",
    "check": "lichen.jobs.check",
    "claims": "lichen.data.atlas.claims",
    "compare_fusions": "lichen.jobs.fusions",
    "compare_recipe": "lichen.jobs.recipe_run",
    "complete": "lichen.embedding.complete",
    "complete_many": "lichen.embedding.complete",
    "corpus_leaks": "lichen.data.leaks",
    "description_vectors": "lichen.embedding.described",
    "distil": "lichen.training.distil",
    "distil_embedding": "lichen.embedding.distil",
    "divide": "lichen.data.splits",
    "environment": "lichen.jobs.environment",
    "evaluate": "lichen.embedding.evaluate",
    "evaluate_sampled": "lichen.embedding.sampled",
    "explain": "lichen.apps.explain",
    "export": "lichen.embedding.exchange.vectors",
    "factorise": "lichen.embedding.factorisation",
    "find_spans": "lichen.training.predict",
    "fit_ensemble": "lichen.training.ensemble.fit",
    "fit_prior": "lichen.embedding.prior",
    "from_pykeen": "lichen.embedding.exchange.pykeen",
    "graph_from_triples_factory": "lichen.embedding.exchange.pykeen_triples",
    "graph_leaks": "lichen.data.leaks",
    "import_file": "lichen.store.imports",
    "knowledge_used": "lichen.explanation.knowledge",
    "lessons": "lichen.linking.lessons",
    "load_aligner": "lichen.alignment.aligner",
    "load_pykeen": "lichen.embedding.exchange.pykeen_folder",
    "make_aligner": "lichen.alignment.aligner",
    "measure_alignment": "lichen.alignment.measure",
    "methods": "lichen.jobs.methods",
    "name_vectors": "lichen.alignment.names",
    "nearest": "lichen.embedding.complete",
    "nearest_many": "lichen.embedding.complete",
    "predict": "lichen.training.predict",
    "pretrain": "lichen.training.pretrain",
    "probe": "lichen.training.cloze",
    "questions": "lichen.data.atlas.questions",
    "quickstart": "lichen.jobs.quickstart",
    "recall": "lichen.evaluation.retrieval",
    "removed": "lichen.data.atlas.claims",
    "save_pykeen": "lichen.embedding.exchange.pykeen_folder",
    "search": "lichen.embedding.search",
    "self_training": "lichen.training.few.self_training",
    "sibling": "lichen.fusion.sibling",
    "span_scores": "lichen.evaluation.tagging",
    "to_networkx": "lichen.embedding.exchange.networkx",
    "to_pyg": "lichen.embedding.exchange.pyg",
    "to_pyg_hetero": "lichen.embedding.exchange.pyg",
    "to_pykeen": "lichen.embedding.exchange.pykeen",
    "to_triples_factory": "lichen.embedding.exchange.pykeen_triples",
    "train": "lichen.training.loop",
    "train_paths": "lichen.embedding.path.train",
    "train_recipe": "lichen.jobs.recipe_run",
    "train_senses": "lichen.linking.sense_training",
    "train_tasks": "lichen.training.multitask",
    "triple_classification": "lichen.embedding.classify",
    "twin": "lichen.training.twins",
    "twin_tasks": "lichen.training.twins",
    "unseen": "lichen.data.splits",
    "uplift": "lichen.jobs.uplift",
}

__all__ = [
    "AlignConfig",
    "Ambiguous",
    "Answer",
    "Answerer",
    "Beside",
    "Calibrator",
    "Candidate",
    "CheckReport",
    "ClozeFact",
    "Consistency",
    "Contest",
    "Corpus",
    "DescribedEncoder",
    "DistilConfig",
    "Document",
    "EmbeddingConfig",
    "EndpointGenerator",
    "FusedLearner",
    "FusedModel",
    "FusionTable",
    "Generator",
    "Graph",
    "GraphBuilder",
    "GraphEncoder",
    "GraphLearner",
    "GraphNetwork",
    "Interactions",
    "Inventory",
    "LabelledSpan",
    "LearningCurve",
    "LichenError",
    "LinkConfig",
    "LinkPrediction",
    "Linker",
    "Mention",
    "PathModel",
    "PretrainConfig",
    "PretrainRun",
    "PriorRanker",
    "Quickstart",
    "Recipe",
    "Recommender",
    "Run",
    "SenseConfig",
    "SenseRanker",
    "Span",
    "SpanStates",
    "Store",
    "TasksRun",
    "Teacher",
    "TextEncoder",
    "TrainConfig",
    "Uplift",
    "Vocabulary",
    "active_learning",
    "adapt_text",
    "align_graphs",
    "answer_json",
    "ask",
    "calibrate",
    "check",
    "claims",
    "compare_fusions",
    "compare_recipe",
    "complete",
    "complete_many",
    "corpus_leaks",
    "description_vectors",
    "distil",
    "distil_embedding",
    "divide",
    "environment",
    "evaluate",
    "evaluate_sampled",
    "explain",
    "export",
    "factorise",
    "find_spans",
    "fit_ensemble",
    "fit_prior",
    "from_pykeen",
    "graph_from_triples_factory",
    "graph_leaks",
    "import_file",
    "knowledge_used",
    "lessons",
    "load_aligner",
    "load_pykeen",
    "make_aligner",
    "measure_alignment",
    "methods",
    "name_vectors",
    "nearest",
    "nearest_many",
    "predict",
    "pretrain",
    "probe",
    "questions",
    "quickstart",
    "recall",
    "removed",
    "save_pykeen",
    "search",
    "self_training",
    "sibling",
    "span_scores",
    "to_networkx",
    "to_pyg",
    "to_pyg_hetero",
    "to_pykeen",
    "to_triples_factory",
    "train",
    "train_paths",
    "train_recipe",
    "train_senses",
    "train_tasks",
    "triple_classification",
    "twin",
    "twin_tasks",
    "unseen",
    "uplift",
]

if TYPE_CHECKING:
    from lichen.alignment.aligner import load_aligner, make_aligner
    from lichen.alignment.entities import AlignConfig, align_graphs
    from lichen.alignment.measure import measure_alignment
    from lichen.alignment.names import name_vectors
    from lichen.apps.answer import Answerer, ask
    from lichen.apps.explain import answer_json, explain
    from lichen.apps.recommend import Recommender
    from lichen.apps.recommend_interactions import Interactions
    from lichen.base.errors import LichenError
    from lichen.data.atlas.claims import claims, removed
    from lichen.data.atlas.questions import questions
    from lichen.data.builder import GraphBuilder
    from lichen.data.corpus import Candidate, Corpus, Document, LabelledSpan, Mention, Span
    from lichen.data.graph import Graph
    from lichen.data.leaks import corpus_leaks, graph_leaks
    from lichen.data.splits import divide, unseen
    from lichen.data.vocabulary import Vocabulary
    from lichen.embedding.calibrate import Calibrator, calibrate
    from lichen.embedding.classify import triple_classification
    from lichen.embedding.complete import complete, complete_many, nearest, nearest_many
    from lichen.embedding.config import EmbeddingConfig
    from lichen.embedding.described import DescribedEncoder, description_vectors
    from lichen.embedding.distil import DistilConfig, distil_embedding
    from lichen.embedding.encoder import GraphEncoder
    from lichen.embedding.evaluate import LinkPrediction, evaluate
    from lichen.embedding.exchange.networkx import to_networkx
    from lichen.embedding.exchange.pyg import to_pyg, to_pyg_hetero
    from lichen.embedding.exchange.pykeen import from_pykeen, to_pykeen
    from lichen.embedding.exchange.pykeen_folder import load_pykeen, save_pykeen
    from lichen.embedding.exchange.pykeen_triples import (
        graph_from_triples_factory,
        to_triples_factory,
    )
    from lichen.embedding.exchange.vectors import export
    from lichen.embedding.factorisation import factorise
    from lichen.embedding.gnn.encoder import GraphNetwork
    from lichen.embedding.path.model import PathModel
    from lichen.embedding.path.train import train_paths
    from lichen.embedding.prior import PriorRanker, fit_prior
    from lichen.embedding.sampled import evaluate_sampled
    from lichen.embedding.search import search
    from lichen.evaluation.retrieval import recall
    from lichen.evaluation.tagging import span_scores
    from lichen.explanation.answer import Answer
    from lichen.explanation.knowledge import knowledge_used
    from lichen.fusion.model import FusedModel
    from lichen.fusion.sibling import sibling
    from lichen.jobs.check import CheckReport, check
    from lichen.jobs.environment import environment
    from lichen.jobs.fusions import Contest, compare_fusions
    from lichen.jobs.methods import methods
    from lichen.jobs.quickstart import Quickstart, quickstart
    from lichen.jobs.ranking import FusionTable
    from lichen.jobs.recipe import Recipe
    from lichen.jobs.recipe_run import compare_recipe, train_recipe
    from lichen.jobs.uplift import uplift
    from lichen.jobs.worth import Uplift
    from lichen.linking.config import LinkConfig
    from lichen.linking.lessons import Inventory, lessons
    from lichen.linking.linker import Linker
    from lichen.linking.sense_training import train_senses
    from lichen.linking.senses import Ambiguous, SenseConfig, SenseRanker
    from lichen.lm.endpoint import EndpointGenerator
    from lichen.lm.generator import Generator
    from lichen.lm.span_states import SpanStates
    from lichen.lm.text_encoder import TextEncoder
    from lichen.store.imports import import_file
    from lichen.store.store import Store
    from lichen.training.beside import Beside
    from lichen.training.cloze import ClozeFact, probe
    from lichen.training.config import TrainConfig
    from lichen.training.consistency import Consistency
    from lichen.training.distil import distil
    from lichen.training.ensemble.fit import fit_ensemble
    from lichen.training.few.active import LearningCurve, active_learning
    from lichen.training.few.adaptation import adapt_text
    from lichen.training.few.self_training import self_training
    from lichen.training.joint import PretrainConfig
    from lichen.training.learner import FusedLearner, GraphLearner
    from lichen.training.loop import train
    from lichen.training.multitask import TasksRun, train_tasks
    from lichen.training.predict import find_spans, predict
    from lichen.training.pretrain import PretrainRun, pretrain
    from lichen.training.run import Run
    from lichen.training.teacher import Teacher
    from lichen.training.twins import twin, twin_tasks


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
