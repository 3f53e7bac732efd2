"""Candidates: exact, reduced, misspelt, added live."""

from __future__ import annotations

import pytest

from lichen.linking.candidates import REBUILD, CandidateIndex


@pytest.fixture
def index():
    return CandidateIndex(
        [
            (0, "Austria"),
            (1, "Australia"),
            (2, "Côte d'Ivoire"),
            (3, "Luxembourg"),
            (4, "Luxembourg (city)"),
            (0, "Österreich"),
            (4, "Luxembourg"),
            (5, "IMO"),
            (6, "Imo"),
        ]
    )


def test_exact_before_reduced(index):
    found = index.find("IMO")
    assert [(c.entity, c.is_exact) for c in found] == [(5, True), (6, False)]
    assert found[0].similarity == found[1].similarity == 1.0


@pytest.mark.parametrize("words", ["cote d ivoire", "COTE D’IVOIRE", "Cote dIvoire"])
def test_reduced_names(index, words):
    (first, *_) = index.find(words)
    assert first.entity == 2
    assert not first.is_exact


def test_labels_come_before_other_names(index):
    country, city = index.find("Luxembourg")
    assert (country.entity, country.is_label) == (3, True)
    assert (city.entity, city.is_label, city.is_exact) == (4, False, True)


@pytest.mark.parametrize(
    ("words", "entity"),
    [("Asutria", 0), ("Austrai", 0), ("Ausstralia", 1), ("Osterreihc", 0), ("Luxemburg", 3)],
)
def test_misspelt_names(index, words, entity):
    found = index.find(words)
    assert found[0].entity == entity
    assert 0.8 <= found[0].similarity < 1.0


def test_a_bound_on_similarity_and_number(index):
    assert index.find("Asutria", min_similarity=0.9) == ()
    assert len(index.find("Luxembourg", limit=1)) == 1
    assert index.find("Zimbabwe") == ()
    assert index.find("") == index.find("...") == index.find("xy") == ()


def test_names_added_live(index):
    index.add(7, "Kiribati")
    assert index.find("Kiribati")[0].entity == 7
    assert index.find("Kirbati")[0].entity == 7
    for i in range(REBUILD + 1):
        index.add(100 + i, f"Place number {i}")
    assert index.find("Kirbati")[0].entity == 7
    assert index.find("Asutria")[0].entity == 0
