"""RotatE on WN18RR."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import DISTANCE, PLAIN, WORDNET

SETTING = Setting(
    data="kgc_wn18rr",
    scorer="rotate",
    dim=1024,
    config=replace(WORDNET, epochs=16, **DISTANCE, max_norm=2.5, learning_rate=0.2),
    options={"distance": "squared", **PLAIN},
    published="LibKGE README: RotatE 0.478",
    floor=0.478,
)
