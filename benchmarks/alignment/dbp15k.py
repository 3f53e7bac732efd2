"""Entities of two DBpedias, Chinese and English: aligned by structure, by names and by both.

The usual split: 30 % of the 15,000 pairs are known, the entities of the others are matched with
one another. Before matching a pair counts by the rank of the right entity; after it, by whether
the one-to-one assignment holds it. Names are the ends of the addresses; what translates them is
a word lexicon and the known pairs, no translation model.

Run: python benchmarks/alignment/dbp15k.py [--seeds 0 1 2] [--by structure names both] [--keep F]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from written import data_folder, row, write_rows

from lichen.alignment.entities import AlignConfig, EntityAlignment, align_graphs
from lichen.alignment.matching import hubness
from lichen.alignment.names import equal_names, name_vectors
from lichen.data.graph import Graph
from lichen.evaluation.ranks import rank_metrics
from lichen.evaluation.retrieval import partner_ranks

KNOWN = 0.3
NAME_DIM = 1024
CONFIGS = {
    "structure": AlignConfig(by="structure"),
    "names": AlignConfig(by="names"),
    "both": AlignConfig(by="both"),
}
BESIDE = {
    "structure": "GCN-Align .413 (its authors); LightEA .812 with its rounds (its authors)",
    "names": "none: published figures translate the names by machine",
    "both": "RDGCN .708, names translated by machine (its authors)",
}
Names = dict[str, str]


def main() -> None:
    """Run the seeds asked for and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--by", nargs="+", default=list(CONFIGS), choices=list(CONFIGS))
    parser.add_argument("--keep", type=Path, help="JSON lines of runs done, read and added to")
    asked = parser.parse_args()
    done = _read(asked.keep)
    data = Data()
    for seed in asked.seeds:
        for by in asked.by:
            if (by, seed) not in done:
                done[by, seed] = found = data.measure(by, seed)
                print(json.dumps(found), flush=True)
                if asked.keep:
                    with asked.keep.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(found) + "\n")
    rows = [r for by in asked.by for r in _rows(by, [done[by, s] for s in asked.seeds])]
    write_rows("align_dbp15k_zh_en", rows)


class Data:
    """Both graphs, their names, the pairs and the lexicon."""

    def __init__(self) -> None:
        folder = data_folder("align_dbp15k_zh_en")
        self.sides = [_side(folder, number) for number in (1, 2)]
        lines = (folder / "ref_ent_ids").read_text(encoding="utf-8").splitlines()
        self.pairs = [tuple(line.split("\t")) for line in lines]
        self.lexicon = list(_lexicon(data_folder("lex_muse")))

    def measure(self, by: str, seed: int) -> dict[str, Any]:
        """Align on the split of one seed and return the figures."""
        order = np.random.default_rng(seed).permutation(len(self.pairs))
        cut = round(KNOWN * len(order))
        known = [self.pairs[i] for i in order[:cut]]
        test = [self.pairs[i] for i in order[cut:]]
        (left, ours), (right, theirs) = self.sides
        started, used = time.perf_counter(), time.process_time()
        names = None
        if by != "structure":
            at = [(left.entities.id(a), right.entities.id(b)) for a, b in known]
            names = name_vectors(
                [ours[x] for x in left.entities],
                [theirs[x] for x in right.entities],
                lexicon=self.lexicon,
                pairs=at,
                dim=NAME_DIM,
            )
        found = align_graphs(
            left,
            right,
            seeds=known,
            names=names,
            candidates=([a for a, _ in test], [b for _, b in test]),
            config=CONFIGS[by],
            seed=seed,
        )
        spent = {"seconds": time.perf_counter() - started, "cpu_s": time.process_time() - used}
        equal = equal_names([ours[a] for a, _ in test], [theirs[b] for _, b in test])
        figures = _figures(found, test, equal)
        rounded = {key: round(value, 5) for key, value in (figures | spent).items()}
        return {"by": by, "seed": seed, "num_test": len(test), **rounded}


def _figures(
    found: EntityAlignment, test: Sequence[tuple[str, ...]], equal: NDArray[np.bool_]
) -> dict[str, float]:
    left = np.array([found.left.entities.id(a) for a, _ in test])
    right = np.array([found.right.entities.id(b) for _, b in test])
    one = found.left_vectors[np.searchsorted(found.left_ids, left)]
    truth = np.searchsorted(found.right_ids, right)
    hubs = hubness(torch.from_numpy(found.right_vectors), torch.from_numpy(one)).numpy()
    plain = partner_ranks(one, found.right_vectors, truth=truth)
    csls = partner_ranks(one, found.right_vectors, truth=truth, hubness=hubs)
    partner = dict(found.pairs.tolist())
    hit = np.array([partner.get(a) == b for a, b in zip(left.tolist(), right, strict=True)])
    whole = rank_metrics(csls, at=(1, 10))
    return {
        "hits1_cosine": float((plain <= 1).mean()),
        "hits1_csls": whole.hits[1],
        "hits10_csls": whole.hits[10],
        "mrr_csls": whole.mrr,
        "hits1_matched": float(hit.mean()),
        "hits1_matched_unequal_names": float(hit[~equal].mean()),
        "equal_names": float(equal.mean()),
    }


def _rows(by: str, runs: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    mean = {key: float(np.mean([r[key] for r in runs])) for key in runs[0] if key != "by"}
    shared = {
        "seeds": [r["seed"] for r in runs],
        "runs": runs,
        "settings": {**asdict(CONFIGS[by]), "name_dim": NAME_DIM, "known": KNOWN},
    }
    before = f"Hits@10 {mean['hits10_csls']:.3f}, MRR {mean['mrr_csls']:.3f}"
    yield row(
        f"align_dbp15k_zh_en by {by}, nearest (CSLS)",
        "Hits@1",
        [r["hits1_csls"] for r in runs],
        beside=f"cosine alone {mean['hits1_cosine']:.3f}; {before}",
        **shared,
    )
    equal, rest = mean["equal_names"], mean["hits1_matched_unequal_names"]
    leak = f"{equal:.1%} of the pairs have equal names, {rest:.3f} without them"
    yield row(
        f"align_dbp15k_zh_en by {by}, one to one",
        "Hits@1",
        [r["hits1_matched"] for r in runs],
        beside=f"{leak}; {BESIDE[by]}",
        **shared,
    )


def _side(folder: Path, number: int) -> tuple[Graph, Names]:
    """Return a graph whose labels are the ids of the files, and the names by label."""
    lines = (folder / f"triples_{number}").read_text(encoding="utf-8").splitlines()
    facts = [(h, r, t) for h, r, t in (line.split("\t") for line in lines)]
    names = {}
    for line in (folder / f"ent_ids_{number}").read_text(encoding="utf-8").splitlines():
        label, address = line.split("\t")
        names[label] = address.rpartition("/resource/")[2]
    return Graph.from_triples(facts), names


def _lexicon(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (Chinese word, English word) from both directions of the lexicon."""
    for name, flipped in (("zh-en", True), ("en-zh", False)):
        for line in (folder / f"{name}.dict").read_text(encoding="utf-8").splitlines():
            one, _, other = line.partition(" @ ")
            yield (other, one) if flipped else (one, other)


def _read(path: Path | None) -> dict[tuple[str, int], dict[str, Any]]:
    if path is None or not path.exists():
        return {}
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(run["by"], run["seed"]): run for run in found}


if __name__ == "__main__":
    main()
