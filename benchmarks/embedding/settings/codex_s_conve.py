"""ConvE on CoDEx-S."""

from __future__ import annotations

from dataclasses import replace

from runs import Setting

from settings.bases import CODEX

SETTING = Setting(
    data="kgc_codex_s",
    scorer="conve",
    dim=256,
    config=replace(
        CODEX,
        epochs=120,
        batch_size=128,
        optimiser="adam",
        learning_rate=0.002,
        last_rate=0.05,
        n3=0.0,
        valid_every=30,
    ),
    options={"input_dropout": 0.2, "feature_dropout": 0.3, "hidden_dropout": 0.4},
    published="CoDEx README: ConvE 0.444",
    floor=0.435,
)
