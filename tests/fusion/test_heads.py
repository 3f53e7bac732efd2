import pytest

from lichen.fusion.config import FusedConfig
from lichen.fusion.head import PairsHead
from lichen.fusion.heads import make_head
from lichen.fusion.matched import MatchedHead
from lichen.fusion.pooled import PooledHead
from lichen.fusion.token_head import TokenHead


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pairs", PairsHead),
        ("pooled", PooledHead),
        ("matched", MatchedHead),
        ("token", TokenHead),
    ],
)
def test_the_head_is_the_one_configured_and_as_wide(nodes, name, kind):
    config = FusedConfig(fusion="add", head=name, hidden=7, mentions=3)
    head = make_head(config, 16, nodes, 5)
    assert isinstance(head, kind)
    assert (head.inner.out_features, head.outer.out_features) == (7, 5)
