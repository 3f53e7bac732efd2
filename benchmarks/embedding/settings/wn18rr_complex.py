"""ComplEx on WN18RR."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import WORDNET

SETTING = Setting(
    data="kgc_wn18rr",
    scorer="complex",
    dim=512,
    config=replace(WORDNET, epochs=32, count="queries", dura=0.12),
    published="LibKGE README: ComplEx 0.475",
    floor=0.48,
)
