import numpy as np
import pytest

from lichen.apps.recommend import Recommender
from lichen.apps.recommend_factors import FactorConfig
from lichen.apps.recommend_interactions import Interactions
from lichen.base.errors import ArtifactError, ConfigError, DataError
from lichen.data.graph import Graph

NUM_ITEMS, CONFIG = 10, FactorConfig(dim=8, ridge=0.2)
KINDS = ("sweet", "sour")


def likes(seed=0):
    """Forty users, half of whom like half of the sweet items, the others sour ones."""
    rng = np.random.default_rng(seed)
    for user in range(40):
        kind = KINDS[user % 2]
        for item in rng.permutation(NUM_ITEMS - 1)[: NUM_ITEMS // 2].tolist():
            yield f"user {user}", f"{kind} {item}", 1
        yield f"user {user}", f"{KINDS[1 - user % 2]} 0", 0


@pytest.fixture(scope="module")
def graph():
    items = [(f"{kind} {i}", "tastes", kind) for kind in KINDS for i in range(NUM_ITEMS)]
    return Graph.from_triples([*items, ("salt", "tastes", "salty"), ("lime", "tastes", "sour")])


@pytest.fixture(scope="module")
def made(graph):
    unseen = [f"{kind} {NUM_ITEMS - 1}" for kind in KINDS]
    return Recommender.fit(Interactions.of(likes()), graph, items=[*unseen, "salt"], config=CONFIG)


def test_an_item_without_interactions_is_placed_by_its_facts(made):
    sweet, sour = made.scores("user 0", ["sweet 9", "sour 9"])
    assert sweet > 2 * sour
    sweet, sour = made.scores("user 1", ["sweet 9", "sour 9"])
    assert sour > 2 * sweet
    assert made.scores("user 0", ["salt"]) == pytest.approx(0)


def test_without_the_graph_nothing_is_known_of_it():
    made = Recommender.fit(Interactions.of(likes()), items=["sweet 9"], config=CONFIG)
    assert made.scores("user 0", ["sweet 9"]) == pytest.approx(0)
    assert made.num_without_facts == len(made.items)


def test_items_without_a_shared_fact_are_counted(made):
    assert made.num_without_facts == 1
    assert repr(made) == "Recommender(40 users, 21 items, 1 of them without a shared fact)"


def test_a_new_user_is_served_as_a_known_one_with_the_same_likes(made):
    known = [made.items[i] for i in made.likes[made.users.id("user 3")]]
    assert made.scores(known) == pytest.approx(made.scores("user 3"))
    best = made.recommend(["sour 1"], 3)
    assert all(found.item.startswith("sour") for found in best)


def test_known_likes_and_hidden_items_are_left_out(made):
    known = {made.items[i] for i in made.likes[made.users.id("user 3")]}
    found = made.recommend("user 3", 100, hide=["sweet 2"])
    assert not ({x.item for x in found} & (known | {"sweet 2"}))
    assert len(found) == len(made.items) - len(known) - 1
    scores = [x.score for x in found]
    assert scores == sorted(scores, reverse=True)


def test_reasons_and_the_typical_user_sum_to_the_score(made):
    (found,) = made.recommend("user 0", 1, max_reasons=100)
    liked = made.likes[made.users.id("user 0")]
    item = made.items.id(found.item)
    others = made._parts(liked, np.array([item]))[0]
    unknown, mine = made._unknown, made.item_vectors[liked]
    ridge = made.config.ridge * (len(liked) + unknown * len(made.items)) ** 0.5
    matrix = sum(np.outer(v, v) for v in mine) + ridge * np.eye(CONFIG.dim)
    matrix = matrix + unknown * sum(np.outer(v, v) for v in made.item_vectors)
    typical = made.item_vectors[item] @ np.linalg.solve(matrix, ridge * made.typical)
    assert others.sum() + typical == pytest.approx(found.score)
    assert [r.weight for r in found.reasons] == pytest.approx(sorted(others[others > 0])[::-1])


def test_a_reason_names_people_and_the_path(made):
    found = next(x for x in made.recommend("user 0", 10) if x.item == "sweet 9")
    reason = found.reasons[0]
    (path,) = reason.paths
    assert reason.num_people == 0
    assert [tuple(f) for f in path] == [
        (reason.liked, "tastes", "sweet"),
        ("sweet 9", "tastes", "sweet"),
    ]
    assert str(path[0]) in str(found)
    other = made.recommend("user 0", 1)[0].reasons[0]
    users = [set(made.likes[u].tolist()) for u in range(len(made.users))]
    both = {made.items.id(other.liked), made.items.id(made.recommend("user 0", 1)[0].item)}
    assert other.num_people == sum(both <= mine for mine in users)


def test_newcomers_come_without_training(made, graph):
    more = made.with_items(graph, ["lime"])
    assert more.scores("user 1", ["lime"]) > 2 * more.scores("user 0", ["lime"])
    assert more.scores("user 1", ["sour 1"]) == pytest.approx(
        made.scores("user 1", ["sour 1"]), abs=0.05
    )
    found = next(x for x in more.recommend("user 1", 30) if x.item == "lime")
    assert "lime tastes sour" in str(found)
    with pytest.raises(DataError, match="items must be new; 'lime' is known"):
        more.with_items(graph, ["lime"])


def test_saved_and_loaded_it_is_the_same(made, tmp_path):
    loaded = Recommender.load(made.save(tmp_path / "saved"))
    assert np.array_equal(loaded.scores("user 7"), made.scores("user 7"))
    assert list(map(str, loaded.recommend("user 7"))) == list(map(str, made.recommend("user 7")))
    assert loaded.config == made.config
    (tmp_path / "saved" / "labels.json").write_text("{}")
    with pytest.raises(ArtifactError, match="must have the hash"):
        Recommender.load(tmp_path / "saved")


def test_fitted_twice_it_is_the_same(graph):
    again = Recommender.fit(Interactions.of(likes()), graph, items=["sweet 9"], config=CONFIG)
    twice = Recommender.fit(Interactions.of(likes()), graph, items=["sweet 9"], config=CONFIG)
    assert np.array_equal(again.item_vectors, twice.item_vectors)


def test_pairs_are_scored_as_users_are(made):
    pairs = Interactions.of([("user 0", "sweet 1"), ("user 1", "sweet 1", 0)])
    slow = [made.scores("user 0", ["sweet 1"])[0], made.scores("user 1", ["sweet 1"])[0]]
    assert made.score_pairs(pairs) == pytest.approx(slow)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.scores("user 99"), "user must be one of the 40 known; got 'user 99'"),
        (lambda m: m.scores("user 1", ["plum"]), "item must be one of the 21 known; got 'plum'"),
        (lambda m: m.scores([]), "at least one item that a new user likes; got an empty list"),
        (lambda m: m.recommend(["plum"]), "item must be one of the 21 known; got 'plum'"),
    ],
)
def test_what_is_unknown_is_named(made, call, message):
    with pytest.raises(DataError, match=message):
        call(made)


def test_bad_input_of_fit_is_one_line(graph):
    with pytest.raises(DataError, match="at least one pair must have the label 1; all 1 have 0"):
        Recommender.fit(Interactions.of([("ann", "sweet 1", 0)]), graph)
    with pytest.raises(DataError, match="graph must hold at least one fact"):
        Recommender.fit(Interactions.of([("ann", "sweet 1")]), Graph.from_triples([]))
    with pytest.raises(DataError, match="must name items as the interactions do"):
        Recommender.fit(Interactions.of([("ann", "Sweet One")]), graph)


def test_no_recommendations_are_refused(made):
    with pytest.raises(ConfigError, match=r"recommend\.k must be between 1"):
        made.recommend("user 1", 0)
