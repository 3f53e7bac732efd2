"""ComplEx on CoDEx-S."""

from __future__ import annotations

from runs import Setting

from settings.bases import CODEX, PLAIN

SETTING = Setting(
    data="kgc_codex_s",
    scorer="complex",
    dim=1024,
    config=CODEX,
    options=PLAIN,
    published="CoDEx README: ComplEx 0.465",
    floor=0.465,
)
