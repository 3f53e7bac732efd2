"""RotatE on FB15k-237."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import DISTANCE, FREEBASE

SETTING = Setting(
    data="kgc_fb15k237",
    scorer="rotate",
    dim=512,
    config=replace(FREEBASE, **DISTANCE, max_norm=2.7, learning_rate=0.25),
    options={"distance": "squared"},
    published="LibKGE README: RotatE 0.333",
    floor=0.338,
)
