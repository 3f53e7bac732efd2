"""TuckER on CoDEx-S."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import CODEX, PLAIN

SETTING = Setting(
    data="kgc_codex_s",
    scorer="tucker",
    dim=256,
    config=replace(CODEX, epochs=40, valid_every=10),
    options={"relation_dim": 64, **PLAIN},
    published="CoDEx README: TuckER 0.444",
    floor=0.44,
)
