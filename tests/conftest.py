"""What all tests share: no network, a cache folder of their own, a small world, benchmark data."""

from __future__ import annotations

import gc
import os
import signal
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from lichen.data.builder import GraphBuilder
from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.data.graph import Graph

LOCAL = ("127.0.0.1", "::1", "localhost")
NEIGHBOURS = {
    "Austria": ("Germany", "Italy", "Hungary"),
    "Germany": ("France", "Poland"),
    "Italy": ("France",),
    "Hungary": ("Slovakia",),
    "Poland": ("Slovakia",),
    "France": (),
    "Slovakia": (),
    "Malta": (),
}
CAPITALS = {
    "Austria": "Vienna",
    "Germany": "Berlin",
    "Italy": "Rome",
    "Hungary": "Budapest",
    "France": "Paris",
    "Poland": "Warsaw",
    "Slovakia": "Bratislava",
    "Malta": "Valletta",
}
PEOPLE = {
    "Austria": 9.0e6,
    "Germany": 84.0e6,
    "Italy": 59.0e6,
    "Hungary": 9.6e6,
    "France": 68.0e6,
    "Poland": 37.0e6,
    "Slovakia": 5.4e6,
    "Malta": 0.5e6,
}
RIVERS = {
    "Danube": ("Germany", "Austria", "Slovakia", "Hungary"),
    "Rhine": ("Austria", "Germany", "France"),
    "Po": ("Italy",),
    "Vistula": ("Poland",),
    "Seine": ("France",),
}
EURO = ("Austria", "Germany", "Italy", "France", "Slovakia", "Malta")


def pytest_configure():
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    pystow = Path(tempfile.gettempdir()) / "lichen-tests-pystow"  # pykeen makes folders on import
    os.environ.setdefault("PYSTOW_HOME", str(pystow))


def pytest_collection_finish():
    """Leave what is imported out of collections of garbage, of which each training makes one."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _no_network():
    """Let sockets reach this machine only."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def refuse(host):
        raise OSError(f"tests must not use the network; this one asked for {host!r}")

    def local_connect(self, address):
        is_inet = self.family in (socket.AF_INET, socket.AF_INET6)
        if is_inet and address[0] not in LOCAL:
            refuse(address[0])
        return connect(self, address)

    def local_look_up(host, *args, **kwargs):
        if host not in (*LOCAL, None):
            refuse(host)
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", local_connect)
        patch.setattr(socket, "getaddrinfo", local_look_up)
        yield


@pytest.fixture(scope="session", autouse=True)
def lichen_home(tmp_path_factory):
    """Keep what is built during the tests in one folder, shared by their workers.

    LICHEN_TEST_HOME names a folder to keep from run to run; without it each run has its own.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = Path(os.environ.get("LICHEN_TEST_HOME") or root / "lichen-home")
    folder.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LICHEN_HOME", str(folder))
        yield folder


@pytest.fixture
def disk_limit():
    """Give a context in which no file of this process may grow beyond some bytes."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def limited(num_bytes):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        told = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, told)

    return limited


