import copy
import json

import pytest
import torch

from lichen.base.errors import ArtifactError, ChoiceError, ConfigError, DataError
from lichen.data.corpus import Corpus, Document
from lichen.data.vocabulary import Vocabulary
from lichen.fusion import FUSIONS
from lichen.fusion.known import look_up
from lichen.fusion.model import FusedModel
from lichen.fusion.operator import fusion_class
from lichen.fusion.parts import entity_hash
from lichen.lm import text_encoder
from lichen.lm.lora import is_lora

LABELS = Vocabulary(["no", "yes"])
POSITIONS = ("bert", "distilbert", "gpt2", "llama", "modernbert", "qwen3", "roberta")
"""Architectures that can be told where each token stands."""


def batch_of(model, samples):
    batcher = model.batcher()
    return batcher.collate(batcher.items(samples))


TRAINED = {"train_text": True}
POINTS = ["output", "input", 1, 3]


def works_at(fusion, at):
    kind = fusion_class(fusion)
    return not (kind.NEEDS_INSIDE and at in ("output", 3))


@pytest.mark.parametrize(
    ("fusion", "at"), [(f, a) for f in sorted(FUSIONS) for a in POINTS if works_at(f, a)]
)
def test_kept_states_and_whole_pass_are_the_same_model(
    any_text, nodes, graph, samples, fusion, at, monkeypatch
):
    monkeypatch.setattr(text_encoder, "has_fast_half", lambda _device: False)  # it would round
    if fusion == "input" and any_text.name not in POSITIONS:
        pytest.skip("this architecture takes no positions")
    model = FusedModel(any_text, nodes, graph=graph, fusion=fusion, labels=LABELS, at=at)
    batch = batch_of(model, samples)
    if fusion == "input":
        model.config.train_text = True
        batch = {**batch_of(model, samples), **batch}
        model.config.train_text = False
    mask = batch["attention_mask"].bool()
    kept = model.fused_states(batch)[mask]
    for key in {"states", "told_states", "moved"} & set(batch):
        del batch[key]
    assert torch.allclose(model.fused_states(batch)[mask], kept, atol=5e-3)


@pytest.mark.parametrize("at", ["output", 2])
def test_fusion_inside_equals_a_manual_computation(any_text, nodes, samples, at):
    model = FusedModel(any_text, nodes, fusion="gate", labels=LABELS, at=at, train_text=True)
    batch = batch_of(model, samples)
    batch.pop("labels")
    mask = batch["attention_mask"].bool()
    known = look_up(
        nodes,
        mention_of=batch["mention_of"],
        mask=mask,
        entities=batch["entities"],
        scales=(model.scale, model.relation_scale),
    )

    def hook(_module, _args, out):
        fused = model.fusion.read_in(out[0] if isinstance(out, tuple) else out, known)
        return (fused, *out[1:]) if isinstance(out, tuple) else fused

    inputs = {key: batch[key] for key in ("input_ids", "attention_mask")}
    if at == "output":
        states = model.fusion.read_in(any_text.model(**inputs).last_hidden_state, known)
    else:
        handle = any_text.layers[at - 1].register_forward_hook(hook)
        states = any_text.model(**inputs).last_hidden_state
        handle.remove()
    assert torch.allclose(model.fused_states(batch)[mask], states[mask], atol=2e-2)


@pytest.mark.parametrize(
    ("fusion", "at"), [(f, a) for f in sorted(FUSIONS) for a in POINTS if works_at(f, a)]
)
def test_adapters_change_nothing_until_they_are_trained(
    any_text, nodes, graph, samples, fusion, at
):
    if fusion == "input" and any_text.name not in POSITIONS:
        pytest.skip("this architecture takes no positions")
    parts = {"graph": graph, "fusion": fusion, "labels": LABELS, "at": at}
    whole, adapted = (FusedModel(any_text, nodes, **parts, **x) for x in (TRAINED, {"lora": 2}))
    batch = batch_of(adapted, samples)
    mask = batch["attention_mask"].bool()
    fused = adapted.fused_states(batch)
    assert torch.equal(fused[mask], whole.fused_states(batch)[mask])
    fused[mask].square().sum().backward()
    reached = {n for n, p in adapted.named_parameters() if p.grad is not None and p.grad.any()}
    assert all(is_lora(name) or name.startswith("fusion.") for name in reached)
    assert any(is_lora(name) for name in reached)


def adapted_model(text, nodes, graph, **more):
    model = FusedModel(text, nodes, graph=graph, labels=LABELS, lora=2, **more)
    for name, parameter in model.named_parameters():
        if "lora_B" in name or name == "head.outer.weight":
            torch.nn.init.normal_(parameter, std=0.1)
    return model


