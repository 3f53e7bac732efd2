"""SimplE on CoDEx-S."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import CODEX, PLAIN

SETTING = Setting(
    data="kgc_codex_s",
    scorer="simple",
    dim=512,
    config=replace(CODEX, n3=0.0025),
    options=PLAIN,
    published="CoDEx README: no SimplE; ComplEx 0.465",
    floor=0.455,
)
