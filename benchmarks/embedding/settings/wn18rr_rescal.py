"""RESCAL on WN18RR."""

from __future__ import annotations

from runs import Setting

from settings.bases import WORDNET

SETTING = Setting(
    data="kgc_wn18rr",
    scorer="rescal",
    dim=256,
    config=WORDNET,
    published="LibKGE README: RESCAL 0.467",
    floor=0.47,
)
