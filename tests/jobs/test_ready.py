import json

import pytest

from lichen.base.errors import ChoiceError, ConfigError, DataError
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion import EVERY
from lichen.jobs.ready import prepare
from lichen.jobs.recipe import Recipe
from lichen.jobs.recipe_run import compare_recipe, train_recipe
from lichen.lm.text_encoder import TextEncoder


def test_vectors_of_another_graph_and_wrong_keys_are_refused(home, toml):
    other = GraphEncoder("complex", Graph.from_triples([("a", "r", "b")]), dim=4)
    other.save(home / "nodes")
    text = toml.replace("dim = 16", 'folder = "nodes"')
    (home / "other.toml").write_text(text)
    with pytest.raises(ConfigError, match="holds those of other entities"):
        prepare(Recipe.load(home / "other.toml"))
    (home / "wrong.toml").write_text(toml.replace("fusion =", "fuson ="))
    with pytest.raises(ConfigError, match="Did you mean 'fusion'"):
        Recipe.load(home / "wrong.toml")


def test_texts_may_name_entities_of_the_graph_by_label(home, toml):
    rows = [json.loads(line) for line in (home / "texts.jsonl").read_text().splitlines()]
    found = [{"start": 0, "end": 3, "entity": "Redland"}]
    lines = [json.dumps({**row, "mentions": found}) for row in rows]
    (home / "texts.jsonl").write_text("\n".join(lines) + "\n")
    (home / "recipe.toml").write_text(toml.replace("epochs = 30", "epochs = 1"))
    ready = prepare(Recipe.load(home / "recipe.toml"))
    wanted = ready.graph.entities.id("Redland")
    assert {m.entity for doc in ready.corpus for m in doc.mentions} == {wanted}


@pytest.mark.usefixtures("never_trained")
@pytest.mark.parametrize("split", ["valid", "test"])
@pytest.mark.parametrize("job", [train_recipe, compare_recipe])
def test_a_label_of_another_split_alone_is_refused_before_anything_is_trained(home, split, job):
    with (home / "texts.jsonl").open("a") as file:
        for i in range(3):
            row = {"text": f"Fair {i} in Solby.", "label": "Greyland", "split": split}
            file.write(json.dumps(row) + "\n")
    with pytest.raises(DataError) as caught:
        job(Recipe.load(home / "recipe.toml"))
    assert str(caught.value) == (
        f"{home / 'texts.jsonl'}: label 'Greyland': must occur in the split 'train', or it cannot "
        f"be learnt; 3 documents of {split!r} have it and none of 'train'. Move "
        "some of them to 'train', or leave them out."
    )


@pytest.mark.usefixtures("never_trained")
def test_a_reporter_that_is_none_is_refused_before_anything_is_trained(home, toml):
    told = toml.replace("[train]", '[train]\nreport_to = "tensorbord"')
    (home / "recipe.toml").write_text(told)
    with pytest.raises(ChoiceError, match="Did you mean 'tensorboard'"):
        train_recipe(Recipe.load(home / "recipe.toml"))


def one_class(rows):
    return [{**row, "label": "Redland"} for row in rows]


def misnamed(rows):
    return [{**{k: x for k, x in row.items() if k != "label"}, "lable": "x"} for row in rows]


def unlinked(rows):
    return [{**row, "text": row["text"].rpartition(" ")[0]} for row in rows]


def of_nothing(rows):
    return [{**row, "mentions": [{"start": 0, "end": 3, "entity": None}]} for row in rows]


def of_another_graph(rows):
    found = [{"start": 0, "end": 3, "entity": 8}]
    return [{**row, "mentions": found} for row in rows]


@pytest.mark.usefixtures("never_trained")
@pytest.mark.parametrize("job", [train_recipe, compare_recipe])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (one_class, "must hold at least two classes"),
        (misnamed, r"must have a column or key 'label'; none of 20 .* other columns are: 'lable'"),
        (
            unlinked,
            "split 'train': at least .* of 0 mentions in 20 .* The linker was run and found",
        ),
        (of_nothing, "split 'train': at least .* of 20 mentions in 20 .* none is. Link the corpus"),
        (of_another_graph, "a mention's entity must be an id below 8, .* got 8"),
    ],
)
def test_texts_that_teach_nothing_are_refused_before_anything_is_trained(home, job, change, said):
    rows = [json.loads(line) for line in (home / "texts.jsonl").read_text().splitlines()]
    (home / "texts.jsonl").write_text("\n".join(map(json.dumps, change(rows))) + "\n")
    with pytest.raises(DataError, match=rf"texts\.jsonl.*{said}"):
        job(Recipe.load(home / "recipe.toml"))


@pytest.mark.usefixtures("never_trained")
@pytest.mark.parametrize(
    ("model", "said"),
    [
        ('task = "tag"\nhead = "token"', "key 'spans'; none .* Write JSON lines with them"),
        ('task = "choose"\ngroup = "question"', "documents must be labelled 'right' or one other"),
    ],
)
def test_a_task_that_the_texts_do_not_suit_is_refused_before_anything_is_trained(
    home, toml, model, said
):
    (home / "recipe.toml").write_text(toml.replace('head = "pooled"', model))
    with pytest.raises((ConfigError, DataError), match=said):
        train_recipe(Recipe.load(home / "recipe.toml"))


@pytest.mark.usefixtures("never_trained")
def test_processes_that_cannot_share_a_run_are_refused_before_anything_is_trained(home):
    recipe = Recipe.load(home / "recipe.toml")
    with pytest.raises(
        ConfigError, match=r"processes must divide train\.batch_size \(128\); got 3"
    ):
        train_recipe(recipe, processes=3)


