"""Encoders work on a card: nothing on the CPU meets their vectors, no stream of it draws there.

Where there is no card, `Card` stands for one: its tensors hold their numbers, say that they are on
another device, and refuse what a card refuses. So whole runs are made, not only parts of them.
"""

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map_only

from lichen.data.graph import Graph
from lichen.data.splits import divide
from lichen.embedding import SCORERS
from lichen.embedding.calibrate import calibrate
from lichen.embedding.classify import triple_classification
from lichen.embedding.complete import complete, nearest
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.described import DescribedEncoder
from lichen.embedding.distil import DistilConfig, distil_embedding
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import evaluate
from lichen.embedding.gnn.encoder import GraphNetwork
from lichen.embedding.path.config import PathConfig
from lichen.embedding.path.model import PathModel
from lichen.embedding.path.strongest import strongest_paths
from lichen.embedding.path.train import train_paths
from lichen.embedding.prior import fit_prior
from lichen.embedding.sampled import evaluate_sampled
from lichen.embedding.trainer import train_embedding

HAS_CARD = torch.cuda.is_available()
PLACE = torch.device("cuda" if HAS_CARD else "meta")  # autograd runs on meta without a card
ATEN = torch.ops.aten
BY_IDS = (ATEN.index.Tensor, ATEN.index_put.default, ATEN.index_put_.default)
"""These take ids on the CPU for numbers on a card."""
DIM, SIDE = 6, 5
WAYS = {"east": (1, 0), "west": (-1, 0), "south": (0, 1), "north": (0, -1)}
CASES = [(name, {}) for name in SCORERS]
CASES += [("transe", {"norm": 2}), ("transe", {"norm": 2, "squared": True})]
CASES += [("rotate", {"distance": "euclidean"}), ("distmult", {"reciprocal": False})]


class OnCard(torch.Tensor):
    """A tensor that says it is on a card; its numbers are in memory."""

    __torch_function__ = torch._C._disabled_torch_function_impl
    is_meta = False

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=PLACE,
        )

    def __init__(self, held):
        self.held = held

    def __repr__(self):
        return f"OnCard({self.held!r})"

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return run(function, args, kwargs or {})

    # torch refuses these of every subclass before it asks the subclass
    def numpy(self, *, force=False):
        if not force:
            raise TypeError("numbers on a card must be copied before numpy can read them")
        return self.held.detach().numpy()

    def tolist(self):
        return self.held.tolist()

    # these would make tensors of `PLACE` that hold nothing
    def new_tensor(self, data):
        return OnCard(torch.tensor(data, dtype=self.dtype))

    def __getitem__(self, key):
        rows = torch.tensor(key, dtype=torch.int64) if isinstance(key, list) else key
        return super().__getitem__(rows)


