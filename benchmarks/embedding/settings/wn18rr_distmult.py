"""DistMult on WN18RR."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import WORDNET

SETTING = Setting(
    data="kgc_wn18rr",
    scorer="distmult",
    dim=512,
    config=replace(WORDNET, count="queries", dura=0.06),
    published="LibKGE README: DistMult 0.452",
    floor=0.452,
)
