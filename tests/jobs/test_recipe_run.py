import json

import pytest
import torch

from lichen.base.errors import ConfigError, DataError
from lichen.jobs.ready import prepare
from lichen.jobs.recipe import Recipe
from lichen.jobs.recipe_run import compare_recipe, train_recipe
from lichen.lm.text_encoder import TextEncoder
from lichen.training.pretrain import PretrainRun


def test_one_file_is_one_run_and_one_comparison(home):
    recipe = Recipe.load(home / "recipe.toml")
    run = train_recipe(recipe)
    assert run.model.config.fusion == "neighbours"
    assert run.model.config.facts == 2
    assert (home / "runs/a/run.json").is_file()
    again = train_recipe(recipe)
    assert again.metrics == run.metrics
    table = compare_recipe(recipe)
    assert {s.fusion for s in table.standings} == {"add", "neighbours"}
    assert table.num_examples == 8
    assert len(list((home / "runs/a/fusions").iterdir())) == 3 + 2 * 6


def test_a_recipe_may_compare_on_its_training_texts_alone(home, toml):
    rows = [json.loads(line) for line in (home / "texts.jsonl").read_text().splitlines()]
    shown = [{**row, "fair": i % 6} for i, row in enumerate(rows) if row["split"] != "test"]
    (home / "texts.jsonl").write_text("\n".join(map(json.dumps, shown)) + "\n")
    more = '[compare]\nfolds = 3\ntogether = "fair"\n'
    told = toml.replace("[compare]\n", more).replace("= 6\n", "= 1\n")
    (home / "recipe.toml").write_text(told)
    table = compare_recipe(Recipe.load(home / "recipe.toml"))
    assert table.num_examples == sum(row["split"] == "train" for row in shown)
    assert table.choice in ("none", "add", "neighbours")
    assert len(list((home / "runs/a/fusions/fold-2").iterdir())) == 3 + 2 * 6


@pytest.mark.usefixtures("never_trained")
def test_folds_that_cannot_be_are_refused_before_anything_is_embedded(home, toml):
    for table, error, match in (
        ("folds = 1", ConfigError, r"compare\.folds must be .* 2"),
        ("folds = 90", DataError, r"as many documents as folds; got 20 for 90"),
        ('together = "fair"', ConfigError, r"compare\.together must stand beside compare\.folds"),
        ('folds = 2\ntogether = "fair"', DataError, r"texts\.jsonl: document .* the key 'fair'"),
    ):
        (home / "recipe.toml").write_text(toml.replace("[compare]\n", f"[compare]\n{table}\n"))
        with pytest.raises(error, match=match):
            compare_recipe(Recipe.load(home / "recipe.toml"))


@pytest.mark.parametrize(
    ("was", "now", "match"),
    [
        ("dim = 16", "dim = 12", "another nodes"),
        ("epochs = 30", "epochs = 3", "another embed"),
        ("Solby\tin\tRedland", "Solby\tin\tBlueland", "another graph"),
    ],
)
def test_vectors_made_otherwise_are_another_run(home, toml, was, now, match):
    told = toml.replace('"neighbours"\nhead', '"add"\nhead').replace("epochs = 6", "epochs = 1")
    (home / "recipe.toml").write_text(told)
    assert train_recipe(Recipe.load(home / "recipe.toml")).model.config.fusion == "add"
    (home / "recipe.toml").write_text(told.replace(was, now))
    facts = (home / "facts.tsv").read_text()
    (home / "facts.tsv").write_text(facts.replace(was, now))
    with pytest.raises(ConfigError, match=match):
        train_recipe(Recipe.load(home / "recipe.toml"))


def test_a_recipe_may_train_the_language_model_by_adapters(home, toml):
    text = toml.replace("[train]", "lora = 2\n[train]").replace("epochs = 6", "epochs = 1")
    (home / "adapters.toml").write_text(text)
    run = train_recipe(Recipe.load(home / "adapters.toml"))
    assert run.model.config.lora == 2
    assert run.metrics["trained_parameters"] < 0.02 * run.metrics["parameters"]


