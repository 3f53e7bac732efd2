import pytest
import torch

from lichen.embedding.gnn.layer import Messages, make_layer

pytest.importorskip("torch_geometric")


def test_the_mean_over_drawn_edges_of_a_relation_counts_as_it_is_told():
    """Of two relations into one node the first is told thrice, the second half as loud."""
    layer = make_layer("rgcn", 4, num_relations=2)
    states = torch.randn(4, 4)
    messages = Messages(
        edges=torch.tensor([[1, 2, 3], [0, 0, 0]]),
        relation=torch.tensor([0, 0, 1]),
        share=torch.ones(3),
        of_mean=torch.tensor([3.0, 3.0, 0.5]),
        degree=torch.tensor([3.0, 0.0, 0.0, 0.0]),
        num_targets=1,
    )
    conv = layer.layer
    first, second = torch.einsum("rb,bij->rij", conv.comp, conv.weight)
    own = states[:1] @ conv.root + conv.bias
    expected = own + 3 * states[1:3].mean(0) @ first + 0.5 * states[3] @ second
    torch.testing.assert_close(layer(states, messages), expected)
