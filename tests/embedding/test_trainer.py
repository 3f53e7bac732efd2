import contextlib
import dataclasses

import numpy as np
import pytest
import torch

from lichen.base.errors import ConfigError, DataError, LichenError
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding import SCORERS
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.embedding.gnn.encoder import GraphNetwork
from lichen.embedding.step import Step
from lichen.embedding.trainer import train_embedding


def grid(size=8):
    """Fields of a torus with steps east and south; two steps either way make the rest follow."""
    facts = []
    for x in range(size):
        for y in range(size):
            here = f"{x},{y}"
            facts.append((here, "east", f"{(x + 1) % size},{y}"))
            facts.append((f"{(x + 1) % size},{y}", "west", here))
            facts.append((here, "south", f"{x},{(y + 1) % size}"))
            facts.append((f"{x},{(y + 1) % size}", "north", here))
    order = np.random.default_rng(0).permutation(len(facts))
    parts = np.split(order, [len(facts) - 40, len(facts) - 20])
    train, valid, test = ([facts[i] for i in part] for part in parts)
    return Graph.from_triples(train, splits={"valid": valid, "test": test})


@pytest.mark.parametrize("candidates", ["all", "sampled"])
def test_learns_facts_that_follow_from_others(candidates):
    graph = grid()
    encoder = GraphEncoder("complex", graph, dim=64)
    untrained = evaluate(encoder, graph).both.mrr
    config = EmbeddingConfig(epochs=60, batch_size=64, candidates=candidates, negatives=32)
    report = train_embedding(encoder, graph, config=config)
    assert report.losses[-1] < report.losses[0]
    assert max(report.valid_mrr) > 0.7
    assert evaluate(encoder, graph).both.mrr > max(0.7, 3 * untrained)
    assert report.best_epoch <= report.epochs
    assert "epochs in" in str(report)


@pytest.mark.parametrize("candidates", ["all", "sampled"])
def test_same_seed_same_vectors(candidates):
    graph = grid(5)
    config = EmbeddingConfig(epochs=3, batch_size=16, candidates=candidates, negatives=8, seed=4)
    runs = []
    for seed in (4, 4, 5):
        encoder = GraphEncoder("complex", graph, dim=8)
        train_embedding(encoder, graph, config=dataclasses.replace(config, seed=seed))
        runs.append(encoder.vectors().detach())
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@pytest.mark.parametrize("scorer", SCORERS)
def test_every_scorer_is_the_same_with_the_same_seed(scorer):
    graph, config = grid(5), EmbeddingConfig(epochs=2, batch_size=16, seed=4)
    runs = []
    for before in (1, 2):
        encoder = GraphEncoder(scorer, graph, dim=12)
        torch.manual_seed(before)  # torch's own stream is not the run's
        train_embedding(encoder, graph, config=config)
        runs.append(encoder.vectors().detach())
        assert torch.initial_seed() == before
    assert torch.equal(*runs)


def test_chunks_of_all_entities_change_nothing(monkeypatch):
    graph = grid(5)
    config = EmbeddingConfig(epochs=2, batch_size=50, candidates="all")
    whole = GraphEncoder("complex", graph, dim=8)
    train_embedding(whole, graph, config=config)
    monkeypatch.setattr("lichen.embedding.loss.CHUNK_SCORES", 7 * graph.num_entities)
    chunked = GraphEncoder("complex", graph, dim=8)
    train_embedding(chunked, graph, config=config)
    torch.testing.assert_close(whole.vectors(), chunked.vectors(), rtol=1e-3, atol=1e-3)


def test_rows_that_no_step_used_stay_as_they_were():
    ring = [(f"e{i}", "next", f"e{(i + 1) % 6}") for i in range(6)]
    base = Graph.from_triples(ring)
    graph = dataclasses.replace(base, entities=Vocabulary([*base.entities, *map(str, range(500))]))
    encoder = GraphEncoder("complex", graph, dim=8)
    before = encoder.vectors().detach().clone()
    config = EmbeddingConfig(epochs=1, candidates="sampled", negatives=4)
    train_embedding(encoder, graph, config=config)
    moved = (encoder.vectors() != before).any(dim=1)
    assert moved[:6].all()
    assert 0 <= moved[6:].sum() <= 4


