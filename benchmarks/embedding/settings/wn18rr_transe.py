"""TransE on WN18RR."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import DISTANCE, WORDNET

SETTING = Setting(
    data="kgc_wn18rr",
    scorer="transe",
    dim=512,
    config=replace(
        WORDNET, epochs=16, batch_size=512, **DISTANCE, max_norm=2.0, learning_rate=0.25
    ),
    options={"norm": 2, "squared": True},
    published="LibKGE README: TransE 0.228",
    floor=0.232,
)
