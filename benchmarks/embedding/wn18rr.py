"""ComplEx on WN18RR: filtered MRR over three seeds; must not fall below 0.44.

Run: python benchmarks/embedding/wn18rr.py [--seeds 0 1 2]
"""

from __future__ import annotations

from runs import Setting, measure, seeds_from_command_line

from lichen.embedding.config import EmbeddingConfig

SETTING = Setting(
    data="kgc_wn18rr",
    scorer="complex",
    dim=256,
    config=EmbeddingConfig(
        epochs=20,
        negatives=2048,
        degree_power=0.0,
        hide_known=False,
        n3=0.1,
        valid_every=5,
        valid_limit=1000,
    ),
    published="LibKGE README: ComplEx 0.475",
    floor=0.44,
)

if __name__ == "__main__":
    measure(SETTING, seeds_from_command_line(__doc__))
