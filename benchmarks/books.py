"""A finished full quickstart to rows: `ask` beside the generator alone and with facts.

Run: lichen quickstart --full, then python benchmarks/books.py runs/quickstart
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from claims import row
from embedding.runs import ROWS


def main(folder: Path) -> None:
    """Write one row for each system and kind of question of the result."""
    result = json.loads((folder / "result.json").read_text())
    rows = []
    for system, kinds in result["books"].items():
        for kind, found in kinds.items():
            hits = found["hits_at_1"]
            if hits is not None:
                name = f"{system}: {kind} (n = {found['num_questions']})"
                rows.append(row(name, "Hits@1", hits["mean"], [hits["low"], hits["high"]], [0]))
    place = Path(ROWS) / "atlas-books.json"
    place.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
