import pytest

from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus, Document, Mention, Span
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import default_point, require_links, scales_of


def test_a_method_reads_as_late_as_it_can(text):
    points = {name: default_point(name, text) for name in ("gate", "input", "entity_tokens")}
    assert points == {"gate": "output", "input": 2, "entity_tokens": 1}


@pytest.mark.parametrize(("head", "spread"), [("pairs", 1.0), ("pooled", 0.3)])
def test_sizes_bring_the_spread_to_what_the_head_wants(nodes, head, spread):
    entity, relation = scales_of(nodes, head=head)
    assert float(nodes.vectors().detach().std()) * entity == pytest.approx(spread)
    assert float(nodes.relation_table.detach().std()) * relation == pytest.approx(spread)
    assert scales_of(None, head=head) == (1.0, 1.0)


def test_a_graph_of_other_entities_or_none_is_refused(text, nodes):
    other = Graph.from_triples([("ada", "knows", "bob")])
    with pytest.raises(DataError, match="must be the one that was embedded"):
        FusedModel(text, nodes, graph=other, fusion="neighbours")
    empty = Graph(entities=nodes.entities, relations=nodes.relations, triples=[])
    with pytest.raises(DataError, match="at least one fact"):
        FusedModel(text, nodes, graph=empty, fusion="neighbours")


def test_what_is_no_language_model_or_no_encoder_is_refused(text, nodes, graph):
    for wrong in ("bert", text.model):
        with pytest.raises(ConfigError, match="text must be of type TextEncoder; got"):
            FusedModel(wrong, nodes)
    for wrong in (graph, "nodes"):
        with pytest.raises(ConfigError, match="nodes must be of type GraphEncoder; got"):
            FusedModel(text, wrong)


def test_vectors_of_an_empty_graph_are_refused(text):
    empty = GraphEncoder("complex", Graph.from_triples([]), dim=4)
    with pytest.raises(DataError, match="nodes must have vectors of entities and relations; got 0"):
        FusedModel(text, empty, fusion="gate")


def test_points_that_do_not_suit_are_refused(text, nodes, graph):
    with pytest.raises(ConfigError, match="before the last"):
        FusedModel(text, nodes, fusion="entity_tokens", at=3)
    for at in ("output", 3):
        with pytest.raises(ConfigError, match="before the last"):
            FusedModel(text, nodes, graph=graph, fusion="input", at=at)
    with pytest.raises(ConfigError, match="from 1 to 3"):
        FusedModel(text, nodes, at=-1)


def test_vectors_of_another_width_pass_where_facts_are_not_read(text, graph):
    small = GraphEncoder("transe", graph, dim=3)
    assert FusedModel(text, small, graph=graph, fusion="add").fusion.entity_dim == 3


def test_texts_without_any_linked_mention_are_refused_unless_nothing_is_read():
    span = Span(0, 3)
    unlinked = Document(id="1", text="ada knows", mentions=(Mention(span, None),))
    linked = Document(id="2", text="ada knows", mentions=(Mention(span, 0),))
    bare = Corpus((unlinked, Document(id="3", text="bob")))
    none = (
        "train: at least one mention must be linked to an entity, for fusion 'gate' to read what "
        "the graph knows; of 1 mentions in 2 documents none is. "
    )
    names = (
        "give entities the names by which the texts call them (labels or aliases in the graph), "
        "or link by Linker(graph, text, config=LinkConfig(...)) with a lower min_probability or "
        "min_similarity, or with vector_candidates"
    )
    for is_linked, fix in (
        (
            False,
            f"Link the corpus, as by Linker(graph, text).link(corpus); if that finds none, {names}",
        ),
        (True, f"The linker was run and found none: {names} and give the corpus that it returns"),
    ):
        with pytest.raises(DataError) as caught:
            require_links("train", bare, fusion="gate", is_linked=is_linked)
        assert str(caught.value) == f"{none}{fix}, or use fusion='none'."
    require_links("train", bare, fusion="none")
    require_links("train", bare, Corpus((linked,)))
