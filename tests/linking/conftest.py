"""A small graph with homonyms, and a text encoder that counts words."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from lichen.data.builder import GraphBuilder


class WordCounts:
    """Unit vectors of hashed words; counts how often it is asked."""

    def __init__(self):
        self.num_calls = 0
        self.num_texts = 0

    def encode(self, texts):
        self.num_calls += 1
        self.num_texts += len(texts)
        vectors = np.full((len(texts), 256), 1e-3, dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.lower().replace(".", " ").replace(",", " ").replace(":", " ").split():
                row[zlib.crc32(word.encode()) % 256] += 1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def encoder():
    return WordCounts()


@pytest.fixture(scope="session")
def graph():
    b = GraphBuilder()
    b.add_entity(
        "Georgia",
        types=("country",),
        description="A country in the Caucasus with wine, mountains and the Black Sea.",
    )
    b.add_entity(
        "Georgia (state)",
        types=("division",),
        description="A state in the south of America with peaches and peanuts.",
    )
    b.add_name("Georgia (state)", "Georgia")
    b.add_fact("Georgia", "capital", "Tbilisi")
    b.add_fact("Georgia", "borders", "Armenia")
    b.add_fact("Georgia", "borders", "Turkey")
    b.add_fact("Georgia (state)", "capital", "Atlanta")
    b.add_fact("United States", "administrative_division", "Georgia (state)")
    b.add_fact("Germany", "capital", "Berlin")
    b.add_fact("Switzerland", "borders", "Germany")
    b.add_fact("Switzerland", "exports", "coffee")
    b.add_entity("Germany", types=("country",))
    b.add_entity("Berlin", types=("city",))
    b.add_name("United States", "US")
    b.add_name("Germany", "德国", language="zh")
    b.add_name("Germany", "ドイツ", language="ja")
    b.add_name("Germany", "독일", language="ko")
    b.add_name("Germany", "ألمانيا", language="ar")
    b.add_name("Germany", "गर्मनी", language="hi")
    b.add_name("Germany", "Großdeutschland", language="de")
    return b.build()