class Card(TorchDispatchMode):
    """Inside, what is made on or sent to `PLACE` is `OnCard`."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return run(function, args, kwargs or {})


def run(function, args, kwargs):
    """Run an operation on the held numbers, when a card would take it."""
    tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    has_card = any(isinstance(x, OnCard) for x in tensors)
    place = kwargs.get("device")
    if any(x.is_meta for x in tensors):
        raise RuntimeError(f"{function}: torch.tensor(..., device=...) escapes; use .to(device)")
    is_card = has_card if place is None else torch.device(place) == PLACE
    if function is ATEN.copy_.default:
        is_card = isinstance(args[0], OnCard)
    elif has_card and function is not ATEN._to_copy.default:
        free = tree_leaves(args[1]) if function in BY_IDS else []
        for x in tensors:
            is_free = x.dim() == 0 or any(x is y for y in free)
            if not (isinstance(x, OnCard) or is_free):
                raise RuntimeError(f"{function}: numbers on the card met numbers on the CPU")
    if is_card and kwargs.get("generator") is not None:
        raise RuntimeError(f"{function}: a stream of the CPU was to draw on the card")
    held = tree_map_only(OnCard, lambda x: x.held, (args, kwargs))
    if place is not None:
        held[1]["device"] = torch.device("cpu")
    found = function(*held[0], **held[1])
    if not is_card:
        return found
    found = tree_map_only(torch.Tensor, OnCard, found)
    return return_and_correct_aliasing(function, args, kwargs, found)


@pytest.fixture(autouse=True)
def _card():
    with nullcontext() if HAS_CARD else Card():
        yield


@pytest.fixture(scope="module")
def board():
    """Steps between the fields of a board without edges, in three splits."""
    facts = [
        (f"{x},{y}", way, f"{(x + dx) % SIDE},{(y + dy) % SIDE}")
        for x in range(SIDE)
        for y in range(SIDE)
        for way, (dx, dy) in WAYS.items()
    ]
    return divide(Graph.from_triples(facts), valid=0.1, test=0.1, seed=0)


def config(**changes):
    return EmbeddingConfig(epochs=2, batch_size=32, valid_every=1, **{"n3": 0.01, **changes})


def told(graph):
    return np.random.default_rng(0).normal(size=(graph.num_entities, 3)).astype(np.float32)


def made(kind, graph, **settings):
    shape = {"dim": DIM, "seed": 1, **settings}
    if kind == "table":
        return GraphEncoder("complex", graph, **shape)
    if kind == "described":
        return DescribedEncoder("complex", graph, features=told(graph), **shape)
    pytest.importorskip("torch_geometric")
    return GraphNetwork("complex", graph, layers=kind, features=told(graph), **shape)


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5)


def test_a_card_refuses_numbers_on_the_cpu():
    here, there = torch.ones(3), torch.ones(3).to(PLACE)
    assert there.device.type == PLACE.type
    with pytest.raises(RuntimeError):
        there + here
    with pytest.raises(RuntimeError):
        there.index_select(0, torch.tensor([0]))
    with pytest.raises(RuntimeError):
        torch.mul(there, there, out=here)
    with pytest.raises(RuntimeError):
        torch.rand(3, generator=torch.Generator(), device=PLACE)
    with pytest.raises(TypeError):
        there.numpy()
    assert (there[torch.tensor([0, 1])] + 1).cpu().tolist() == [2, 2]


@pytest.mark.parametrize(("scorer", "settings"), CASES)
def test_every_scorer_trains_and_ranks_as_on_the_cpu(board, scorer, settings):
    here, there = (GraphEncoder(scorer, board, dim=DIM, **settings) for _ in range(2))
    there.to(PLACE)
    if scorer != "conve":  # its dropout draws on the device
        found = [train_embedding(x, board, config=config(candidates="all")) for x in (here, there)]
        close(found[1].losses, found[0].losses)
        there.load_state_dict(here.state_dict())
    h, r, t = board.split("test").T.copy()
    for x in ("score_tails", "score_heads", "score_relations"):
        ids = {"score_tails": (h, r), "score_heads": (r, t), "score_relations": (h, t)}[x]
        close(getattr(there, x)(*ids).numpy(force=True), getattr(here, x)(*ids).numpy(force=True))
    close(there.score(h, r, t).numpy(force=True), here.score(h, r, t).numpy(force=True))
    asked = (h, np.full(len(h), r[0]))
    scores = torch.empty(len(h), board.num_entities, device=PLACE)
    close(there.score_directed(*asked, out=scores).cpu(), here.score_directed(*asked))
    known, wanted = (evaluate(x, board).both.mrr for x in (there, here))
    assert known == pytest.approx(wanted, abs=0.02)


STEPS = [
    {"candidates": "all", "hide_known": False, "relation_weight": 0.1, "dropout": 0.1},
    {"candidates": "all", "loss": "binary", "optimiser": "adam", "n3": 0.0, "l2": 0.1},
    {"candidates": "all", "hide_known": False, "dura": 0.05, "precision": "bfloat16"},
    {"candidates": "pool", "negatives": 8, "optimiser": "rowwise_adagrad"},
    {"candidates": "pool", "negatives": 8, "hide_known": False, "max_norm": 1.0},
    {"candidates": "sampled", "negatives": 8, "dura": 0.05, "relation_weight": 0.1},
    {"candidates": "sampled", "negatives": 1, "loss": "margin", "optimiser": "adam"},
    {"candidates": "sampled", "negatives": 8, "loss": "self_adversarial", "hide_known": False},
]


@pytest.mark.parametrize("changes", STEPS, ids=str)
def test_every_step_moves_what_it_moves_on_the_cpu(board, changes):
    here, there = (GraphEncoder("complex", board, dim=DIM) for _ in range(2))
    there.to(PLACE)
    for encoder in (here, there):
        train_embedding(encoder, board, config=config(**changes))
    close(there.vectors().detach().cpu(), here.vectors().detach())
    close(there.relation_table.detach().cpu(), here.relation_table.detach())


def test_a_run_on_the_card_goes_on_from_its_checkpoint(board, tmp_path):
    whole, cut = (GraphEncoder("tucker", board, dim=DIM).to(PLACE) for _ in range(2))
    changes = config(candidates="all", optimiser="adam")
    train_embedding(whole, board, config=changes)
    kept = tmp_path / "run"

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_embedding(cut, board, config=changes, checkpoint=kept, on_look=stop)
    train_embedding(cut, board, config=changes, checkpoint=kept)
    close(cut.vectors().detach().cpu(), whole.vectors().detach().cpu())


@pytest.mark.parametrize("kind", ["table", "described", "gcn", "rgcn"])
def test_every_encoder_does_all_its_work(board, tmp_path, kind):
    encoder = made(kind, board).to(PLACE)
    train_embedding(encoder, board, config=config(candidates="all", learning_rate=0.01))
    assert evaluate_sampled(encoder, board).mrr.value > 0
    assert evaluate_sampled(encoder, board, num_candidates=9).mrr.value > 0
    assert triple_classification(encoder, board).accuracy > 0
    calibrator = calibrate(encoder, board)
    prior = fit_prior(encoder, board)
    ids = torch.tensor([0, 3]).to(PLACE)
    assert prior.score_directed(ids, ids * 0).shape == (2, board.num_entities)
    for ranker in (encoder, prior):
        for asked in (("0,0", "east", None), (None, "east", "0,0"), ("0,0", None, "1,0")):
            found = complete(ranker, *asked, graph=board, known="show", calibrator=calibrator)
            assert 0 <= found[0].probability <= 1
    assert len(nearest(encoder, "0,0", top=3)) == 3
    facts, texts = [("new", "east", "0,0"), ("1,1", "north", "new")], {}
    if kind != "table":
        texts = {"new": torch.from_numpy(told(board)[0]), "told": told(board)[1]}
    grown = encoder.with_entities(facts, texts=texts)
    assert grown.vectors().device.type == PLACE.type
    assert complete(grown, "new", "east", None, known="show")[0].score
    again = GraphEncoder.load(grown.save(tmp_path / "grown"))
    close(again.vectors().detach(), grown.vectors().detach().cpu())


def test_features_may_come_from_the_card(board):
    features = torch.from_numpy(told(board))
    encoders = [
        DescribedEncoder("complex", board, features=x, dim=DIM)
        for x in (features, features.to(PLACE))
    ]
    close(*(x.vectors().detach() for x in encoders))


def test_a_student_learns_on_the_card(board):
    for candidates in (8, 2048):
        teacher, student = (made("table", board, dim=dim).to(PLACE) for dim in (8, 4))
        settings = DistilConfig(epochs=1, valid_every=1, candidates=candidates)
        assert len(distil_embedding(teacher, student, board, config=settings)) == 1


def test_a_path_model_ranks_and_explains_on_the_card(board):
    here, there = (PathModel(board, dim=DIM, num_layers=2, seed=1) for _ in range(2))
    there.to(PLACE)
    found = [evaluate(x, board).both.mrr for x in (there, here)]
    assert found[0] == pytest.approx(found[1], abs=0.02)
    paths = [strongest_paths(x, 0, 0, 1) for x in (there, here)]
    assert [x.steps for x in paths[0]] == [x.steps for x in paths[1]]
    close([x.weight for x in paths[0]], [x.weight for x in paths[1]])


def test_a_path_model_trains_on_the_card(board):
    here, there = (PathModel(board, dim=DIM, num_layers=2, seed=1) for _ in range(2))
    settings = PathConfig(epochs=2, batch_size=16)
    losses = [train_paths(x, board, config=settings).losses for x in (here, there.to(PLACE))]
    close(losses[1], losses[0])
