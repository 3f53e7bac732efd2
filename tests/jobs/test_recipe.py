import json

import pytest
import torch

from lichen.base.config import to_toml
from lichen.base.errors import ChoiceError, ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion import EVERY
from lichen.jobs.recipe import Recipe, compare_recipe, prepare, train_recipe
from lichen.lm.text_encoder import TextEncoder
from lichen.training.pretrain import PretrainRun

RECIPE = """
out = "runs/a"
[data]
corpus = "texts.jsonl"
graph = "facts.tsv"
[nodes]
dim = 16
[embed]
epochs = 30
[model]
fusion = "neighbours"
head = "pooled"
mentions = 2
facts = 2
[train]
epochs = 6
learning_rate = 5e-3
[compare]
fusions = ["add", "neighbours"]
twins = ["none", "shuffled"]
"""


@pytest.fixture
def home(tmp_path):
    lands = {"Redland": ("Norton", "Keston", "Solby"), "Blueland": ("Velton", "Tamby", "Kerry")}
    rows = [f"{city}\tin\t{land}" for land, cities in lands.items() for city in cities]
    (tmp_path / "facts.tsv").write_text("\n".join(rows) + "\n")
    with (tmp_path / "texts.jsonl").open("w") as file:
        for i in range(36):
            land = sorted(lands)[i % 2]
            split = ("train", "train", "valid", "test")[i // 2 % 4]
            city = lands[land][2 if split == "test" else i % 3 % 2]
            text = f"The fair number {i} was held in {city}."
            file.write(json.dumps({"text": text, "label": land, "split": split}) + "\n")
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path


def test_a_recipe_is_read_from_its_folder_and_written_back(home):
    recipe = Recipe.load(home / "recipe.toml")
    assert recipe.data.corpus == str(home / "texts.jsonl")
    assert recipe.out == str(home / "runs/a")
    (home / "again.toml").write_text(to_toml(recipe))
    assert Recipe.load(home / "again.toml") == recipe


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


def test_a_recipe_may_train_the_language_model_by_adapters(home):
    text = RECIPE.replace("[train]", "lora = 2\n[train]").replace("epochs = 6", "epochs = 1")
    (home / "adapters.toml").write_text(text)
    run = train_recipe(Recipe.load(home / "adapters.toml"))
    assert run.model.config.lora == 2
    assert run.metrics["trained_parameters"] < 0.02 * run.metrics["parameters"]


def test_vectors_of_another_graph_and_wrong_keys_are_refused(home):
    other = GraphEncoder("complex", Graph.from_triples([("a", "r", "b")]), dim=4)
    other.save(home / "nodes")
    text = RECIPE.replace("dim = 16", 'folder = "nodes"')
    (home / "other.toml").write_text(text)
    with pytest.raises(ConfigError, match="holds those of other entities"):
        prepare(Recipe.load(home / "other.toml"))
    (home / "wrong.toml").write_text(RECIPE.replace("fusion =", "fuson ="))
    with pytest.raises(ConfigError, match="Did you mean 'fusion'"):
        Recipe.load(home / "wrong.toml")


def test_a_recipe_may_ask_to_choose(home):
    rows = [json.loads(line) for line in (home / "texts.jsonl").read_text().splitlines()]
    asked = [
        {**row, "id": f"{i}-{x}", "label": label, "question": str(i), "text": f"{x}: {row['text']}"}
        for i, row in enumerate(rows)
        for x, label in ((row["label"], "right"), ("Greenland", "wrong"))
    ]
    (home / "texts.jsonl").write_text("\n".join(map(json.dumps, asked)) + "\n")
    more = 'fusion = "neighbours"\ntask = "choose"\ngroup = "question"'
    told = RECIPE.replace('fusion = "neighbours"', more).replace("epochs = 6", "epochs = 1")
    (home / "recipe.toml").write_text(told)
    recipe = Recipe.load(home / "recipe.toml")
    run = train_recipe(recipe)
    assert run.model.config.group == "question"
    assert "valid_accuracy" in run.metrics
    table = compare_recipe(recipe)
    assert table.num_examples == len({r["question"] for r in asked if r["split"] == "test"})


@pytest.mark.parametrize("split", ["valid", "test"])
@pytest.mark.parametrize("job", [train_recipe, compare_recipe])
def test_a_label_of_another_split_alone_is_refused_before_anything_is_trained(
    home, monkeypatch, split, job
):
    with (home / "texts.jsonl").open("a") as file:
        for i in range(3):
            row = {"text": f"Fair {i} in Solby.", "label": "Greyland", "split": split}
            file.write(json.dumps(row) + "\n")
    monkeypatch.setattr("lichen.jobs.recipe.train", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises(DataError) as caught:
        job(Recipe.load(home / "recipe.toml"))
    assert str(caught.value) == (
        f"{home / 'texts.jsonl'}: label 'Greyland': must occur in the split 'train', or it cannot "
        f"be learnt; 3 documents of {split!r} have it and none of 'train'. Move "
        "some of them to 'train', or leave them out."
    )


def test_a_reporter_that_is_none_is_refused_before_anything_is_trained(home, monkeypatch):
    monkeypatch.setattr("lichen.jobs.recipe.train", lambda *_, **__: pytest.fail("trained"))
    told = RECIPE.replace("[train]", '[train]\nreport_to = "tensorbord"')
    (home / "recipe.toml").write_text(told)
    with pytest.raises(ChoiceError, match="Did you mean 'tensorboard'"):
        train_recipe(Recipe.load(home / "recipe.toml"))


def one_class(rows):
    return [{**row, "label": "Redland"} for row in rows]


def misnamed(rows):
    return [{**{k: x for k, x in row.items() if k != "label"}, "lable": "x"} for row in rows]


def unlinked(rows):
    return [{**row, "text": row["text"].rpartition(" ")[0]} for row in rows]


def of_another_graph(rows):
    found = [{"start": 0, "end": 3, "entity": 8}]
    return [{**row, "mentions": found} for row in rows]


@pytest.mark.parametrize("job", [train_recipe, compare_recipe])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (one_class, "must hold at least two classes"),
        (misnamed, r"must have a column or key 'label'; none of 20 .* other columns are: 'lable'"),
        (unlinked, "split 'train': at least one mention must be linked"),
        (of_another_graph, "a mention's entity must be an id below 8, .* got 8"),
    ],
)
def test_texts_that_teach_nothing_are_refused_before_anything_is_trained(
    home, monkeypatch, job, change, said
):
    monkeypatch.setattr("lichen.jobs.recipe.train", lambda *_, **__: pytest.fail("trained"))
    rows = [json.loads(line) for line in (home / "texts.jsonl").read_text().splitlines()]
    (home / "texts.jsonl").write_text("\n".join(map(json.dumps, change(rows))) + "\n")
    with pytest.raises(DataError, match=rf"texts\.jsonl.*{said}"):
        job(Recipe.load(home / "recipe.toml"))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ('task = "tag"\nhead = "token"', "key 'spans'; none .* Write JSON lines with them"),
        ('task = "choose"\ngroup = "question"', "documents must be labelled 'right' or one other"),
        ("triple = 1.0", "fusion.triple needs train_nodes=True"),
    ],
)
def test_a_task_that_the_texts_do_not_suit_is_refused_before_anything_is_trained(
    home, monkeypatch, model, said
):
    monkeypatch.setattr("lichen.jobs.recipe.train", lambda *_, **__: pytest.fail("trained"))
    (home / "recipe.toml").write_text(RECIPE.replace('head = "pooled"', model))
    with pytest.raises((ConfigError, DataError), match=said):
        train_recipe(Recipe.load(home / "recipe.toml"))


