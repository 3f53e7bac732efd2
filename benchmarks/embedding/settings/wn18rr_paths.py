"""The path model on WN18RR."""

from __future__ import annotations

from runs import Setting

from lichen.embedding.path.config import PathConfig

SETTING = Setting(
    data="kgc_wn18rr",
    scorer="paths",
    dim=32,
    config=PathConfig(epochs=5, epoch_facts=8_000, last_rate=0.1, valid_limit=300),
    options={"num_layers": 6},
    published="arXiv:2106.06935: NBFNet 0.551",
    floor=0.48,
)
