"""The contract of every registered aligner."""

import pytest
import torch

from lichen.alignment import ALIGNERS
from lichen.alignment.aligner import load_aligner, make_aligner
from lichen.base.errors import ArtifactError, ChoiceError, ConfigError, DataError, ShapeError
from lichen.evaluation.retrieval import recall

FAST = {"contrastive": {"epochs": 3, "hidden": 16, "batch_size": 64}}


def made(name, source_dim=8, target_dim=5, **settings):
    return make_aligner(name, source_dim, target_dim, **FAST.get(name, {}), **settings)


def pairs(count=400, seed=0, noise=0.05):
    draw = torch.Generator().manual_seed(seed)
    source = torch.randn(count, 8, generator=draw)
    mix = torch.linalg.qr(torch.randn(8, 5, generator=torch.Generator().manual_seed(9)))[0]
    return source, source @ mix + noise * torch.randn(count, 5, generator=draw) + 2


@pytest.mark.parametrize("name", ALIGNERS)
def test_held_out_partners_are_found(name):
    torch.manual_seed(1)
    aligner = made(name).fit(*pairs())
    source, target = pairs(100, seed=1)
    with torch.no_grad():
        found = recall(aligner.source(source), aligner.target(target), k=(1, 10))
    assert found[1] > 0.6
    assert found[10] > 0.95


@pytest.mark.parametrize("name", ALIGNERS)
def test_a_saved_aligner_maps_alike(name, tmp_path):
    source, target = pairs()
    aligner = made(name).fit(source, target)
    again = load_aligner(aligner.save(tmp_path / "aligner"))
    assert type(again) is type(aligner)
    assert torch.equal(again.source(source), aligner.source(source))
    assert torch.equal(again.target(target), aligner.target(target))


@pytest.mark.parametrize("name", ALIGNERS)
def test_two_fits_are_equal(name):
    source, target = pairs()
    one, other = (made(name).fit(source, target) for _ in range(2))
    assert torch.equal(one.source(source), other.source(source))


@pytest.mark.parametrize("name", ALIGNERS)
def test_shapes_beyond_a_matrix(name):
    aligner = made(name).fit(*pairs())
    one, other = aligner.source(torch.randn(2, 3, 8)), aligner.target(torch.randn(2, 3, 5))
    assert one.shape == other.shape == (2, 3, one.shape[-1])
    assert torch.equal(aligner(torch.ones(1, 8)), aligner.source(torch.ones(1, 8)))


@pytest.mark.parametrize("name", ALIGNERS)
@pytest.mark.parametrize(
    ("source", "target", "error", "words"),
    [
        (torch.zeros(3, 8), torch.zeros(4, 5), ShapeError, r"\(3, 8\) and \(4, 5\)"),
        (torch.zeros(0, 8), torch.zeros(0, 5), DataError, "at least one pair"),
        (torch.full((2, 8), torch.nan), torch.zeros(2, 5), DataError, "finite"),
        (torch.zeros(4, 8), torch.zeros(4, 6), ShapeError, r"widths \(8, 5\); got \(8, 6\)"),
    ],
)
def test_bad_pairs_are_refused(name, source, target, error, words):
    with pytest.raises(error, match=words):
        made(name).fit(source, target)


@pytest.mark.parametrize("name", ALIGNERS)
def test_arrays_and_tables_that_learn_are_fitted_and_mapped_as_tensors_are(name):
    source, target = pairs()
    want = made(name).fit(source, target)
    found = made(name).fit(source.numpy(), target.clone().requires_grad_())
    assert torch.equal(found.source(source.numpy()), want.source(source))
    assert torch.equal(found.target(target.numpy()), want.target(target))


@pytest.mark.parametrize("name", ALIGNERS)
def test_vectors_of_another_width_are_refused(name):
    aligner = made(name)
    with pytest.raises(ShapeError, match=r"aligner\.source: .* width 8; got \(3, 5\)"):
        aligner.source(torch.zeros(3, 5))
    with pytest.raises(ShapeError, match=r"aligner\.target: .* width 5; got \(3, 8\)"):
        aligner.target(torch.zeros(3, 8))


@pytest.mark.parametrize("name", ALIGNERS)
def test_every_aligner_names_its_paper_and_itself(name):
    aligner = made(name)
    assert aligner.PAPER
    assert name == aligner.NAME


def test_unknown_names_widths_and_folders_are_refused(tmp_path):
    with pytest.raises(ChoiceError, match="Did you mean 'shared'"):
        make_aligner("shard", 8, 5)
    with pytest.raises(ChoiceError, match=r"a setting of aligner 'contrastive' .* mean 'epochs'"):
        make_aligner("contrastive", 3, 4, epochsx=3)
    with pytest.raises(ConfigError, match="aligner 'procrustes' takes no settings; got ridge"):
        make_aligner("procrustes", 3, 4, ridge=0.1)
    with pytest.raises(ConfigError, match=r"aligner\.source_dim"):
        make_aligner("linear", 0, 5)
    with pytest.raises(ArtifactError, match="no such file"):
        load_aligner(tmp_path)
