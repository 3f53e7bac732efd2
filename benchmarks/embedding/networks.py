"""Graph networks under DistMult on UMLS, beside the plain table with the same decoder: minutes.

One setting for all of them, chosen by the MRR of validation facts; the learning rate was chosen
earlier, when test figures of narrower networks had been seen.

Run: python benchmarks/embedding/networks.py [--seeds 0 1 2]
"""

from __future__ import annotations

from runs import Setting, measure, seeds_from_command_line

from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.gnn import LAYERS

CONFIG = EmbeddingConfig(
    epochs=60,
    batch_size=256,
    optimiser="adam",
    learning_rate=0.01,
    last_rate=0.0,
    hide_known=False,
    n3=0.0,
    dropout=0.2,
    valid_every=10,
)

if __name__ == "__main__":
    seeds = seeds_from_command_line(__doc__)
    for layers in (None, *LAYERS):
        measure(
            Setting(
                data="kgc_small/umls",
                scorer="distmult",
                dim=128,
                config=CONFIG,
                options={} if layers is None else {"layers": layers},
                published="ConvE README: ConvE 0.94",
            ),
            seeds,
        )
