"""Graph networks: every layer under scorers, samples, new entities, features, saving."""

import numpy as np
import pytest
import torch

from lichen.base.errors import ChoiceError, ConfigError, DataError, ShapeError
from lichen.data.graph import Graph
from lichen.embedding import SCORERS
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.evaluate import evaluate
from lichen.embedding.gnn import LAYERS
from lichen.embedding.gnn.encoder import GraphNetwork
from lichen.embedding.trainer import train_embedding

pytest.importorskip("torch_geometric")
CLUBS, MEMBERS, DIM = 3, 9, 8
EVERY = [(layer, scorer) for layer in LAYERS for scorer in SCORERS]


@pytest.fixture(scope="module")
def graph():
    draw = np.random.default_rng(0)
    facts = []
    for club in range(CLUBS):
        for i in range(MEMBERS):
            facts.append((f"p{club}.{i}", "in", f"club{club}"))
            others = [j for j in draw.choice(MEMBERS, 4, replace=False) if j != i]
            facts += [(f"p{club}.{i}", "likes", f"p{club}.{j}") for j in others]
    test = [facts.pop(k) for k in (60, 40, 20)]
    return Graph.from_triples(facts, splits={"test": test})


def club_of(graph, entity):
    label = graph.entities[entity]
    return label[len("club")] if label.startswith("club") else label[1]


@pytest.mark.parametrize(("layer", "scorer"), EVERY)
def test_some_vectors_equal_those_of_all(graph, layer, scorer):
    encoder = GraphNetwork(scorer, graph, layers=layer, dim=DIM, fan_out=(2, 2)).eval()
    ids = np.array([[5, 2], [5, 11]])
    whole = encoder.vectors()
    assert whole.shape == (graph.num_entities, encoder.entity_dim)
    assert not encoder.is_table
    torch.testing.assert_close(encoder.vectors(ids), whole[torch.tensor(ids)])
    torch.testing.assert_close(encoder(ids[0]), whole[torch.tensor(ids[0])])
    scores = encoder.score_directed([4, 5], [0, 0])
    torch.testing.assert_close(scores, encoder.score_tails([4, 5], [0, 0]).detach())


@pytest.mark.parametrize(
    ("layer", "scorer", "candidates"),
    [(*pair, "all") for pair in EVERY] + [(layer, "distmult", "sampled") for layer in LAYERS],
)
def test_training_moves_every_weight_and_lowers_the_loss(graph, layer, scorer, candidates):
    encoder = GraphNetwork(scorer, graph, layers=layer, dim=DIM, fan_out=(3, 2))
    before = {name: x.detach().clone() for name, x in encoder.named_parameters()}
    config = EmbeddingConfig(
        epochs=4, learning_rate=0.02, batch_size=64, candidates=candidates, negatives=12
    )
    report = train_embedding(encoder, graph, config=config)
    assert report.losses[-1] < report.losses[0]
    still = [k for k, x in encoder.named_parameters() if torch.equal(x, before[k])]
    assert [name for name in still if encoder.get_parameter(name).numel()] == []


@pytest.mark.parametrize("layer", LAYERS)
def test_an_unseen_entity_is_placed_in_its_community(graph, layer):
    encoder = GraphNetwork("distmult", graph, layers=layer, dim=DIM, seed=1)
    config = EmbeddingConfig(epochs=25, learning_rate=0.02, candidates="all", batch_size=64)
    train_embedding(encoder, graph, config=config)
    likes = graph.relations.id("likes")
    for club in range(CLUBS):
        friends = [[likes, graph.entities.id(f"p{club}.{i}")] for i in (0, 3, 5)]
        new = encoder.encode_unseen(as_head=friends)
        near = torch.cosine_similarity(encoder.vectors(), new[None]).topk(6).indices
        assert sum(club_of(graph, int(i)) == str(club) for i in near) >= 5