@pytest.fixture(scope="session")
def lichen_data():
    """Give the folder of benchmark data, or skip."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LICHEN_DATA") or beside)
    if not folder.is_dir():
        pytest.skip("no benchmark data: set LICHEN_DATA to its folder")
    return folder


def _build():
    builder = GraphBuilder()
    for land, city in CAPITALS.items():
        builder.add_entity(land, types=("country",))
        builder.add_entity(city, types=("city",))
        builder.add_fact(land, "capital", city, source=(f"book {land}", f"{city} is the capital."))
        builder.add_literal(
            land, "population", PEOPLE[land], unit="people", year=2025, source=("census", land)
        )
    for land, others in NEIGHBOURS.items():
        for other in others:
            for h, t in ((land, other), (other, land)):
                builder.add_fact(h, "borders", t, source=("map", f"{h} meets {t}"))
    for river, lands in RIVERS.items():
        builder.add_entity(river, types=("river",))
        for land in lands:
            builder.add_fact(river, "flows_through", land, source=("atlas", f"{river}, {land}"))
    builder.add_entity("Euro", types=("currency",))
    builder.add_entity("Forint", types=("currency",))
    builder.add_entity("Zloty", types=("currency",))
    for land in EURO:
        builder.add_fact(land, "currency", "Euro")
    builder.add_fact("Hungary", "currency", "Forint")
    builder.add_fact("Poland", "currency", "Zloty")
    builder.add_name("Austria", "奥地利", language="zh")
    builder.add_name("Vienna", "维也纳", language="zh")
    return builder.build()


@pytest.fixture(scope="session")
def lands():
    """Give a small graph of lands."""
    return _build()


@pytest.fixture(scope="session")
def packaged_text():
    """Give the packaged text encoder."""
    from lichen.lm.text_encoder import TextEncoder  # torch is loaded where it is needed only

    return TextEncoder.load(device="cpu")


@pytest.fixture(scope="session")
def answerer_folder(lands, packaged_text, tmp_path_factory):
    """Give the folder of a small answerer trained on the lands."""
    from lichen.apps.answer import Answerer  # these load torch
    from lichen.data.atlas.questions import questions
    from lichen.reasoning.calibrate import Calibration
    from lichen.reasoning.fit import FitConfig
    from lichen.reasoning.matcher import MatcherConfig

    answerer = Answerer.train(
        lands,
        packaged_text,
        asked=questions(lands, scale=0.06),
        config=MatcherConfig(text_dim=packaged_text.dim, dim=64, decoder_layers=1),
        fitting=FitConfig(epochs=14, learning_rate=4e-3, batch_size=32),
    )
    weights = answerer.reader.calibration.weights
    answerer.reader.calibration = Calibration(weights=weights, threshold=0.2)
    return answerer.save(tmp_path_factory.mktemp("answerer"))


@pytest.fixture(scope="session")
def answerer(answerer_folder, lands, packaged_text):
    """Give that answerer."""
    from lichen.apps.answer import Answerer  # it loads torch

    return Answerer.load(answerer_folder, lands, text=packaged_text)


CITIES, COUNTRIES = 60, 10
PHRASES = ("{0} lies in {1}", "{1} holds {0}", "the city {0} of {1}")


@pytest.fixture(scope="session")
def _made_up():
    """Give a made-up world, which land each city lies in, and what goes on drawing from it."""
    rng = np.random.default_rng(0)
    rows = [(f"c{i}", "lies_in", f"l{rng.integers(COUNTRIES)}") for i in range(CITIES)]
    return Graph.from_triples(rows), rng


@pytest.fixture(scope="session")
def world_graph(_made_up):
    """Give the facts of the made-up world."""
    return _made_up[0]


@pytest.fixture(scope="session")
def world(_made_up):
    """Give a tiny encoder, the world's entity vectors, and claims that words alone cannot judge."""
    from lichen.embedding.config import EmbeddingConfig  # these load torch
    from lichen.embedding.encoder import GraphEncoder
    from lichen.embedding.trainer import train_embedding

    graph, rng = _made_up
    nodes = GraphEncoder("complex", graph, dim=16)
    train_embedding(nodes, graph, config=EmbeddingConfig(epochs=60))
    docs = []
    for h, _r, t in graph.triples.tolist():
        city, land = graph.entities[h], graph.entities[t]
        wrong = rng.choice([f"l{i}" for i in range(COUNTRIES) if f"l{i}" != land])
        split = "test" if rng.random() < 0.25 else "train"
        for number, phrase in enumerate(PHRASES):
            for said, label in ((land, "true"), (wrong, "false")):
                text = phrase.format(city, said)
                spans = sorted((text.index(x), x) for x in (city, said))
                mentions = tuple(
                    Mention(Span(at, at + len(x)), graph.entities.get(x)) for at, x in spans
                )
                name = f"{city}-{said}-{number}"
                docs.append(
                    Document(id=name, text=text, label=label, split=split, mentions=mentions)
                )
    return _tiny_text(), nodes, Corpus(tuple(docs))


def _tiny_text():
    import torch  # it takes seconds
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    from lichen.lm.text_encoder import TextEncoder

    words = ["[PAD]", "[UNK]", "lies", "in", "holds", "the", "city", "of"]
    words += [f"c{i}" for i in range(CITIES)] + [f"l{i}" for i in range(COUNTRIES)]
    raw = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]", model_max_length=16
    )
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=16,
    )
    torch.manual_seed(0)
    return TextEncoder(BertModel(config, add_pooling_layer=False), fast, name="tiny")