def test_a_recipe_may_ask_to_choose(home, toml):
    rows = [json.loads(line) for line in (home / "texts.jsonl").read_text().splitlines()]
    asked = [
        {**row, "id": f"{i}-{x}", "label": label, "question": str(i), "text": f"{x}: {row['text']}"}
        for i, row in enumerate(rows)
        for x, label in ((row["label"], "right"), ("Greenland", "wrong"))
    ]
    (home / "texts.jsonl").write_text("\n".join(map(json.dumps, asked)) + "\n")
    more = 'fusion = "neighbours"\ntask = "choose"\ngroup = "question"'
    told = toml.replace('fusion = "neighbours"', more).replace("epochs = 6", "epochs = 1")
    (home / "recipe.toml").write_text(told)
    recipe = Recipe.load(home / "recipe.toml")
    run = train_recipe(recipe)
    assert run.model.config.group == "question"
    assert "valid_accuracy" in run.metrics
    table = compare_recipe(recipe)
    assert table.num_examples == len({r["question"] for r in asked if r["split"] == "test"})


def test_a_recipe_may_name_what_is_learned_beside_the_task(home, toml):
    (home / "more.jsonl").write_text(json.dumps({"text": "Kerry is a town of old bridges."}) + "\n")
    more = '[beside]\ntexts = "more.jsonl"\nbatch_size = 4\n[beside.objectives]\nmask = 0.5\n'
    told = toml.replace("facts = 2\n", "facts = 2\nlora = 2\n").replace("= 6\n", "= 1\n")
    (home / "recipe.toml").write_text(told + more + "fact = 0.5\n")
    recipe = Recipe.load(home / "recipe.toml")
    assert recipe.beside.texts == str(home / "more.jsonl")
    run = train_recipe(recipe)
    assert [doc.text for doc in run.beside[0].corpus] == ["Kerry is a town of old bridges."]
    assert run.beside[0].corpus[0].mentions
    assert run.beside[0].graph.num_facts == 6
    lines = (home / "runs/a/metrics.jsonl").read_text()
    assert "loss_mask" in lines
    assert "loss_fact" in lines
    with pytest.raises(ConfigError, match="beside must be left out where fusions are compared"):
        compare_recipe(recipe)


def test_a_recipe_may_pretrain_first_and_go_on_with_the_same_head(
    home, toml, monkeypatch, pretraining
):
    (home / "more.jsonl").write_text(json.dumps({"text": "Kerry is a town of old bridges."}) + "\n")
    more = "[beside]\nbatch_size = 4\nobjectives = {mask = 0.5}\n"
    told = toml.replace("facts = 2\n", "facts = 2\nlora = 2\n").replace("= 6\n", "= 1\n")
    (home / "recipe.toml").write_text(told + pretraining + 'texts = "more.jsonl"\n' + more)
    recipe = Recipe.load(home / "recipe.toml")
    assert recipe.pretrain.texts == str(home / "more.jsonl")
    run = train_recipe(recipe)
    first = PretrainRun.load(home / "runs/a/pretrain")
    assert first.metrics["steps"] == 5
    assert run.model.origin().text.fingerprint == first.text.fingerprint
    assert first.text.fingerprint != TextEncoder.load().fingerprint
    for name, tensor in first.head.state_dict().items():
        assert torch.equal(run.beside[0].head.state_dict()[name], tensor)
    said = json.loads((home / "runs/a/pretrain/resolved.json").read_text())
    assert said["objectives"] == {"mask": 1.0, "fact": 0.5}
    monkeypatch.setattr("lichen.training.pretrain._fit", lambda *_, **__: pytest.fail("trained"))
    assert train_recipe(recipe).metrics == run.metrics


def test_fusions_are_compared_over_the_pretrained_language_model(home, toml, pretraining):
    told = toml.replace('["add", "neighbours"]', '["add"]').replace("= 6\n", "= 1\n")
    (home / "recipe.toml").write_text(told + pretraining)
    recipe = Recipe.load(home / "recipe.toml")
    ready = prepare(recipe)
    assert ready.text.fingerprint == PretrainRun.load(home / "runs/a/pretrain").text.fingerprint
    assert ready.head is not None
    (standing,) = compare_recipe(recipe).standings
    assert standing.fusion == "add"