@pytest.mark.parametrize("layer", LAYERS)
def test_an_unseen_entity_equals_an_entity_of_the_grown_graph(graph, layer):
    features = np.random.default_rng(2).normal(size=(graph.num_entities, 3))
    text = np.array([0.3, -1.0, 2.0])
    encoder = GraphNetwork("distmult", graph, layers=layer, dim=DIM, features=features).eval()
    labels = graph.entities.labels
    facts = [
        (labels[h], graph.relations[r], labels[t]) for h, r, t in graph.split("train").tolist()
    ]
    added = [("new", "likes", labels[3]), (labels[8], "likes", "new"), ("new", "in", "club1")]
    alone = [(x, "in", x) for x in labels if not any(x in (h, t) for h, _, t in facts)]
    assert alone == []
    grown = Graph.from_triples([*facts, *added])
    order = torch.from_numpy(graph.entities.ids(grown.entities.labels[:-1]))
    near = [3, graph.entities.id("club1"), 8]
    other = GraphNetwork(
        "distmult",
        grown,
        layers=layer,
        dim=DIM,
        features=np.concatenate([features[order.numpy()], text[None]]),
    ).eval()
    state = encoder.state_dict()
    mean = encoder.entity_table[near].mean(0, keepdim=True)
    state["entity_table"] = torch.cat([encoder.entity_table[order], mean])
    state["features"], state["facts"] = other.features, other.facts
    other.load_state_dict(state)
    likes, member = graph.relations.id("likes"), graph.relations.id("in")
    found = encoder.encode_unseen(
        as_head=[[likes, 3], [member, near[1]]], as_tail=[[8, likes]], text=text
    )
    expected = other.vectors([grown.entities.id("new")])[0]
    torch.testing.assert_close(found, expected.detach(), rtol=1e-4, atol=1e-6)


def test_new_entities_with_facts_become_part_of_the_graph(graph):
    features = np.random.default_rng(2).normal(size=(graph.num_entities, 3))
    encoder = GraphNetwork("distmult", graph, layers="rgcn", dim=DIM, features=features).eval()
    likes, label = graph.relations.id("likes"), graph.entities[3]
    alone = encoder.with_entities([("new", "likes", label)])
    assert alone.entities[graph.num_entities] == "new"
    torch.testing.assert_close(
        alone.vectors()[-1], encoder.encode_unseen(as_head=[[likes, 3]]), rtol=1e-4, atol=1e-6
    )
    told = encoder.with_entities([("new", "likes", label)], texts={"new": np.ones(3)})
    assert told.features[-1].tolist() == [1.0, 1.0, 1.0]
    assert torch.equal(told.entity_table[-1], encoder.entity_table[3])
    lone = encoder.with_entities(texts={"new": np.ones(3)})
    assert lone.entity_table[-1].tolist() == [0.0] * DIM
    two = encoder.with_entities(
        [("new", "likes", label), ("new", "likes", "newer"), (label, "likes", "newer")]
    )
    assert two.num_entities == graph.num_entities + 2
    assert len(two.facts) == len(encoder.facts) + 3
    with pytest.raises(DataError, match="'b' must have a fact with an entity that was trained"):
        encoder.with_entities([("b", "likes", "c")])
    with pytest.raises(DataError, match="relation must be one of"):
        encoder.with_entities([("b", "adores", label)])
    with pytest.raises(ShapeError, match=r"text of 'b' must be a vector of shape \(3,\)"):
        encoder.with_entities(texts={"b": [1.0]})


def test_text_alone_or_facts_alone_place_an_unseen_entity(graph):
    features = np.random.default_rng(2).normal(size=(graph.num_entities, 3))
    encoder = GraphNetwork("transe", graph, layers="sage", dim=DIM, features=features)
    by_text = encoder.encode_unseen(text=np.ones(3))
    assert by_text.norm() > 0
    assert encoder.encode_unseen(as_tail=[[0, 1]]).norm() > 0
    assert not torch.equal(by_text, encoder.encode_unseen(text=-np.ones(3)))


@pytest.mark.parametrize("layer", [x for x in LAYERS if x != "gat"])  # whose weights compete
def test_what_is_drawn_gives_on_average_what_all_edges_give(layer):
    friends = [("hub", f"r{i % 4}", f"p{i}") for i in range(40)]
    rare = [("hub", "rare", "p0"), ("p1", "rare", "p2")]
    whole = Graph.from_triples([*friends, *rare])
    encoder = GraphNetwork("distmult", whole, layers=layer, dim=8, fan_out=(5,))
    if layer == "gin":
        encoder.layers[0].layer.nn = torch.nn.Identity()  # past which no mean passes
    hub = [whole.entities.id("hub")]
    with torch.no_grad():
        expected = encoder.eval().vectors(hub)
        encoder.train()
        drawn = torch.stack([encoder.vectors(hub) for _ in range(3000)])
    error = drawn.std(0) / len(drawn) ** 0.5
    assert ((drawn.mean(0) - expected).abs() < 5 * error + 1e-6).all()
    assert (drawn.std(0) > 0).any()


