"""CP on CoDEx-S."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import CODEX

SETTING = Setting(
    data="kgc_codex_s",
    scorer="cp",
    dim=512,
    config=replace(CODEX, n3=0.0025),
    published="CoDEx README: no CP; ComplEx 0.465",
    floor=0.443,
)
