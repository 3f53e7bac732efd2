import numpy as np
import torch
from scipy.special import rel_entr

from lichen.training.divergence import divergence


def test_it_is_the_sum_that_others_write_and_absent_options_do_not_count():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(4), size=(2, 5))
    p[0] = [1.0, 0.0, 0.0, 0.0]
    goal, told = (torch.from_numpy(x).log() for x in (p, q))
    assert np.allclose(divergence(goal, told), rel_entr(p, q).sum(1))
    none = torch.full((5, 2), float("-inf"))
    wider = divergence(torch.cat([goal, none], 1), torch.cat([told, none], 1))
    assert torch.allclose(wider, divergence(goal, told))


def test_gradients_stay_numbers_where_there_is_no_option():
    scores = torch.zeros(1, 3, requires_grad=True)
    barred = torch.tensor([[False, False, True]])
    told = scores.masked_fill(barred, float("-inf")).log_softmax(-1)
    goal = torch.tensor([[0.9, 0.1, 0.0]]).log()
    divergence(goal, told).sum().backward()
    assert torch.allclose(scores.grad, torch.tensor([[-0.4, 0.4, 0.0]]))
