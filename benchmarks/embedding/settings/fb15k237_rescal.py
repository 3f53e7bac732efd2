"""RESCAL on FB15k-237."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import FREEBASE

SETTING = Setting(
    data="kgc_fb15k237",
    scorer="rescal",
    dim=128,
    config=replace(FREEBASE, epochs=24),
    published="LibKGE README: RESCAL 0.356",
    floor=0.356,
)