@pytest.mark.parametrize("fusion", sorted(FUSIONS))
def test_adapters_are_saved_apart_and_can_be_merged(
    any_text, nodes, graph, samples, fusion, tmp_path, monkeypatch
):
    monkeypatch.setattr(text_encoder, "has_fast_half", lambda _device: False)  # it would round
    if fusion == "input" and any_text.name not in POSITIONS:
        pytest.skip("this architecture takes no positions")
    model = adapted_model(any_text, nodes, graph, fusion=fusion)
    said = model.predict(samples)
    model.save_pretrained(tmp_path / "adapted")
    again = FusedModel.from_pretrained(tmp_path / "adapted", device="cpu")
    assert torch.equal(again.predict(samples), said)
    assert again.origin().text.fingerprint == any_text.fingerprint
    for _twice in range(2):
        again.merge()
    assert torch.allclose(again.predict(samples), said, atol=1e-4)
    assert not any(is_lora(name) for name in again.state_dict())
    assert all(p.requires_grad for p in again.backbone.parameters())
    again.save_pretrained(tmp_path / "merged")
    merged = FusedModel.from_pretrained(tmp_path / "merged", device="cpu")
    assert torch.equal(merged.predict(samples), again.predict(samples))
    for lost in (again, merged):
        with pytest.raises(ConfigError, match="before merging"):
            lost.origin()


def test_adapters_and_the_whole_are_not_trained_at_once(text, nodes):
    with pytest.raises(ConfigError, match=r"fusion\.lora must be 0 where train_text"):
        FusedModel(text, nodes, train_text=True, lora=4)
    with pytest.raises(ConfigError, match=r"fusion\.lora must be between 0 and"):
        FusedModel(text, nodes, lora=-1)


@pytest.mark.parametrize("head", ["pairs", "pooled", "matched"])
@pytest.mark.parametrize("fusion", sorted(FUSIONS))
def test_a_saved_model_is_exactly_the_same(text, nodes, graph, samples, fusion, head, tmp_path):
    model = FusedModel(text, nodes, graph=graph, fusion=fusion, labels=LABELS, seed=3, head=head)
    torch.nn.init.normal_(model.head.outer.weight)
    model.save_pretrained(tmp_path)
    again = FusedModel.from_pretrained(tmp_path, device="cpu")
    assert torch.equal(model.predict(samples), again.predict(samples))
    assert list(again.labels) == ["no", "yes"]
    assert again.config.settings() == model.config.settings()
    mine, theirs = model.state_dict(), again.state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    assert not list(tmp_path.rglob("*.bin"))


@pytest.mark.parametrize(
    "broken", ["model.safetensors", "nodes/model.safetensors", "text/model.safetensors"]
)
def test_a_cut_file_is_refused(text, nodes, tmp_path, broken):
    FusedModel(text, nodes, labels=LABELS).save_pretrained(tmp_path)
    path = tmp_path / broken
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ArtifactError):
        FusedModel.from_pretrained(tmp_path)


def test_another_language_model_in_the_folder_is_refused(text, nodes, tmp_path):
    FusedModel(text, nodes, labels=LABELS).save_pretrained(tmp_path)
    with torch.no_grad():
        next(text.model.parameters()).add_(1.0)
    text.save(tmp_path / "text")
    with pytest.raises(ArtifactError, match="must hold the language model"):
        FusedModel.from_pretrained(tmp_path)


def test_an_unfinished_folder_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"lichen\.json"):
        FusedModel.from_pretrained(tmp_path)
    (tmp_path / "lichen.json").write_text(json.dumps({"format": 99, "kind": "x", "sha256": {}}))
    with pytest.raises(ArtifactError, match="format"):
        FusedModel.from_pretrained(tmp_path)


