"""ComplEx on UMLS, Kinship, Nations and Family beside published MRR: minutes, for sanity.

The background facts of Family are trained on with its training facts, as Neural LP does before it
ranks.

Run: python benchmarks/embedding/small.py [--seeds 0 1 2]
"""

from __future__ import annotations

from dataclasses import replace

from runs import Setting, measure, seeds_from_command_line

from lichen.embedding.config import EmbeddingConfig

CONVE = {"umls": 0.94, "kinship": 0.83, "nations": 0.82}
CONFIG = EmbeddingConfig(epochs=60, batch_size=256, candidates="sampled", n3=0.01, hide_known=False)
"""Of all and sampled candidates, four batch sizes and four weights of `n3` the best MRR of the
validation facts, by other seeds."""
SETTINGS = [
    Setting(
        data=f"kgc_small/{name}",
        scorer="complex",
        dim=128,
        config=CONFIG,
        published=f"ConvE README: ConvE {mrr}",
    )
    for name, mrr in CONVE.items()
]
SETTINGS.append(
    Setting(
        data="kgc_small/family",
        scorer="complex",
        dim=128,
        config=replace(CONFIG, candidates="all"),
        published="no vectors; rules, from memory of arXiv:1911.00055: DRUM 0.95, Neural LP 0.91",
    )
)

if __name__ == "__main__":
    seeds = seeds_from_command_line(__doc__)
    for setting in SETTINGS:
        measure(setting, seeds)