def test_processes_that_cannot_share_a_run_are_refused_before_anything_is_trained(
    home, monkeypatch
):
    monkeypatch.setattr("lichen.jobs.recipe.train", lambda *_, **__: pytest.fail("trained"))
    recipe = Recipe.load(home / "recipe.toml")
    with pytest.raises(
        ConfigError, match=r"processes must divide train\.batch_size \(128\); got 3"
    ):
        train_recipe(recipe, processes=3)


def test_a_folder_of_another_run_is_refused_before_anything_is_trained(home, monkeypatch):
    told = RECIPE.replace("epochs = 6", "epochs = 1").replace("epochs = 30", "epochs = 1")
    (home / "recipe.toml").write_text(told)
    train_recipe(Recipe.load(home / "recipe.toml"))
    (home / "recipe.toml").write_text(told + "seeds = [4, 5, 6]\n")
    prepare(Recipe.load(home / "recipe.toml"))
    monkeypatch.setattr("lichen.jobs.recipe.train", lambda *_, **__: pytest.fail("trained"))
    (home / "recipe.toml").write_text(told.replace("5e-3", "1e-3"))
    with pytest.raises(ConfigError, match=r"must be empty or hold this same run; .* config"):
        train_recipe(Recipe.load(home / "recipe.toml"))