def test_a_folder_of_another_run_is_refused_before_anything_is_trained(home, toml, request):
    told = toml.replace("epochs = 6", "epochs = 1").replace("epochs = 30", "epochs = 1")
    (home / "recipe.toml").write_text(told)
    train_recipe(Recipe.load(home / "recipe.toml"))
    (home / "recipe.toml").write_text(told + "seeds = [4, 5, 6]\n")
    prepare(Recipe.load(home / "recipe.toml"))
    request.getfixturevalue("never_trained")
    (home / "recipe.toml").write_text(told.replace("5e-3", "1e-3"))
    with pytest.raises(ConfigError, match=r"must be empty or hold this same run; .* config"):
        train_recipe(Recipe.load(home / "recipe.toml"))


def test_a_run_that_began_without_pretraining_is_refused_before_it(
    home, toml, pretraining, request
):
    told = toml.replace("epochs = 6", "epochs = 1").replace("epochs = 30", "epochs = 1")
    (home / "recipe.toml").write_text(told)
    train_recipe(Recipe.load(home / "recipe.toml"))
    request.getfixturevalue("never_trained")
    (home / "recipe.toml").write_text(told + pretraining)
    with pytest.raises(ConfigError) as caught:
        prepare(Recipe.load(home / "recipe.toml"))
    assert str(caught.value) == (
        f"out: {home / 'runs/a'} must be empty or hold this same run; it holds one that no "
        "[pretrain] came before, or the folder 'pretrain' in it was taken away. Give another out, "
        "or remove the folder."
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("learning_rate = 5e-3", "learning_rate = 1e-3", "runs/a must be .* with another config"),
        ("\nsteps = 3", "\nsteps = 4", "runs/a/pretrain must be .* with another config"),
    ],
)
def test_another_run_that_was_pretrained_is_refused_before_anything_is_trained(
    home, toml, pretraining, monkeypatch, old, new, said
):
    told = toml.replace("epochs = 6", "epochs = 1").replace("epochs = 30", "epochs = 1")
    (home / "recipe.toml").write_text(told + pretraining)
    run = train_recipe(Recipe.load(home / "recipe.toml"))
    assert train_recipe(Recipe.load(home / "recipe.toml")).metrics == run.metrics
    for place in ("jobs.ready.train", "jobs.recipe_run.train", "training.pretrain._fit"):
        monkeypatch.setattr(f"lichen.{place}", lambda *_, **__: pytest.fail("trained"))
    (home / "recipe.toml").write_text((told + pretraining).replace(old, new))
    with pytest.raises(ConfigError, match=said):
        train_recipe(Recipe.load(home / "recipe.toml"))


@pytest.mark.usefixtures("never_trained")
def test_a_comparison_without_test_texts_is_refused_before_anything_is_trained(home):
    texts = (home / "texts.jsonl").read_text().replace('"test"', '"held out"')
    (home / "texts.jsonl").write_text(texts)
    with pytest.raises(DataError, match=r"texts\.jsonl: split must be one of .* got 'test'"):
        compare_recipe(Recipe.load(home / "recipe.toml"))


def test_a_split_that_nothing_reads_is_told(home, caplog):
    texts = (home / "texts.jsonl").read_text().replace('"test"', '"held out"')
    (home / "texts.jsonl").write_text(texts)
    prepare(Recipe.load(home / "recipe.toml"))
    assert "texts.jsonl: split held out: nothing reads its 8 documents" in caplog.text


@pytest.mark.usefixtures("never_trained")
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
    home, toml, job, model, said
):
    start = toml[: toml.index("[model]")] + f'[model]\nfusion = "attention"\n{model}\n'
    (home / "recipe.toml").write_text(start + '[compare]\nfusions = ["gate"]\n')
    with pytest.raises((ChoiceError, ConfigError)) as caught:
        job(Recipe.load(home / "recipe.toml"))
    assert str(caught.value).startswith(said)


@pytest.mark.usefixtures("never_trained")
def test_a_fusion_that_does_not_suit_the_language_model_is_refused_before_anything_is_trained(
    home, toml, monkeypatch
):
    told = toml.replace('["add", "neighbours"]', '["add", "input"]')
    (home / "recipe.toml").write_text(told)
    text = TextEncoder.load()
    text.model.config.relative_attention_num_buckets = 32
    monkeypatch.setattr("lichen.jobs.ready.TextEncoder.load", lambda _name: text)
    with pytest.raises(ConfigError, match="fusion 'input' must be told where each token stands"):
        compare_recipe(Recipe.load(home / "recipe.toml"))


def test_where_no_fusion_is_named_those_that_cannot_run_are_left_out(
    home, toml, monkeypatch, caplog
):
    told = toml.replace('fusions = ["add", "neighbours"]\n', "").replace(
        "epochs = 30", "epochs = 1"
    )
    (home / "recipe.toml").write_text(told)
    text = TextEncoder.load()
    monkeypatch.setattr(text.model.config, "relative_attention_num_buckets", 32, raising=False)
    monkeypatch.setattr("lichen.jobs.ready.TextEncoder.load", lambda _name: text)
    ready = prepare(Recipe.load(home / "recipe.toml"), is_comparison=True)
    assert set(ready.fusions) == set(EVERY) - {"input"}
    assert "fusion 'input' is left out of the comparison: " in caplog.text


@pytest.mark.usefixtures("never_trained")
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
def test_a_wrong_table_pretrain_is_refused_before_anything_is_trained(home, toml, table, said):
    (home / "recipe.toml").write_text(f"{toml}[pretrain]\n{table}\n")
    with pytest.raises((ChoiceError, ConfigError, DataError), match=said):
        prepare(Recipe.load(home / "recipe.toml"))
