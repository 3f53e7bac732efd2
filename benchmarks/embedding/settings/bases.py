"""What the published settings of a data set share."""

from __future__ import annotations

from dataclasses import replace

from lichen.embedding.config import EmbeddingConfig

FREEBASE = EmbeddingConfig(
    epochs=16,
    batch_size=256,
    candidates="pool",
    negatives=1024,
    degree_power=0.0,
    hide_known=False,
    precision="bfloat16",
    n3=0.0,
    dura=0.05,
    last_rate=0.0,
    valid_every=8,
)
WORDNET = replace(FREEBASE, epochs=24, batch_size=128, dura=0.1)
DISTANCE = {"dura": 0.0, "precision": "float32"}
CODEX = replace(
    FREEBASE, epochs=20, batch_size=512, candidates="all", n3=0.01, dura=0.0, valid_every=5
)
PLAIN = {"reciprocal": False}
