"""TransE on CoDEx-S."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import CODEX

SETTING = Setting(
    data="kgc_codex_s",
    scorer="transe",
    dim=256,
    config=replace(CODEX, batch_size=1024, precision="float32", n3=0.0),
    options={"norm": 2},
    published="CoDEx README: TransE 0.354",
    floor=0.354,
)
