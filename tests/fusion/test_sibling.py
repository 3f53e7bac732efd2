import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError
from lichen.data.corpus import Sample
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel
from lichen.fusion.sibling import Siblings, require_siblings, sibling
from lichen.lm import text_encoder
from lichen.training.twins import untrained_twin

LABELS = Vocabulary(["no", "yes"])
KINDS = Vocabulary(["person"])


def make(text, nodes, **settings):
    return FusedModel(text, nodes, labels=LABELS, **settings)


def storages(model, part):
    module = getattr(model, part)
    return {x.data_ptr() for x in (*module.parameters(), *module.buffers())}


@pytest.mark.parametrize("settings", [{}, {"train_text": True}, {"lora": 2}], ids=str)
def test_a_sibling_has_the_very_same_weights_but_for_its_head(text, nodes, samples, settings):
    model = make(text, nodes, **settings)
    other = sibling(model, task="tag", labels=KINDS)
    for part in ("backbone", "nodes", "fusion"):
        assert storages(model, part) == storages(other, part)
        assert getattr(model, part) is getattr(other, part)
    assert other.text is model.text
    assert not storages(model, "head") & storages(other, "head")
    assert (other.config.task, other.config.head, other.labels.labels) == (
        "tag",
        "token",
        ("person",),
    )
    assert model.config.task == "classify"
    with torch.no_grad():
        for p in model.fusion.parameters():
            p.add_(0.5)
    batches = [m.batcher().collate(m.batcher().items(samples)) for m in (model, other)]
    states = [m.fused_states(batch) for m, batch in zip((model, other), batches, strict=True)]
    assert torch.equal(*states)


def test_a_head_is_of_the_models_kind_where_it_can_be(text, nodes):
    model = make(text, nodes, head="pooled")
    assert sibling(model, task="classify").config.head == "pooled"
    assert sibling(model, task="classify", head="pairs").config.head == "pairs"
    tag = sibling(model, task="tag")
    assert tag.config.head == "token"
    assert sibling(tag, task="classify").config.head == "pairs"


def test_a_sibling_may_be_of_any_task_and_of_no_graph(text, nodes, graph):
    model = make(text, nodes, graph=graph, fusion="neighbours")
    choose = sibling(model, task="choose", group="question", labels=LABELS)
    assert choose.config.group == "question"
    assert choose.graph is graph
    assert model.config.group is None
    assert sibling(choose, task="classify", labels=LABELS).config.group is None
    assert sibling(model, task="span", labels=Vocabulary(["answer"])).head is not None
    assert sibling(model, task="tag").head is None
    plain = FusedModel(text, None, fusion="none", labels=LABELS)
    require_siblings({"a": plain, "b": sibling(plain, task="tag")})


@pytest.mark.parametrize("settings", [{}, {"train_text": True}, {"lora": 2}], ids=str)
def test_a_sibling_saves_and_loads_alone(text, nodes, samples, tmp_path, settings):
    model = make(text, nodes, **settings)
    other = sibling(model, task="tag", labels=KINDS)
    with torch.no_grad():
        for x in other.parameters():
            if x.requires_grad:
                x.add_(torch.randn(x.shape) / 10)
    other.save_pretrained(tmp_path / "one")
    again = FusedModel.from_pretrained(tmp_path / "one", device="cpu")
    assert again.config.task == "tag"
    batch = other.batcher().collate(other.batcher().items(samples))
    with torch.no_grad():
        assert torch.allclose(again(**batch).logits, other(**batch).logits, atol=1e-6)
    assert again.predict(samples) == other.predict(samples)
    assert not storages(again, "fusion") & storages(model, "fusion")
    assert torch.equal(again.scale, model.scale)  # not what its own head would ask for


def test_the_mode_of_one_sibling_never_misleads_the_other(text, nodes, samples):
    model = make(text, nodes, train_text=True)
    other = sibling(model, task="classify", labels=LABELS)
    before = other.predict(samples)
    model.train()
    assert torch.equal(other.predict(samples), before)  # dropout would change it
    assert not other.head.training
    both = Siblings({"a": model, "b": other})
    assert not both.backbone.training
    both.train()
    assert all(m.training for m in (model, other, model.backbone, other.head, model.fusion))
    both.eval()
    assert not any(m.training for m in both.modules())


def test_merging_adapters_merges_those_of_all_siblings(text, nodes, samples, tmp_path, monkeypatch):
    monkeypatch.setattr(text_encoder, "has_fast_half", lambda _device: False)  # it would round
    model = make(text, nodes, lora=2)
    other = sibling(model, task="classify", labels=LABELS)
    plain = other.predict(samples)
    draw = torch.Generator().manual_seed(0)
    for name, x in model.backbone.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(x, std=0.2, generator=draw)
    before = other.predict(samples)
    assert (before - plain).abs().max() > 0.01
    model.merge()
    other.merge()  # there is nothing left to do
    assert (other.config.lora, other.config.train_text) == (0, True)
    assert torch.allclose(other.predict(samples), before, atol=1e-4)
    other.save_pretrained(tmp_path / "one")
    again = FusedModel.from_pretrained(tmp_path / "one", device="cpu")
    assert torch.allclose(again.predict(samples), before, atol=1e-4)


def test_twins_of_a_sibling_read_vectors_at_its_scale(text, nodes, graph):
    model = make(text, nodes, head="pairs", graph=graph)
    other = sibling(model, task="tag", labels=KINDS)
    for kind in ("fused", "shuffled"):
        made = untrained_twin(other, kind, 1)
        assert torch.allclose(made.scale, model.scale)
        assert torch.allclose(made.relation_scale, model.relation_scale)
    counts = untrained_twin(other, "count", 1)
    own = untrained_twin(make(text, nodes, head="pairs", graph=graph), "count", 1)
    assert torch.allclose(counts.scale, own.scale)


def test_names_of_shared_weights_come_once_by_their_part(text, nodes):
    model = make(text, nodes, lora=2)
    both = Siblings({"a": model, "b": sibling(model, task="tag", labels=KINDS)})
    named = [name for name, _ in both.named_parameters()]
    assert {n.split(".")[0] for n in named} == {"backbone", "nodes", "fusion", "models"}
    assert {n.split(".")[2] for n in named if n.startswith("models")} == {"head"}
    own = both.own_state()
    assert len({x.data_ptr() for x in own.values()}) == len(own)
    kept = {n for n in own if n.startswith("backbone.")}
    assert kept == {n for n in named if "lora_" in n}


def test_what_is_no_sibling_is_one_clear_line(text, nodes):
    model = make(text, nodes)
    with pytest.raises(ConfigError, match="'a' and 'b' must share their parts; each has its own"):
        require_siblings({"a": model, "b": make(text, nodes)})
    with pytest.raises(ConfigError, match="must be two models; they are the same"):
        require_siblings({"a": model, "b": model})
    with pytest.raises(ChoiceError, match="Did you mean 'classify'"):
        sibling(model, task="clasify")
    with pytest.raises(ChoiceError, match="head"):
        sibling(model, task="tag", head="pairs")
    with pytest.raises(ConfigError, match="group must name"):
        sibling(model, task="choose")
    with pytest.raises(ConfigError, match="at least 2 classes"):
        sibling(model, task="classify", labels=Vocabulary(["one"]))
    assert model.family is None


def test_classes_given_later_leave_the_head_out_of_training_mode(text, nodes):
    model = FusedModel(text, nodes)
    model.set_labels(LABELS)
    assert not model.head.training
    sample = Sample("0", "ada knows bob", (), None)
    assert torch.equal(model.predict([sample]), model.predict([sample]))
