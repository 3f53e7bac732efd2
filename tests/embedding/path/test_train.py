"""Training a path model: it learns, repeats itself, keeps the best, and hides what it asks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from lichen.base.errors import ConfigError, DataError, LichenError
from lichen.data.graph import Graph
from lichen.embedding.checkpoint import Checkpoint, remove_checkpoint
from lichen.embedding.path.config import PathConfig
from lichen.embedding.path.model import PathModel
from lichen.embedding.path.train import train_paths

SMALL = PathConfig(epochs=4, batch_size=16, negatives=6, patience=5)


@pytest.fixture(scope="module")
def graph():
    facts = [(f"e{i}", "next", f"e{(i + 1) % 24}") for i in range(24)]
    facts += [(f"e{i}", "skip", f"e{(i + 2) % 24}") for i in range(20)]
    rest = [(f"e{i}", "skip", f"e{(i + 2) % 24}") for i in range(20, 24)]
    return Graph.from_triples(facts, splits={"valid": rest})


def small(graph, seed=0):
    return PathModel(graph, dim=8, num_layers=3, seed=seed)


def test_the_loss_falls_and_the_best_weights_are_kept(graph):
    model = small(graph)
    report = train_paths(model, graph, config=SMALL)
    assert report.epochs == len(report.losses) == len(report.valid_mrr)
    assert report.losses[-1] < report.losses[0]
    assert report.valid_mrr[report.best_epoch - 1] == max(report.valid_mrr)


def test_the_same_seed_gives_the_same_weights(graph):
    states = []
    for seed in (3, 3, 4):
        model = small(graph, seed)
        train_paths(model, graph, config=PathConfig(epochs=1, batch_size=16, seed=seed))
        states.append(torch.cat([x.detach().ravel() for x in model.network.parameters()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_a_batch_is_asked_without_its_own_facts(graph, monkeypatch):
    model, seen = small(graph), []
    plain = model.score_candidates

    def watched(entity, relation, candidates, *, edges, ground):
        for query, by, truth in zip(entity, relation, candidates[:, 0], strict=True):
            _, edge = edges.leaving(np.array([query]))
            pairs = zip(edges.relation[edge].tolist(), edges.target[edge].tolist(), strict=True)
            seen.append((int(by), int(truth)) in list(pairs))
        return plain(entity, relation, candidates, edges=edges, ground=ground)

    monkeypatch.setattr(model, "score_candidates", watched)
    train_paths(model, Graph.from_triples(_labels(graph)), config=PathConfig(epochs=1))
    assert len(seen) == 44
    assert not any(seen)


def _labels(graph, split="train"):
    entities, relations = graph.entities, graph.relations
    return [(entities[h], relations[r], entities[t]) for h, r, t in graph.split(split).tolist()]


def test_an_epoch_may_draw_some_of_the_facts_only(graph):
    model = small(graph)
    steps = []
    model.network.register_forward_hook(lambda *_: steps.append(torch.is_grad_enabled()))
    config = PathConfig(epochs=1, epoch_facts=20, batch_size=10)
    train_paths(model, graph, config=config)
    assert sum(steps) == 2


def test_the_learning_rate_falls_evenly(graph):
    rates = []
    hook = register_optimizer_step_pre_hook(
        lambda steps, *_: rates.append(steps.param_groups[0]["lr"])
    )
    config = PathConfig(
        epochs=2, epoch_facts=20, batch_size=10, learning_rate=0.01, last_rate=0.2, patience=9
    )
    train_paths(small(graph), graph, config=config)
    hook.remove()
    assert rates == pytest.approx([0.01, 0.008, 0.006, 0.004])


def test_patience_ends_training(graph):
    config = PathConfig(epochs=9, patience=2, learning_rate=0.0)
    report = train_paths(small(graph), graph, config=config)
    assert (report.epochs, report.best_epoch) == (3, 1)


def test_wrong_input_says_what_to_do(graph):
    other = Graph.from_triples([("a", "next", "b")])
    with pytest.raises(DataError, match=r"the one that the model reads"):
        train_paths(small(graph), other)
    empty = graph.select([])
    with pytest.raises(DataError, match=r"at least one fact"):
        train_paths(small(graph), empty)
    model = small(graph)
    with torch.no_grad():
        model.network.bias.fill_(torch.nan)
    with pytest.raises(LichenError, match=r"in epoch 1, step 1, it is nan\. Lower path\.learning"):
        train_paths(model, graph, config=SMALL)


def test_the_step_in_which_the_loss_is_lost_is_named(graph, monkeypatch):
    config = PathConfig(epochs=2, batch_size=16, learning_rate=100.0, negatives=6)
    model, seen = small(graph), []
    plain = model.score_candidates

    def third_is_nan(*args, **kwargs):
        seen.append(1)
        return plain(*args, **kwargs) * (torch.nan if len(seen) == 3 else 1.0)

    monkeypatch.setattr(model, "score_candidates", third_is_nan)
    with pytest.raises(LichenError) as told:
        train_paths(model, graph, config=config)
    assert str(told.value) == (
        "paths: the loss must be a number, and in epoch 1, step 3, it is nan. Lower "
        "path.learning_rate (now 100.0)."
    )


def cut(model, graph, config, folder, *, after):
    """Train with a checkpoint, and break off as soon as that many passes are kept."""
    kept, write = [], Checkpoint.write

    def write_and_stop(self, *args):
        write(self, *args)
        kept.append(1)
        if len(kept) == after:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "write", write_and_stop)
        with pytest.raises(KeyboardInterrupt):
            train_paths(model, graph, config=config, checkpoint=folder)


@pytest.mark.parametrize("is_split", [True, False], ids=["best", "all"])
def test_a_run_cut_short_ends_as_if_it_had_not(graph, tmp_path, is_split):
    facts = graph if is_split else Graph.from_triples(_labels(graph))
    config = PathConfig(epochs=5, batch_size=16, negatives=6, last_rate=0.1, patience=9, seed=2)
    whole, again = small(facts), small(facts)
    expected = train_paths(whole, facts, config=config)
    cut(small(facts), facts, config, tmp_path / "state", after=2)
    report = train_paths(again, facts, config=config, checkpoint=tmp_path / "state")
    assert (report.losses, report.valid_mrr) == (expected.losses, expected.valid_mrr)
    assert report.best_epoch == expected.best_epoch
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], tensor), name
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize("is_split", [True, False], ids=["best", "all"])
def test_a_finished_run_comes_back_until_its_state_is_removed(graph, tmp_path, is_split):
    facts = graph if is_split else Graph.from_triples(_labels(graph))
    trained, again = small(facts), small(facts)
    state = tmp_path / "state"
    report = train_paths(trained, facts, config=SMALL, checkpoint=state)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PathModel, "score_candidates", None)  # nothing is computed
        back = train_paths(again, facts, config=SMALL, checkpoint=state)
    assert (back.losses, back.valid_mrr) == (report.losses, report.valid_mrr)
    assert (back.epochs, back.best_epoch) == (report.epochs, report.best_epoch)
    for name, tensor in trained.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], tensor), name
    remove_checkpoint(state)
    assert not list(tmp_path.iterdir())


def test_a_run_cut_at_its_end_makes_no_further_pass(graph, tmp_path):
    config = PathConfig(epochs=9, patience=2, learning_rate=0.0)
    cut(small(graph), graph, config, tmp_path / "state", after=3)
    report = train_paths(small(graph), graph, config=config, checkpoint=tmp_path / "state")
    assert (report.epochs, report.best_epoch) == (3, 1)


def test_the_checkpoint_of_another_run_is_refused(graph, tmp_path):
    cut(small(graph), graph, SMALL, tmp_path / "state", after=1)

    def refusal(model, facts, config=SMALL):
        with pytest.raises(ConfigError) as told:
            train_paths(model, facts, config=config, checkpoint=tmp_path / "state")
        return str(told.value)

    assert refusal(small(graph), graph, replace(SMALL, seed=3)) == (
        f"{tmp_path}/state: holds a run that differs in config. Start as that run did, give "
        "another folder, or remove this one to begin anew."
    )
    wide = PathModel(graph, dim=4, num_layers=2)
    assert "holds a run that differs in dim and num_layers. Start" in refusal(wide, graph)
    few = Graph.from_triples(_labels(graph)[:-1], splits={"valid": _labels(graph)[:2]})
    assert "differs in facts and validation facts and known facts. Start" in refusal(
        small(few), few
    )
    splits = {"valid": _labels(graph, "valid"), "test": [("e0", "next", "e9")]}
    more = Graph.from_triples(_labels(graph), splits=splits)
    assert "differs in known facts. Start" in refusal(small(more), more)
    assert "began with other weights. Build the model anew" in refusal(small(graph, seed=1), graph)


def test_a_full_disk_is_told(graph, tmp_path, disk_limit):
    with disk_limit(4096), pytest.raises(LichenError, match="must be written whole") as told:
        train_paths(small(graph), graph, config=SMALL, checkpoint=tmp_path / "state")
    assert "\n" not in str(told.value)
    assert not list(tmp_path.iterdir())
