import pytest

from lichen.base.errors import ChoiceError, ConfigError
from lichen.training.objectives.mask import WordHead
from lichen.training.objectives.weighed import make_objectives, require_objectives


@pytest.fixture
def weighed(text, corpus, graph):
    weights = {"mask": 1.0, "fact": 0.25, "triple": 0.5}
    return make_objectives(text, corpus, graph, weights=weights, head=None, max_tokens=16)


def test_the_loss_is_the_weighed_sum(weighed):
    batches = weighed.draw(2, size=3, seed=0)
    total = float(weighed.eval().loss(batches).detach())
    found = weighed.figures()
    each = (weight * found[f"loss_{name}"] for name, weight in weighed.weights.items())
    assert total == pytest.approx(sum(each), rel=1e-5)
    assert weighed.figures() == {}


def test_some_may_be_asked_alone(weighed):
    assert list(weighed.draw(0, size=2, seed=0, names=["mask"])) == ["mask"]


def test_what_tells_words_shares_one_head(weighed):
    assert weighed["fact"].head is weighed["mask"].head is weighed.word_head
    names = [name for name, _ in weighed.named_parameters()]
    assert not [name for name in names if name.startswith("fact.head")]


def test_without_masked_words_there_is_no_common_head(text, corpus, graph):
    made = make_objectives(text, corpus, graph, weights={"triple": 1.0}, head=None, max_tokens=16)
    assert made.word_head is None


def test_weights_that_no_run_could_be_made_of_are_refused(text):
    with pytest.raises(ConfigError, match="objectives must name at least one objective"):
        require_objectives({}, None)
    with pytest.raises(ChoiceError, match="mask"):
        require_objectives({"maks": 1.0}, None)
    with pytest.raises(ConfigError, match="mask"):
        require_objectives({"mask": 0.0}, None)
    with pytest.raises(ConfigError, match="head must be None without the objective 'mask'"):
        require_objectives({"fact": 1.0}, WordHead(text))
