"""DistMult on FB15k-237."""

from __future__ import annotations

from runs import Setting

from settings.bases import FREEBASE

SETTING = Setting(
    data="kgc_fb15k237",
    scorer="distmult",
    dim=512,
    config=FREEBASE,
    published="LibKGE README: DistMult 0.343",
    floor=0.347,
)
