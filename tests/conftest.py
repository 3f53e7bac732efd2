"""What all tests share: no network, a cache folder of their own, and the benchmark data."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

LOCAL = ("127.0.0.1", "::1", "localhost")


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
