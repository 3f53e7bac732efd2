"""ComplEx on UMLS, Kinship and Nations beside ConvE's published MRR: minutes, for sanity.

Run: python benchmarks/embedding/small.py [--seeds 0 1 2]
"""

from __future__ import annotations

from runs import Setting, measure, seeds_from_command_line

from lichen.embedding.config import EmbeddingConfig

CONVE = {"umls": 0.94, "kinship": 0.83, "nations": 0.82}
CONFIG = EmbeddingConfig(epochs=60, batch_size=256, n3=0.01, hide_known=False)

if __name__ == "__main__":
    seeds = seeds_from_command_line(__doc__)
    for name, mrr in CONVE.items():
        published = f"ConvE README: ConvE {mrr}"
        data = f"kgc_small/{name}"
        measure(
            Setting(data=data, scorer="complex", dim=128, config=CONFIG, published=published),
            seeds,
        )
