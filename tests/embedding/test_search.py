import time

import numpy as np
import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError, DataError, LichenError
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.search import GIVE_UP, search
from lichen.embedding.trainer import train_embedding

pytest.importorskip("optuna", reason="the extra search is not installed")


def graph():
    rng = np.random.default_rng(0)
    facts = [
        (f"{x},{y}", way, f"{(x + dx) % 6},{(y + dy) % 6}")
        for x in range(6)
        for y in range(6)
        for way, dx, dy in (("east", 1, 0), ("west", -1, 0), ("south", 0, 1))
    ]
    facts = [facts[i] for i in rng.permutation(len(facts))]
    return Graph.from_triples(facts[:-20], splits={"valid": facts[-20:]})


def test_the_best_trial_is_returned_and_the_first_is_the_given_settings():
    base = EmbeddingConfig(epochs=6, valid_every=3, learning_rate=0.0001, hide_known=False)
    space = {"learning_rate": (0.0001, 0.5), "batch_size": (32, 64)}
    report = search(graph(), dim=16, budget_s=6.0, config=base, space=space)
    assert len(report.trials) >= 2
    assert report.trials[0][0] == {"learning_rate": 0.0001, "batch_size": 32}
    assert report.valid_mrr == max(mrr for _, mrr in report.trials)
    assert report.valid_mrr > report.trials[0][1]
    assert report.config.learning_rate > 0.0001
    assert report.config.epochs == 6
    assert "trials in" in str(report)


def test_the_budget_ends_a_run_within_an_epoch():
    rng = np.random.default_rng(0)
    facts = [(f"e{h}", "r", f"e{t}") for h, t in rng.integers(3000, size=(30_000, 2))]
    large = Graph.from_triples(facts[:-50], splits={"valid": facts[-50:]})
    config = EmbeddingConfig(epochs=100, valid_every=100, candidates="all", batch_size=64)
    started = time.monotonic()
    report = search(large, dim=128, budget_s=1.0, config=config, space={"n3": (0.0, 0.3)})
    assert time.monotonic() - started < 6.0
    assert len(report.trials) == 1
    assert report.valid_mrr > 0


def test_no_time_at_all_is_one_step_of_one_trial():
    report = search(graph(), dim=8, budget_s=0.0)
    assert len(report.trials) == 1


def test_a_trial_that_fails_is_counted_and_the_search_goes_on(capfd):
    config = EmbeddingConfig(epochs=2, valid_every=1, optimiser="adam", candidates="all")
    space = {"learning_rate": (0.01, 0.5), "loss": ("softmax", "margin")}
    report = search(graph(), dim=8, budget_s=4.0, config=config, space=space)
    assert {tried["loss"] for tried, _ in report.trials} == {"softmax"}
    assert any("embed.candidates must be sampled" in why for _, why in report.failed)
    assert report.valid_mrr == max(mrr for _, mrr in report.trials)
    assert f" trials and {len(report.failed)} that failed in " in str(report)
    assert not capfd.readouterr().err


def test_a_card_that_is_too_small_for_a_trial_does_not_end_the_search(monkeypatch):
    def on_a_card(*args, config, **more):
        if config.batch_size > 32:  # as torch says it of a card; there is none here
            raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2 GiB")
        return train_embedding(*args, config=config, **more)

    monkeypatch.setattr("lichen.embedding.search.train_embedding", on_a_card)
    config = EmbeddingConfig(epochs=1, valid_every=1)
    space = {"n3": (0.01, 0.1), "batch_size": (32, 4096)}
    report = search(graph(), dim=8, budget_s=3.0, config=config, space=space)
    assert {tried["batch_size"] for tried, _ in report.trials} == {32}
    assert {why for _, why in report.failed} == {"CUDA out of memory."}


def test_a_search_of_which_every_trial_fails_is_one_clear_line():
    config = EmbeddingConfig(precision="bfloat16")
    told = rf"^search: a trial must .*; all {GIVE_UP} failed, the first with: embed\.precision must"
    started = time.monotonic()
    with pytest.raises(LichenError, match=told) as error:
        search(graph(), scorer="transe", dim=8, budget_s=60.0, config=config)
    assert time.monotonic() - started < 30
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("scorer", "settings"),
    [("transe", {"norm": 2, "squared": True}), ("rotate", {"distance": "squared"})],
)
def test_a_scorers_own_settings_are_taken(scorer, settings, monkeypatch):
    started = []

    def look(encoder, *_args, on_look, **_kwargs):
        started.append(encoder)
        on_look(1, 0.5)

    monkeypatch.setattr("lichen.embedding.search.train_embedding", look)
    space = {"max_norm": (1.5, 3.0)}
    search(graph(), scorer=scorer, dim=8, budget_s=0.0, space=space, reciprocal=False, **settings)
    (encoder,) = started
    assert encoder.settings == settings
    assert type(encoder.scorer.comparison).__name__ == "SquaredEuclidean"
    assert not encoder.reciprocal


def test_what_cannot_be_searched_is_refused(capfd):
    with pytest.raises(DataError, match="must have a valid split to choose by"):
        search(Graph.from_triples([("a", "r", "b")]), budget_s=1.0)
    with pytest.raises(ChoiceError, match="dropout"):
        search(graph(), dim=8, budget_s=1.0, space={"dropuot": (0.0, 0.5)})
    for space, told in (
        ({"n3": ()}, r"space\['n3'\] must hold two floats, the bounds, or some choices; got \(\)"),
        ({"n3": 0.1}, r"space\['n3'\] must hold two floats, .*; got 0\.1"),
        ({"n3": (0.3, 0.1)}, r"space\['n3'\] must hold the lower bound first; got \(0\.3, 0\.1\)"),
        ({"dropout": (0.0, 5.0)}, r"embed\.dropout must be between 0\.0 and 0\.99; got 5\.0"),
        ({"epochs": (1.0, 9.0)}, r"embed\.epochs must be a whole number"),
        ({"loss": ("margin",), "candidates": ("all",)}, r"must be sampled for the loss margin"),
    ):
        with pytest.raises(ConfigError, match=told):
            search(graph(), dim=8, budget_s=0.0, space=space)
    assert not capfd.readouterr().err  # Optuna prints a traceback of what fails in a trial
    with pytest.raises(ConfigError, match="rotate: a setting must be distance; got 'norm'"):
        search(graph(), scorer="rotate", dim=8, budget_s=1.0, norm=2)