def test_seeds_decide_the_start_and_leave_the_global_state_alone(text, nodes):
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    one, two, other = (FusedModel(text, nodes, labels=LABELS, seed=s) for s in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(one.head.inner.weight, two.head.inner.weight)
    assert not torch.equal(one.head.inner.weight, other.head.inner.weight)


def test_only_what_is_asked_for_is_trained(text, nodes):
    model = FusedModel(text, nodes, labels=LABELS)
    trained = {name.split(".")[0] for name, p in model.named_parameters() if p.requires_grad}
    assert trained == {"fusion", "head"}
    model.train()
    assert not model.backbone.training
    both = FusedModel(text, nodes, labels=LABELS, train_text=True, train_nodes=True)
    assert both.backbone is not text.model
    both.train()
    assert both.backbone.training
    assert all(p.requires_grad for p in both.nodes.parameters())


def test_reading_back_recovers_the_entities(text, nodes, samples):
    model = FusedModel(text, nodes, labels=LABELS)
    batcher = model.batcher()
    many = samples * 8
    model.align(batcher.items(many), collate=batcher.collate)
    batch = batcher.collate(batcher.items(samples[:1]))
    states = model.fused_states(batch)
    found = model.head.read_back(states[0, [1, 3]])
    assert torch.allclose(found, nodes.vectors([0, 1]), atol=0.02)


@pytest.mark.parametrize("fusion", ["none", "input"])
def test_where_no_vectors_are_written_none_are_read_back(text, nodes, graph, samples, fusion):
    model = FusedModel(text, nodes, graph=graph, fusion=fusion, labels=LABELS)
    before = copy.deepcopy(model.head.read_back.state_dict())
    batcher = model.batcher()
    model.align(batcher.items(samples * 8), collate=batcher.collate)
    for name, tensor in model.head.read_back.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_misuse_is_one_clear_line(text, nodes, samples):
    with pytest.raises(ConfigError, match="hidden layer from 1 to 3; got 4"):
        FusedModel(text, nodes, at=4)
    with pytest.raises(ConfigError, match="hidden layer before the last"):
        FusedModel(text, nodes, fusion="entity_tokens", at="output")
    with pytest.raises(ConfigError, match="graph must be given for fusion 'neighbours'"):
        FusedModel(text, nodes, fusion="neighbours")
    with pytest.raises(ConfigError, match=r"graph must be a Graph; got 'facts\.tsv'\. Read one"):
        FusedModel(text, nodes, graph="facts.tsv")
    with pytest.raises(ChoiceError, match=r"a setting of FusedModel .* Did you mean 'mentions'"):
        FusedModel(text, nodes, mentoins=2)
    with pytest.raises(ChoiceError, match="Did you mean 'train_text'"):
        FusedModel(text, nodes, train_txt=True)
    with pytest.raises(ConfigError, match="nodes must be a GraphEncoder"):
        FusedModel(text, None, fusion="gate")
    with pytest.raises(ConfigError, match=r"train_text must be true or false; got 'yes'"):
        FusedModel(text, nodes, train_text="yes")
    with pytest.raises(ConfigError, match=r"train_nodes must be true or false; got 1"):
        FusedModel(text, nodes, train_nodes=1)
    with pytest.raises(ConfigError, match="at least 2 classes"):
        FusedModel(text, nodes, labels=Vocabulary(["one"]))
    model = FusedModel(text, nodes)
    with pytest.raises(ConfigError, match="labels must be known"):
        model(**batch_of(model, samples))
    assert FusedModel(text, None, fusion="none", labels=LABELS).predict(samples).shape == (4, 2)
    assert FusedModel(text, nodes, labels=LABELS, mentions=1).predict(samples).shape == (4, 2)


def test_documents_are_predicted_as_samples_are(text, nodes, samples):
    model = FusedModel(text, nodes, labels=LABELS)
    documents = tuple(Document(id=s.id, text=s.text, mentions=s.mentions) for s in samples)
    for given in (Corpus(documents), list(documents)):
        assert torch.equal(model.predict(given), model.predict(samples))
    with pytest.raises(DataError, match=r"samples\[0\]: must be a Sample or a Document; got str"):
        model.predict(["ada knows bob"])


def test_the_entity_hash_knows_order():
    one, two = Vocabulary(["a", "bc"]), Vocabulary(["ab", "c"])
    assert entity_hash(one) != entity_hash(two)
    assert entity_hash(one) == entity_hash(Vocabulary(["a", "bc"]))


@pytest.mark.parametrize("settings", [{}, {"train_text": True}, {"lora": 2}], ids=str)
@pytest.mark.parametrize("fusion", ["none", "gate", "neighbours", "interaction", "input"])
def test_a_backbone_without_a_list_of_layers_is_read_at_its_output(
    shared_layers, nodes, graph, samples, tmp_path, fusion, settings
):
    labels = Vocabulary(["no", "yes"])
    model = FusedModel(
        shared_layers, nodes, graph=graph, fusion=fusion, labels=labels, head="pooled", **settings
    )
    assert model.config.at == ("input" if fusion == "input" else "output")
    batcher = model.batcher()
    loss = model.train()(**batcher.collate(batcher.items(samples))).loss
    loss.backward()
    moved = [p.grad for p in model.backbone.parameters() if p.grad is not None]
    assert bool(moved) is bool(settings)
    found = model.predict(samples)
    model.save_pretrained(tmp_path)
    again = FusedModel.from_pretrained(tmp_path, device="cpu")
    assert torch.allclose(again.predict(samples), found, atol=1e-3)


@pytest.mark.parametrize(
    ("fusion", "at"), [("gate", 1), ("gate", "input"), ("entity_tokens", None)]
)
def test_inside_such_a_backbone_nothing_is_read(shared_layers, nodes, graph, fusion, at):
    with pytest.raises(ConfigError, match=r"AlbertModel does not\. Take at='output' and a fusion"):
        FusedModel(shared_layers, nodes, graph=graph, fusion=fusion, at=at)
