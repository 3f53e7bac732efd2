import pytest

from lichen.data.read import read_graph


@pytest.mark.parametrize("said", ["valid", "validation", "dev", "Val"])
def test_facts_of_a_split_of_another_usual_name_are_valid(tmp_path, said):
    rows = ["head,relation,tail,split", "a,r,b,train", f"b,r,c,{said}"]
    (tmp_path / "g.csv").write_text("\n".join(rows) + "\n")
    fact = '{{"head": "{}", "relation": "r", "tail": "{}", "split": "{}"}}'
    lines = [fact.format("a", "b", "train"), fact.format("b", "c", said)]
    (tmp_path / "g.jsonl").write_text("\n".join(lines) + "\n")
    for name in ("g.csv", "g.jsonl"):
        splits = read_graph(tmp_path / name).splits
        assert {split: len(rows) for split, rows in splits.items()} == {"train": 1, "valid": 1}
