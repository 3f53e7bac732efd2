"""What ensembles and few-label methods train: something that fits a corpus and then predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lichen.base import check
from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Sample
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import require_links
from lichen.fusion.tasks.classify import class_labels, require_classify
from lichen.training.config import TrainConfig
from lichen.training.joined import Joined, joined
from lichen.training.logistic import Logistic, fit_logistic
from lichen.training.loop import train_fused
from lichen.training.predict import predict
from lichen.training.run import Run
from lichen.training.twins import Kind, own_kind, twins_of, untrained_twin

Chances = NDArray[np.float64]


class Predictor(Protocol):
    """What was trained: samples to class probabilities."""

    def predict(self, samples: Sequence[Sample]) -> Chances:
        """Return the probability of each class: `(samples, classes)`; each row sums to 1."""
        ...


class Learner(Protocol):
    """What can be trained again and again, each time from its start."""

    @property
    def labels(self) -> Vocabulary:
        """Return the classes; they are the columns of what its predictors return."""
        ...

    def fit(self, corpus: Corpus, seed: int) -> Predictor:
        """Train a fresh predictor.

        Args:
            corpus: labelled, linked documents with two classes at least.
            seed: of its start and of the order of samples.

        Returns:
            The predictor.

        Raises:
            DataError: the corpus cannot be learned from.
        """
        ...


@dataclass(frozen=True)
class RunPredictor:
    """The predictor that a run of a fused model is."""

    run: Run[FusedModel]

    def predict(self, samples: Sequence[Sample]) -> Chances:
        """Return the probability of each class: `(samples, classes)`."""
        return predict(self.run, samples)


@dataclass(frozen=True)
class FusedLearner:
    """Train a fused model, or its twin without knowledge, afresh at each call.

    It may be fitted to a draw of few documents, of which none need have a linked mention.

    Raises:
        ConfigError: the model has no classes yet.
    """

    model: FusedModel
    """Untrained; what is fitted are its twins, so it stays as it is."""
    kind: Kind = "fused"
    """As in `twin`: "none" learns from the text alone."""
    config: TrainConfig | None = None
    """None takes the defaults."""
    least_steps: int = 0
    """Steps that a fit takes at least: where documents are few, epochs are added."""
    beside: Joined | Sequence[Joined] | None = None
    """What each fit learns with the labels, as in `train`; what knows facts is as the kind."""

    def __post_init__(self) -> None:
        """Refuse a model whose classes are left to the data, which may lack some."""
        require_classify(self.model.config.task, "learner")
        if self.model.labels is None:
            raise ConfigError(
                "learner: the model must have its classes before it is fitted to parts of the "
                "data; got None. Pass labels=... to FusedModel."
            )

    @property
    def labels(self) -> Vocabulary:
        """Return the classes."""
        assert self.model.labels is not None
        return self.model.labels

    def fit(self, corpus: Corpus, seed: int) -> RunPredictor:
        """Train a fresh model of this kind."""
        config = self.config or TrainConfig()
        steps = max(1, -(-len(corpus) // config.batch_size))
        config = replace(config, epochs=max(config.epochs, -(-self.least_steps // steps)))
        given = joined(self.beside)
        model = untrained_twin(self.model, own_kind(self.model, given, self.kind), seed)
        beside = twins_of(given, self.kind, seed)
        run = Run(model=model, data=corpus, beside=beside, config=config, seed=seed)
        return RunPredictor(train_fused(run, is_part=True))


@dataclass(frozen=True)
class GraphLearner:
    """Classify a text by its linked entities alone: their mean vector, in a logistic regression.

    Use beside text learners in an ensemble: it reads no word, so its errors are other ones.

    Cost: a second for 10,000 texts.
    """

    nodes: GraphEncoder
    """Gives each entity its vector, which is not trained."""
    labels: Vocabulary
    """The classes."""
    l2: float = 1e-3
    """Weight of the squared weights."""

    def fit(self, corpus: Corpus, seed: int) -> GraphPredictor:
        """Fit the regression; it has one optimum, so `seed` changes nothing."""
        del seed
        class_labels(corpus, self.labels)
        samples = corpus.samples(self.labels)
        truth = np.array([sample.label for sample in samples])
        features = entity_features(self.nodes, samples)
        return GraphPredictor(
            self.nodes, fit_logistic(features, truth, num_classes=len(self.labels), l2=self.l2)
        )


@dataclass(frozen=True)
class GraphPredictor:
    """A fitted `GraphLearner`."""

    nodes: GraphEncoder
    logistic: Logistic

    def predict(self, samples: Sequence[Sample]) -> Chances:
        """Return the probability of each class: `(samples, classes)`."""
        return self.logistic.predict(entity_features(self.nodes, samples))


def entity_features(nodes: GraphEncoder, samples: Sequence[Sample]) -> Chances:
    """Return the mean vector of each text's linked entities, in units of their spread.

    Args:
        nodes: gives the vectors.
        samples: texts with mentions.

    Returns:
        `(samples, entity_dim + 1)`; the last column says whether anything is linked, and a text
        without a linked entity is all zeros.

    Raises:
        DataError: an entity is not in the graph.
    """
    table = nodes.vectors().detach().double().cpu().numpy()
    table = table / max(float(table.std()), 1e-12)
    out = np.zeros((len(samples), table.shape[1] + 1))
    for row, sample in enumerate(samples):
        found = [m.entity for m in sample.mentions if m.entity is not None]
        if found and max(found) >= len(table):
            raise DataError(
                f"document {sample.id!r}: a mention's entity must be an id below {len(table)}, "
                f"the number of entities that have vectors; got {max(found)}. Link the text "
                "against the graph that was embedded."
            )
        if found:
            out[row, :-1] = table[found].mean(0)
            out[row, -1] = 1.0
    return out


def shared_labels(learners: Sequence[Learner], corpus: Corpus) -> Vocabulary:
    """Return the classes that all learners have, checked against a corpus.

    Args:
        learners: at least one.
        corpus: labelled documents.

    Raises:
        ConfigError: there is no learner, one cannot fit, or two have other classes.
        DataError: the corpus is empty, lacks a label, or has an unknown one or a single one.
    """
    check.kind("learners", learners, Sequence, fix="Put one alone in a list, too.")
    check.between("learners", len(learners), 1, 1_000)
    for learner in learners:
        if not hasattr(learner, "fit"):
            raise ConfigError(
                "learners must each fit a corpus afresh, as a FusedLearner or a GraphLearner does; "
                f"got {type(learner).__name__}. Pass such as FusedLearner(model=model)."
            )
    labels = learners[0].labels
    for learner in learners[1:]:
        if list(learner.labels) != list(labels):
            raise ConfigError(
                f"learners must all have one list of classes; got {list(labels)} and "
                f"{list(learner.labels)}."
            )
    return class_labels(corpus, labels)


def require_linked(learners: Sequence[Learner], *corpora: Corpus) -> None:
    """Refuse corpora of which a fused learner could read no entity, before parts are drawn of them.

    Args:
        learners: what is to be fitted to parts of the corpora.
        corpora: all that they learn from.

    Raises:
        DataError: no mention is linked to an entity.
    """
    for learner in learners:
        if isinstance(learner, FusedLearner) and learner.kind != "none":
            require_links("learner", *corpora, fusion=learner.model.config.fusion)
