from pathlib import Path

from lichen.data.write.loss import warn_of_loss


def test_only_what_was_there_is_lost(caplog):
    warn_of_loss(Path("g.tsv"), {"names": (), "splits": {"train": 0}, "literals": [1]})
    assert caplog.messages == [
        "g.tsv: does not keep the graph's splits, literals. Save as .jsonl to keep all."
    ]


def test_nothing_lost_nothing_said(caplog):
    warn_of_loss(Path("g.tsv"), {"names": ()}, of="the documents'")
    assert not caplog.messages
