"""`lichen train`."""

import lichen as li


def test_links_trains_and_writes_a_run(finished):
    run = li.Run.load(finished)
    assert run.metrics["valid_accuracy"] > 0.8
    assert run.model.labels.labels == ("Blueland", "Greenland", "Redland")