def test_a_comparison_without_test_texts_is_refused_before_anything_is_trained(home, monkeypatch):
    monkeypatch.setattr("lichen.jobs.recipe.train", lambda *_, **__: pytest.fail("trained"))
    texts = (home / "texts.jsonl").read_text().replace('"test"', '"held out"')
    (home / "texts.jsonl").write_text(texts)
    with pytest.raises(DataError, match=r"texts\.jsonl: split must be one of .* got 'test'"):
        compare_recipe(Recipe.load(home / "recipe.toml"))


def test_a_split_that_nothing_reads_is_told(home, caplog):
    texts = (home / "texts.jsonl").read_text().replace('"test"', '"held out"')
    (home / "texts.jsonl").write_text(texts)
    prepare(Recipe.load(home / "recipe.toml"))
    assert "texts.jsonl: split held out: nothing reads its 8 documents" in caplog.text


def test_a_language_model_may_lie_beside_the_recipe(home):
    TextEncoder.load().save(home / "lm")
    (home / "recipe.toml").write_text(RECIPE.replace("[model]", '[model]\ntext = "lm"'))
    assert Recipe.load(home / "recipe.toml").model.text == str(home / "lm")
    (home / "recipe.toml").write_text(RECIPE.replace("[model]", '[model]\ntext = "bert"'))
    assert Recipe.load(home / "recipe.toml").model.text == "bert"


@pytest.mark.parametrize(
    ("given", "key"), [("texts.jsonl", "data.corpus"), ("facts.tsv", "data.graph")]
)
def test_a_file_that_is_not_there_is_told_with_recipe_and_key(home, given, key):
    (home / "recipe.toml").write_text(RECIPE.replace(given, f"no-{given}"))
    with pytest.raises(ConfigError) as caught:
        Recipe.load(home / "recipe.toml")
    assert str(caught.value) == (
        f"{home / 'recipe.toml'}: {key} must name a file or a folder, seen from the recipe's "
        f"folder; found nothing at {home / f'no-{given}'}. Check the path."
    )


@pytest.mark.parametrize("job", [train_recipe, compare_recipe])
@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("at = 77", "fusion.at must be 'input', 'output' or a hidden layer from 1 to 6; got 77"),
        ("mentions = 0", "fusion.mentions must be between 1 and 64; got 0"),
        ('head = "token"', "fusion.head must be one of"),
    ],
)
def test_what_no_model_can_be_built_with_is_refused_before_anything_is_trained(
    home, monkeypatch, job, model, said
):
    monkeypatch.setattr("lichen.jobs.recipe.train", lambda *_, **__: pytest.fail("trained"))
    start = RECIPE[: RECIPE.index("[model]")] + f'[model]\nfusion = "attention"\n{model}\n'
    (home / "recipe.toml").write_text(start + '[compare]\nfusions = ["gate"]\n')
    with pytest.raises((ChoiceError, ConfigError)) as caught:
        job(Recipe.load(home / "recipe.toml"))
    assert str(caught.value).startswith(said)


