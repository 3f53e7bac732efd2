"""A trained reader of questions: mentions and text in, likely queries with confidence out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray

from lichen.base.errors import ArtifactError
from lichen.data.atlas.questions import Question, QuestionSet
from lichen.data.corpus import Mention
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.lm.text_encoder import TextEncoder
from lichen.reasoning.actions import MAX_POINTERS
from lichen.reasoning.calibrate import FEATURES, SURE, Calibration, calibrate, features_of
from lichen.reasoning.decode import Decoder, Reading
from lichen.reasoning.features import mask_mentions, see
from lichen.reasoning.fit import FitConfig, examples_of, fit, gathered, labels_of
from lichen.reasoning.matcher import Matcher, MatcherConfig
from lichen.reasoning.program import Found, execute
from lichen.reasoning.view import FactView

KIND = "question reader"


class Understood(NamedTuple):
    """How a question was read."""

    readings: tuple[Reading, ...]
    """The likeliest first."""
    best: Reading | None
    """The likeliest that the graph can execute."""
    found: Found
    """What the best one leads to; empty without one."""
    confidence: float
    """Probability that this is right, 0 to 1."""
    features: NDArray[np.float64]
    """What the confidence depends on, in the order of `calibrate.FEATURES`."""


class Reader:
    """A matcher bound to a view of facts.

    Args:
        matcher: trained.
        trained: the labels it has residuals for, in their order.
        view: the facts.
        text: the frozen encoder that the matcher was trained over.
        calibration: weights and threshold.
    """

    def __init__(
        self,
        matcher: Matcher,
        trained: Sequence[str],
        view: FactView,
        text: TextEncoder,
        *,
        calibration: Calibration | None = None,
    ) -> None:
        self.matcher = matcher.eval()
        self.trained = tuple(trained)
        self.view = view
        self.text = text
        self.calibration = calibration or Calibration()
        self.labels = labels_of(view, text, self.trained, matcher.vectors)
        self._decoder = Decoder(self.matcher, self.labels, view)

    def renew(self) -> None:
        """Take in relations, attributes and types that the view did not have."""
        self.labels = labels_of(self.view, self.text, self.trained, self.matcher.vectors)
        self._decoder = Decoder(self.matcher, self.labels, self.view)

    def read(self, question: str, mentions: Sequence[Mention]) -> Understood:
        """Read one question.

        Args:
            question: its text.
            mentions: what it names, in order; those without an entity are passed over.
        """
        return self.read_all([question], [mentions])[0]

    def read_all(
        self, questions: Sequence[str], mentions: Sequence[Sequence[Mention]]
    ) -> list[Understood]:
        """Read questions of which the frozen encoder takes many at a time.

        Args:
            questions: their texts.
            mentions: what each of them names, as for `read`.
        """
        known = [[m for m in one if m.entity is not None][:MAX_POINTERS] for one in mentions]
        masked = [mask_mentions(q, k, self.view) for q, k in zip(questions, known, strict=True)]
        out = []
        for question, seen, kept, named in zip(
            questions, see(masked, self.text), known, mentions, strict=True
        ):
            readings = tuple(self._decoder.read(seen, kept))
            best, found = self._first(readings)
            features = self._features(question, readings, best, named)
            confidence = self.calibration.confidence(features) if best else 0.0
            out.append(Understood(readings, best, found, confidence, features))
        return out

    def _features(
        self,
        question: str,
        readings: Sequence[Reading],
        best: Reading | None,
        mentions: Sequence[Mention],
    ) -> NDArray[np.float64]:
        used = _used(best)
        known = [m for m in mentions if m.entity is not None]
        meant = [m for m in known if m.entity in used]
        exact = all(
            self.view.is_name(m.entity, question[m.span.start : m.span.end])
            for m in meant
            if m.entity is not None
        )
        return features_of(readings, _link(used, known), is_exact=exact)

    def _first(self, readings: Sequence[Reading]) -> tuple[Reading | None, Found]:
        for reading in readings:
            if reading.is_executable and reading.query is not None:
                found = execute(self.view, reading.query)
                if not found.is_empty:
                    return reading, found
        return None, Found()

    def adjust(
        self,
        questions: QuestionSet,
        mentions: Sequence[Sequence[Mention]],
        *,
        threshold: float = SURE,
    ) -> Calibration:
        """Fit the confidence on questions kept for validation.

        Args:
            questions: none of which was trained on.
            mentions: of each question.
            threshold: probability of being right from which to answer.

        Returns:
            The calibration, now in use.
        """
        features, right = [], []
        texts = [question.text for question in questions]
        for question, understood in zip(questions, self.read_all(texts, mentions), strict=True):
            if understood.best is not None:
                features.append(understood.features)
                right.append(is_right(question, understood.found))
        if features:
            self.calibration = calibrate(np.array(features), np.array(right), threshold=threshold)
        return self.calibration

    def save(self, folder: str | Path) -> Path:
        """Write the trained part, without the frozen encoder and the facts."""
        path = Path(folder)
        write_artifact(
            path,
            kind=KIND,
            tensors=self.matcher.state_dict(),
            documents={
                "reader": {
                    "config": asdict(self.matcher.config),
                    "trained": list(self.trained),
                    "calibration": asdict(self.calibration),
                    "encoder": {"name": self.text.name, "fingerprint": self.text.fingerprint},
                }
            },
        )
        return path

    @classmethod
    def load(cls, folder: str | Path, *, view: FactView, text: TextEncoder) -> Self:
        """Read a reader and bind it to facts.

        Args:
            folder: that `save` wrote.
            view: the facts, which may be newer than those trained on.
            text: the encoder that it was trained over.

        Raises:
            ArtifactError: the folder is incomplete or changed, or the encoder is another.
        """
        tensors, documents = read_artifact(Path(folder), kind=KIND)
        try:
            said = documents["reader"]
            trained = [str(label) for label in said["trained"]]
            matcher = Matcher(MatcherConfig(**said["config"]), len(trained))
            matcher.load_state_dict(tensors)
            weights = tuple(float(w) for w in said["calibration"]["weights"])
            if len(weights) != len(FEATURES):
                raise ValueError(f"{len(weights)} weights for {len(FEATURES)} features")
            calibration = Calibration(
                weights=weights, threshold=float(said["calibration"]["threshold"])
            )
            fingerprint = said["encoder"]["fingerprint"]
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ArtifactError(
                f"{folder}: must hold a question reader of this version; got {error!r}. "
                "Train and save it again."
            ) from None
        if fingerprint != text.fingerprint:
            raise ArtifactError(
                f"{folder}: trained over the text encoder {said['encoder']['name']!r}, and "
                f"{text.name!r} is another. Load that encoder, or train again."
            )
        return cls(matcher, trained, view, text, calibration=calibration)


def train_reader(
    view: FactView,
    text: TextEncoder,
    questions: QuestionSet,
    *,
    config: MatcherConfig | None = None,
    fitting: FitConfig | None = None,
    seed: int = 0,
) -> Reader:
    """Train a matcher on questions about a view.

    Args:
        view: the facts.
        text: the encoder, which stays frozen.
        questions: with gold mentions and queries, of the training split.
        config: sizes; None is the default with the encoder's width.
        fitting: epochs and rates.
        seed: of weights, order and dropout.

    Returns:
        The reader, not yet calibrated.

    Raises:
        DataError: there are no questions.
    """
    torch.manual_seed(seed)
    labels = labels_of(view, text)
    matcher = Matcher(config or MatcherConfig(text_dim=text.dim), len(labels.inventory.labels))
    examples = examples_of(questions, view, text, labels.inventory)
    labels = gathered(labels, examples)
    matcher.vectors.copy_(labels.vectors)
    fit(matcher, examples, labels, fitting or FitConfig(), seed=seed)
    return Reader(matcher, labels.inventory.labels, view, text)


def is_right(question: Question, found: Found) -> bool:
    """Say whether what was found answers a question: the first entity, or the number."""
    if question.value is not None:
        return isinstance(found.value, int | float) and abs(
            float(found.value) - question.value
        ) <= 1e-6 * max(1.0, abs(question.value))
    return bool(found.entities) and found.entities[0] in question.answers


def _used(best: Reading | None) -> set[int | None]:
    branches = best.query.branches if best is not None and best.query is not None else ()
    return {branch.anchor for branch in branches if branch.anchor is not None}


def _link(used: set[int | None], mentions: Sequence[Mention]) -> float:
    """Return the lowest score of the mentions that are used."""
    scores = [
        candidate.score
        for mention in mentions
        for candidate in mention.candidates
        if candidate.entity in used
    ]
    return min(scores, default=1.0)