def test_the_stream_of_samples_follows_the_seed(graph):
    def drawn(seed):
        encoder = GraphNetwork("distmult", graph, layers="gcn", dim=DIM, fan_out=(1, 1), seed=seed)
        encoder.train()
        return torch.stack([encoder.vectors([1, 2, 3]) for _ in range(3)]).detach()

    first, again, other = drawn(0), drawn(0), drawn(1)
    assert torch.equal(first, again)
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first, other)


def test_vectors_are_kept_between_questions_until_a_weight_changes(graph):
    encoder = GraphNetwork("distmult", graph, layers="gcn", dim=DIM).eval()
    with torch.no_grad():
        first = encoder.vectors()
        assert encoder.vectors() is first
        encoder.entity_table.mul_(2)
        assert not torch.equal(encoder.vectors(), first)
    assert encoder.vectors().requires_grad


def test_the_test_split_is_not_read_and_can_be_ranked(graph):
    encoder = GraphNetwork("distmult", graph, layers="rgcn", dim=DIM).eval()
    assert len(encoder.facts) == len(graph.split("train"))
    assert evaluate(encoder, graph).both.num_queries == 6


def test_saved_and_loaded_vectors_are_equal(graph, tmp_path):
    features = np.random.default_rng(2).normal(size=(graph.num_entities, 3))
    encoder = GraphNetwork(
        "rotate", graph, layers="gat", dim=DIM, features=features, fan_out=(None, 4), seed=3
    )
    loaded = GraphNetwork.load(encoder.eval().save(tmp_path))
    assert torch.equal(loaded.vectors(), encoder.vectors())
    assert (loaded.layer_name, loaded.fan_out) == ("gat", (None, 4))
    assert loaded.entities == graph.entities
    torch.testing.assert_close(loaded.vectors([4]), loaded.vectors()[[4]])


def test_wrong_settings_say_what_to_do(graph):
    with pytest.raises(ChoiceError, match="Did you mean 'gcn'"):
        GraphNetwork("distmult", graph, layers="gcm")
    with pytest.raises(ConfigError, match="fan_out entries must be between 1"):
        GraphNetwork("distmult", graph, fan_out=())
    with pytest.raises(ConfigError, match=r"^fan_out must be between 1 and 1000000; got 0\.$"):
        GraphNetwork("distmult", graph, fan_out=(None, 0))
    with pytest.raises(ConfigError, match=r"^fan_out must be a whole number .*; got 2\.5\.$"):
        GraphNetwork("distmult", graph, fan_out=(2.5,))
    with pytest.raises(ConfigError, match=r"^fan_out must be of type Sequence; got int\. Give one"):
        GraphNetwork("distmult", graph, fan_out=5)
    with pytest.raises(ConfigError, match=r"^dim must be between 1 and 1000000; got 0\.$"):
        GraphNetwork("distmult", graph, dim=0)
    with pytest.raises(ConfigError, match="learned must be True"):
        GraphNetwork("distmult", graph, learned=False)
    encoder = GraphNetwork("distmult", graph, dim=DIM)
    with pytest.raises(DataError, match="as_head must hold ids below"):
        encoder.encode_unseen(as_head=[[0, 10_000]])
    with pytest.raises(ShapeError, match="as_tail must have shape"):
        encoder.encode_unseen(as_tail=[0, 1])
    only_test = Graph(
        entities=graph.entities,
        relations=graph.relations,
        triples=graph.triples,
        splits={"test": [0]},
    )
    with pytest.raises(ConfigError, match="must have a train split"):
        GraphNetwork("distmult", only_test)


@pytest.mark.parametrize("layer", LAYERS)
def test_a_graph_without_train_facts_is_told(graph, layer):
    no_train = {"train": [], "test": range(3)}
    empty = Graph(
        entities=graph.entities, relations=graph.relations, triples=graph.triples, splits=no_train
    )
    for told in (Graph.from_triples([]), empty):
        with pytest.raises(DataError, match=r"^graph must have at least one train fact for the la"):
            GraphNetwork("distmult", told, layers=layer, dim=DIM)
