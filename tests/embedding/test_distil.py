from dataclasses import replace

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError, LichenError
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.distil import DistilConfig, distil_embedding
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.embedding.trainer import train_embedding

CONFIG = DistilConfig(epochs=60, batch_size=32, weight=1.0, patience=100)


@pytest.fixture(scope="module")
def ring():
    """Give 24 in a ring, the next and the one after, some of them held out."""
    facts = [(str(i), "next", str((i + 1) % 24)) for i in range(24)]
    facts += [(str(i), "after", str((i + 2) % 24)) for i in range(24)]
    held = facts[24::4]
    kept = [fact for fact in facts if fact not in held]
    return Graph.from_triples(kept, splits={"valid": held[:3], "test": held[3:]})


@pytest.fixture(scope="module")
def teacher(ring):
    encoder = GraphEncoder("complex", ring, dim=32)
    train_embedding(encoder, ring, config=EmbeddingConfig(epochs=80, valid_every=80))
    return encoder


def mean_divergence(teacher, student, ring):
    h, r, _t = ring.split("train").T
    with torch.no_grad():
        logs = [encoder.score_tails(h, r).log_softmax(-1) for encoder in (teacher, student)]
    return float((logs[0].exp() * (logs[0] - logs[1])).sum(-1).mean())


@pytest.mark.parametrize("scorer", ["complex", "distmult", "rotate"])
@pytest.mark.parametrize("candidates", [12, 10_000])
def test_a_small_student_comes_near_its_teacher(ring, teacher, scorer, candidates):
    student = GraphEncoder(scorer, ring, dim=8)
    before, kept = mean_divergence(teacher, student, ring), teacher.vectors().detach().clone()
    found = distil_embedding(teacher, student, ring, config=replace(CONFIG, candidates=candidates))
    assert mean_divergence(teacher, student, ring) < 0.8 * before
    assert torch.equal(teacher.vectors(), kept)
    assert len(found) == 12
    assert student.vectors().shape == (24, 8)


def test_the_best_vectors_are_kept_and_seeds_decide(ring, teacher):
    rows = []
    for seed in (0, 0, 1):
        student = GraphEncoder("complex", ring, dim=8)
        config = replace(CONFIG, epochs=40, weight=0.5, seed=seed, n3=1e-3)
        found = distil_embedding(teacher, student, ring, config=config)
        assert np.isclose(evaluate(student, ring, "valid").both.mrr, max(found))
        rows.append(student.vectors())
    assert torch.equal(rows[0], rows[1])
    assert not torch.equal(rows[0], rows[2])


def test_a_student_over_shared_directions_is_taught_too(ring, teacher):
    student = GraphEncoder("distmult", ring, dim=8, reciprocal=False)
    before = mean_divergence(teacher, student, ring)
    distil_embedding(teacher, student, ring, config=CONFIG)
    assert mean_divergence(teacher, student, ring) < before


def test_what_cannot_be_distilled_is_refused(ring, teacher):
    other = Graph.from_triples([("a", "r", "b")])
    with pytest.raises(DataError, match="student must have the graph's 24"):
        distil_embedding(teacher, GraphEncoder("complex", other, dim=8), ring)
    with pytest.raises(ConfigError, match=r"distil\.weight"):
        DistilConfig(weight=1.5)
    student = GraphEncoder("complex", ring, dim=8)
    with torch.no_grad():
        student.entity_table.fill_(torch.nan)
    with pytest.raises(LichenError, match="stay a number"):
        distil_embedding(teacher, student, ring)
