"""RESCAL on CoDEx-S."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import CODEX, PLAIN

SETTING = Setting(
    data="kgc_codex_s",
    scorer="rescal",
    dim=256,
    config=replace(CODEX, epochs=40, n3=0.0, dura=0.02, valid_every=10),
    options=PLAIN,
    published="CoDEx README: RESCAL 0.404",
    floor=0.404,
)
