"""The tiny language model, its world and its text, under short names."""

import pytest


@pytest.fixture
def text(tiny_text):
    return tiny_text


@pytest.fixture(scope="session")
def graph(tiny_graph):
    return tiny_graph


@pytest.fixture(scope="session")
def corpus(tiny_corpus):
    return tiny_corpus


@pytest.fixture
def windows(tiny_windows):
    return tiny_windows