def test_a_fusion_that_does_not_suit_the_language_model_is_refused_before_anything_is_trained(
    home, monkeypatch
):
    told = RECIPE.replace('["add", "neighbours"]', '["add", "input"]')
    (home / "recipe.toml").write_text(told)
    text = TextEncoder.load()
    text.model.config.relative_attention = True
    monkeypatch.setattr("lichen.jobs.recipe.TextEncoder.load", lambda _name: text)
    monkeypatch.setattr("lichen.jobs.recipe.train", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises(ConfigError, match="fusion 'input' must be told where each token stands"):
        compare_recipe(Recipe.load(home / "recipe.toml"))


def test_where_no_fusion_is_named_those_that_cannot_run_are_left_out(home, monkeypatch, caplog):
    told = RECIPE.replace('fusions = ["add", "neighbours"]\n', "").replace(
        "epochs = 30", "epochs = 1"
    )
    (home / "recipe.toml").write_text(told)
    text = TextEncoder.load()
    monkeypatch.setattr(text.model.config, "relative_attention", True, raising=False)
    monkeypatch.setattr("lichen.jobs.recipe.TextEncoder.load", lambda _name: text)
    ready = prepare(Recipe.load(home / "recipe.toml"), is_comparison=True)
    assert set(ready.fusions) == set(EVERY) - {"input"}
    assert "fusion 'input' is left out of the comparison: " in caplog.text


def test_a_recipe_may_name_what_is_learned_beside_the_task(home):
    (home / "more.jsonl").write_text(json.dumps({"text": "Kerry is a town of old bridges."}) + "\n")
    more = '[beside]\ntexts = "more.jsonl"\nbatch_size = 4\n[beside.objectives]\nmask = 0.5\n'
    told = RECIPE.replace("facts = 2\n", "facts = 2\nlora = 2\n").replace("= 6\n", "= 1\n")
    (home / "recipe.toml").write_text(told + more + "fact = 0.5\n")
    recipe = Recipe.load(home / "recipe.toml")
    assert recipe.beside.texts == str(home / "more.jsonl")
    run = train_recipe(recipe)
    assert [doc.text for doc in run.beside.corpus] == ["Kerry is a town of old bridges."]
    assert run.beside.corpus[0].mentions
    assert run.beside.graph.num_facts == 6
    lines = (home / "runs/a/metrics.jsonl").read_text()
    assert "loss_mask" in lines
    assert "loss_fact" in lines
    with pytest.raises(ConfigError, match="beside must be left out where fusions are compared"):
        compare_recipe(recipe)


@pytest.mark.parametrize(
    ("model", "objective", "said"),
    [
        ("", "mask = 0.5", "beside: the language model must be trained with the task"),
        ("lora = 2", "maks = 0.5", "Did you mean 'mask'"),
        ("lora = 2", "mask = 0.0", "objectives"),
    ],
)
def test_a_wrong_table_beside_is_refused_when_it_is_read(home, model, objective, said):
    told = RECIPE.replace("facts = 2\n", f"facts = 2\n{model}\n")
    (home / "recipe.toml").write_text(f"{told}[beside.objectives]\n{objective}\n")
    with pytest.raises((ChoiceError, ConfigError), match=said):
        Recipe.load(home / "recipe.toml")


PRETRAIN = """
[pretrain]
texts = "more.jsonl"
head_steps = 2
steps = 3
batch_size = 4
max_tokens = 16
objectives = {mask = 1.0, fact = 0.5}
"""


def test_a_recipe_may_pretrain_first_and_go_on_with_the_same_head(home, monkeypatch):
    (home / "more.jsonl").write_text(json.dumps({"text": "Kerry is a town of old bridges."}) + "\n")
    more = "[beside]\nbatch_size = 4\nobjectives = {mask = 0.5}\n"
    told = RECIPE.replace("facts = 2\n", "facts = 2\nlora = 2\n").replace("= 6\n", "= 1\n")
    (home / "recipe.toml").write_text(told + PRETRAIN + more)
    recipe = Recipe.load(home / "recipe.toml")
    assert recipe.pretrain.texts == str(home / "more.jsonl")
    run = train_recipe(recipe)
    first = PretrainRun.load(home / "runs/a/pretrain")
    assert first.metrics["steps"] == 5
    assert run.model.origin().text.fingerprint == first.text.fingerprint
    assert first.text.fingerprint != TextEncoder.load().fingerprint
    for name, tensor in first.head.state_dict().items():
        assert torch.equal(run.beside.head.state_dict()[name], tensor)
    said = json.loads((home / "runs/a/pretrain/resolved.json").read_text())
    assert said["objectives"] == {"mask": 1.0, "fact": 0.5}
    monkeypatch.setattr("lichen.training.pretrain._fit", lambda *_, **__: pytest.fail("trained"))
    assert train_recipe(recipe).metrics == run.metrics


def test_fusions_are_compared_over_the_pretrained_language_model(home):
    told = RECIPE.replace('["add", "neighbours"]', '["add"]').replace("= 6\n", "= 1\n")
    (home / "recipe.toml").write_text(told + PRETRAIN.replace('texts = "more.jsonl"\n', ""))
    recipe = Recipe.load(home / "recipe.toml")
    ready = prepare(recipe)
    assert ready.text.fingerprint == PretrainRun.load(home / "runs/a/pretrain").text.fingerprint
    assert ready.head is not None
    (standing,) = compare_recipe(recipe).standings
    assert standing.fusion == "add"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("steps = 0", "pretrain.steps must be between 1"),
        ("objectives = {maks = 1.0}", "Did you mean 'mask'"),
        ("objectives = {}", "at least one objective"),
        ('report_to = "tensorbord"', "pretrain.report_to must be one of"),
        ('texts = "mroe.jsonl"', "mroe.jsonl"),
    ],
)
def test_a_wrong_table_pretrain_is_refused_before_anything_is_trained(
    home, monkeypatch, table, said
):
    monkeypatch.setattr("lichen.jobs.recipe.train", lambda *_, **__: pytest.fail("trained"))
    (home / "recipe.toml").write_text(f"{RECIPE}[pretrain]\n{table}\n")
    with pytest.raises((ChoiceError, ConfigError, DataError), match=said):
        prepare(Recipe.load(home / "recipe.toml"))
