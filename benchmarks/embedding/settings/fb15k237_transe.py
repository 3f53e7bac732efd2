"""TransE on FB15k-237."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import DISTANCE, FREEBASE

SETTING = Setting(
    data="kgc_fb15k237",
    scorer="transe",
    dim=512,
    config=replace(FREEBASE, **DISTANCE),
    options={"norm": 2},
    published="LibKGE README: TransE 0.313",
    floor=0.323,
)
