from lichen.data.query import Branch, Query, Step


def test_a_key_and_its_step_are_one_to_one():
    for step in (Step("capital"), Step("flows_through", forward=False), Step("a>b")):
        assert Step.of(step.key) == step


def test_a_query_shows_itself_on_one_line():
    query = Query("max", (Branch(1), Branch(2)), "area", is_union=True)
    assert str(query) == "max(#1 or #2 by area)"
    both = Query("select", (Branch(1, (Step("borders"),)), Branch(None, (), "river")))
    assert str(both) == "select(#1 borders> and river)"
