"""What all tests share: no network, a cache folder of their own, a small world, benchmark data."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from lichen.data.builder import GraphBuilder

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
