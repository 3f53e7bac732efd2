"""ComplEx on FB15k-237."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import FREEBASE

SETTING = Setting(
    data="kgc_fb15k237",
    scorer="complex",
    dim=1024,
    config=replace(FREEBASE, epochs=30, batch_size=512, relation_weight=1.0, valid_every=10),
    published="LibKGE README: ComplEx 0.348",
    floor=0.364,
)