def test_best_vectors_are_kept_and_training_stops_when_they_grow_no_better():
    graph = grid()
    config = EmbeddingConfig(
        epochs=400, batch_size=64, valid_every=1, patience=2, learning_rate=0.5
    )
    encoder = GraphEncoder("complex", graph, dim=32)
    report = train_embedding(encoder, graph, config=config)
    assert report.epochs < 400
    assert report.best_epoch == 1 + int(np.argmax(report.valid_mrr))
    assert report.epochs == report.best_epoch + 2
    found = evaluate(encoder, graph, "valid").both.mrr
    assert found == pytest.approx(max(report.valid_mrr))


@pytest.mark.parametrize("whole", [True, False])
def test_a_run_ends_at_the_step_where_it_is_told_to(whole):
    graph = grid(4) if whole else grid(4).select(grid(4).splits["train"])
    encoder = GraphEncoder("complex", graph, dim=8)
    before, asked, looks = encoder.vectors().detach().clone(), [], []

    def on_step():
        asked.append(len(looks))
        return len(asked) == 5

    report = train_embedding(
        encoder,
        graph,
        config=EmbeddingConfig(batch_size=16, candidates="sampled", valid_every=99),
        on_look=lambda epoch, mrr: looks.append((epoch, mrr)),
        on_step=on_step,
    )
    steps = -(-2 * len(graph.split("train")) // 16)
    assert asked == [0] * 5
    assert (report.epochs, len(report.losses)) == (1 + 4 // steps, 1 + 4 // steps)
    assert looks == ([(report.epochs, report.valid_mrr[0])] if whole else [])
    assert not torch.equal(encoder.vectors(), before)


@pytest.mark.parametrize("layers", [None, "gcn"])
@pytest.mark.parametrize("valid", [True, False])
def test_an_interrupted_call_goes_on_with_the_same_encoder(tmp_path, layers, valid):
    graph = grid(4) if valid else grid(4).select(grid(4).splits["train"])
    config = EmbeddingConfig(epochs=5, batch_size=16, valid_every=2, patience=9, dropout=0.1)
    steps = -(-2 * len(graph.split("train")) // 16)

    def make():
        if layers is None:
            return GraphEncoder("complex", graph, dim=8)
        pytest.importorskip("torch_geometric")
        return GraphNetwork("distmult", graph, layers=layers, fan_out=(1,), dim=8)

    def interrupt():
        made.append(1)
        if len(made) == at:
            raise KeyboardInterrupt

    whole, encoder = make(), make()
    expected = train_embedding(whole, graph, config=config)
    for at in (3, 2 * steps + 2, 2 * steps - 1):  # before a checkpoint, after one, and again
        made = []
        with contextlib.suppress(KeyboardInterrupt):
            train_embedding(
                encoder, graph, config=config, checkpoint=tmp_path / "state", on_step=interrupt
            )
        assert len(made) == at
    report = train_embedding(encoder, graph, config=config, checkpoint=tmp_path / "state")
    assert (report.losses, report.valid_mrr) == (expected.losses, expected.valid_mrr)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(encoder.state_dict()[name], tensor), name


@pytest.mark.parametrize("place", [".", "", "/", ".."])
def test_a_folder_without_a_name_is_refused(place):
    with pytest.raises(ConfigError, match=r"^checkpoint must be a folder with a name, .* got '"):
        train_embedding(GraphEncoder("complex", grid(4), dim=8), grid(4), checkpoint=place)


def test_one_relation_an_isolated_entity_and_no_validation_split():
    base = Graph.from_triples([("a", "next", "b"), ("b", "next", "c")])
    graph = dataclasses.replace(base, entities=Vocabulary(["a", "b", "c", "alone"]))
    encoder = GraphEncoder("complex", graph, dim=8)
    report = train_embedding(encoder, graph, config=EmbeddingConfig(epochs=7))
    assert (report.epochs, report.best_epoch, report.valid_mrr) == (7, 7, ())
    assert encoder.score_tails([0], [0]).argmax().item() == 1
    assert torch.isfinite(encoder.vectors()).all()


def test_one_entity_is_enough():
    graph = Graph.from_triples([("a", "is", "a")])
    encoder = GraphEncoder("complex", graph, dim=8)
    for candidates in ("all", "sampled"):
        config = EmbeddingConfig(epochs=2, candidates=candidates)
        assert all(np.isfinite(train_embedding(encoder, graph, config=config).losses))


def test_no_epoch_leaves_the_vectors():
    graph = grid(4)
    encoder = GraphEncoder("complex", graph, dim=8)
    before = encoder.vectors().detach().clone()
    report = train_embedding(encoder, graph, config=EmbeddingConfig(epochs=0))
    assert report.losses == ()
    assert torch.equal(encoder.vectors(), before)


def test_no_fact_and_other_labels_are_refused():
    graph = grid(4)
    encoder = GraphEncoder("complex", graph, dim=8)
    with pytest.raises(DataError, match="at least one fact; it is empty"):
        train_embedding(encoder, graph.select([]))
    with pytest.raises(DataError, match="with other labels"):
        train_embedding(encoder, grid(5))


@pytest.mark.parametrize("value", ["nan", "inf"])
@pytest.mark.parametrize("table", ["entity_table", "relation_table"])
def test_vectors_that_are_no_numbers_are_refused_before_the_first_step(table, value):
    graph = grid(4)
    encoder = GraphEncoder("complex", graph, dim=8)
    with torch.no_grad():
        getattr(encoder, table)[0, 0] = float(value)
    with pytest.raises(DataError, match=f"before the first step; the encoder's {table} holds a"):
        train_embedding(encoder, graph)


def test_a_loss_that_is_no_number_stops_with_what_to_do():
    graph = grid(4)
    encoder = GraphEncoder("complex", graph, dim=8)
    with torch.no_grad():
        encoder.entity_table.fill_(1e30)  # a product of two is no float32
    with pytest.raises(
        LichenError, match=r"loss must be a number.*epoch 1, step 1, it is nan.*Lower embed"
    ):
        train_embedding(encoder, graph)


def test_the_loss_says_what_it_is_compared_with():
    graph = grid(4)
    for loss in ("margin", "self_adversarial"):
        encoder = GraphEncoder("transe", graph, dim=8)
        config = EmbeddingConfig(epochs=2, loss=loss, margin=2.0)
        assert train_embedding(encoder, graph, config=config).epochs == 2
    with pytest.raises(ConfigError, match="candidates must be sampled for the loss margin"):
        EmbeddingConfig(loss="margin", candidates="all")
    with pytest.raises(ConfigError, match="candidates must be all for the loss binary"):
        EmbeddingConfig(loss="binary", candidates="sampled")


def test_the_learning_rate_falls_when_validation_does_not_rise():
    graph = grid(4)
    steps = []
    for decay in (1.0, 0.1):
        encoder = GraphEncoder("complex", graph, dim=8)
        config = EmbeddingConfig(
            epochs=12, valid_every=1, patience=99, decay=decay, learning_rate=0.5
        )
        report = train_embedding(encoder, graph, config=config)
        assert report.epochs == 12
        steps.append(report.losses)
    assert steps[0][:2] == steps[1][:2]
    assert steps[0] != steps[1]


@pytest.mark.parametrize(("share", "expected"), [(1.0, [0.5, 0.5, 0.5]), (0.0, [0.5, 0.25, 0.0])])
def test_the_learning_rate_falls_evenly_to_its_last_share(share, expected, monkeypatch):
    graph = grid(4)
    rates = []
    monkeypatch.setattr(Step, "set_learning_rate", lambda _, rate: rates.append(rate))
    config = EmbeddingConfig(epochs=3, learning_rate=0.5, last_rate=share)
    train_embedding(GraphEncoder("complex", graph, dim=8), graph, config=config)
    assert rates == pytest.approx(expected)
