import json
from dataclasses import replace

import pytest

from lichen.base.errors import ChoiceError, ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.embedding.encoder import GraphEncoder
from lichen.jobs import fusions
from lichen.jobs.fusions import Contest, compare_fusions
from lichen.training.config import TrainConfig


@pytest.fixture(scope="module")
def contest(world, world_graph):
    text, nodes, corpus = world
    return Contest(
        text=text,
        nodes=nodes,
        graph=world_graph,
        corpora=[corpus],
        config=TrainConfig(epochs=12, batch_size=32, learning_rate=5e-3),
    )


def test_knowledge_that_texts_never_told_is_worth_it_and_runs_are_kept(
    contest, tmp_path, monkeypatch
):
    table = compare_fusions(contest, fusions=("gate", "neighbours"), out=tmp_path)
    assert {s.fusion for s in table.standings} == {"gate", "neighbours"}
    assert table.ranked[0].is_worth_it
    assert set(table.ranked[0].gains) == {"none", "shuffled", "count"}
    assert all(s.read_s is not None and s.read_s >= 0 for s in table.standings)
    assert any("the graph links" in str(leak) for leak in table.leaks)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert len(kept) == 3 + 2 * 9
    assert "none-none-0.json" in kept

    def refuse(*_args, **_more):
        raise AssertionError("a kept run must not be trained again")

    monkeypatch.setattr(fusions, "train", refuse)
    again = compare_fusions(contest, fusions=("gate", "neighbours"), out=tmp_path)
    assert again == table
    turned = replace(contest.graph, triples=contest.graph.triples[:, [2, 1, 0]])
    for change in ({"config": TrainConfig(epochs=1)}, {"graph": turned}):
        with pytest.raises(AssertionError, match="trained again"):
            compare_fusions(replace(contest, **change), fusions=("gate",), out=tmp_path)


def test_a_cut_comparison_goes_on_where_it_stopped(contest, tmp_path):
    short = replace(contest, config=TrainConfig(epochs=1), twins=("none",))
    compare_fusions(short, fusions=("add",), out=tmp_path)
    (tmp_path / "add-fused-1.json").unlink()
    before = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    compare_fusions(short, fusions=("add",), out=tmp_path)
    after = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert {name for name in after if after[name] != before.get(name)} == {"add-fused-1.json"}
    assert json.loads((tmp_path / "add-fused-1.json").read_text())["right"]


def test_folds_answer_every_training_document_once_and_choose(contest, tmp_path):
    corpus = contest.corpora[0]
    hidden = [replace(d, text="hidden", mentions=()) if d.split == "test" else d for d in corpus]
    held_out = replace(contest, corpora=[Corpus(tuple(hidden))], twins=("none",), folds=3)
    table = compare_fusions(held_out, fusions=("gate", "add"), out=tmp_path)
    assert table.num_examples == len(corpus.train)
    assert table.choice == table.ranked[0].fusion
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fold-0", "fold-1", "fold-2"]
    parts = [p.corpora[0] for p in held_out.rounds]
    assert sorted(d.id for c in parts for d in c.test) == sorted(d.id for d in corpus.train)
    by_hand = [
        compare_fusions(replace(contest, corpora=[c], twins=("none",)), fusions=("add",))
        for c in parts
    ]
    sizes = [len(c.test) for c in parts]
    scores = [[s * n for s in t.standings[0].scores] for t, n in zip(by_hand, sizes, strict=True)]
    (add,) = (s for s in table.standings if s.fusion == "add")
    assert add.scores == pytest.approx(
        [sum(x) / len(corpus.train) for x in zip(*scores, strict=True)]
    )
    total = sum(leak.total for t in by_hand for leak in t.leaks[:1])
    assert table.leaks[0].total == total


def test_knowledge_that_is_wrong_is_not_chosen(contest, world_graph):
    """Vectors of nothing help to remember what was said of a city, and tell nothing of others."""
    docs = contest.corpora[0].documents
    told = [replace(d, meta={"city": d.id.split("-")[0]}) for d in docs]
    blind = replace(
        contest,
        nodes=GraphEncoder("complex", world_graph, dim=16, seed=5),
        corpora=[Corpus(tuple(told))],
        twins=("none",),
        folds=3,
    )
    assert compare_fusions(blind, fusions=("gate", "add")).choice != "none"
    apart = replace(blind, together="city")
    assert compare_fusions(apart, fusions=("gate", "add")).choice == "none"
    with pytest.raises(DataError, match="meta must have the key 'cities'"):
        replace(apart, together="cities")
    with pytest.raises(ConfigError, match="together must stand beside folds; got 'city' alone"):
        replace(apart, folds=None)
    with pytest.raises(ConfigError, match=r"^folds must be .* 2"):
        replace(apart, folds=1)
    with pytest.raises(DataError, match="corpora must be one where folds are compared; got 3"):
        replace(apart, corpora=apart.corpora * 3)


def test_folds_ask_nothing_of_other_splits(contest):
    docs = [replace(d, label="odd") if d.split == "test" else d for d in contest.corpora[0]]
    twice = docs[0] if docs[0].split == "train" else next(d for d in docs if d.split == "train")
    docs.append(replace(twice, id="again"))
    short = replace(contest, config=TrainConfig(epochs=1), twins=("none",))
    table = compare_fusions(
        replace(short, corpora=[Corpus(tuple(docs))], folds=3), fusions=("add",)
    )
    assert table.num_examples == sum(doc.split == "train" for doc in docs)
    assert {leak.total for leak in table.leaks} == {table.num_examples}


def test_mentions_lost_are_told_fusions_alike_in_one_line(contest):
    short = replace(contest, config=TrainConfig(epochs=1), twins=("none",))
    assert compare_fusions(short, fusions=("add",)).lost == ()
    one = replace(short, settings={"mentions": 1})
    (line,) = compare_fusions(one, fusions=("add", "gate")).lost
    total = sum(len(doc.mentions) for doc in contest.corpora[0].test)
    beyond = total - len(contest.corpora[0].test)
    assert line == f"add, gate: {beyond} of {total} mentions come after the first 1 of their text"


def test_a_question_must_not_be_trained_on_and_tested_on(contest):
    docs = tuple(
        replace(doc, label="right" if doc.label == "true" else "wrong", meta={"question": name})
        for doc in contest.corpora[0]
        for name in [doc.id.split("-")[0]]
    )
    asked = replace(contest, corpora=[Corpus(docs)], task="choose", group="question")
    assert asked.model("gate", "shuffled", 1).config.group == "question"
    torn = tuple(replace(d, meta={"question": "q"}) for d in docs)
    with pytest.raises(DataError, match=r"question 'q' .* must lie in one split"):
        replace(asked, corpora=[Corpus(torn)])
    with pytest.raises(ConfigError, match="group must name the key of meta"):
        replace(asked, group=None)


def test_misuse_is_one_clear_line(contest):
    with pytest.raises(ChoiceError, match="Did you mean 'gate'"):
        compare_fusions(contest, fusions=("gat",))
    with pytest.raises(ChoiceError, match="got 'none'"):
        compare_fusions(contest, fusions=("none",))
    for wrong in ((), ("gate", "gate")):
        with pytest.raises(ConfigError, match=r"fusions must be some of adapter, .* each once"):
            compare_fusions(contest, fusions=wrong)
    with pytest.raises(ChoiceError, match=r"a setting must be .* Did you mean 'mentions'"):
        replace(contest, settings={"mentoins": 2})
    with pytest.raises(ChoiceError, match=r"special must be one of .* Did you mean 'gate'"):
        replace(contest, special={"gat": {"at": 1}})
    with pytest.raises(ChoiceError, match=r"special\['gate'\] must be .* Did you mean 'facts'"):
        replace(contest, special={"gate": {"at": 1, "fcats": 2}})
    with pytest.raises(ConfigError, match="at least 3 different numbers"):
        replace(contest, seeds=(0, 1))
    with pytest.raises(DataError, match="one for each of 3 seeds"):
        replace(contest, corpora=contest.corpora * 2)
    gone = contest.corpora[0].test[0]
    fewer = Corpus(tuple(d for d in contest.corpora[0] if d != gone))
    with pytest.raises(DataError, match="same test documents"):
        replace(contest, corpora=[contest.corpora[0], fewer, contest.corpora[0]])


def test_what_one_fusion_cannot_be_built_with_is_refused_before_any_is_trained(
    contest, monkeypatch
):
    monkeypatch.setattr(fusions, "train", lambda *_, **__: pytest.fail("trained"))
    monkeypatch.setattr(
        contest.text.model.config, "relative_attention_num_buckets", 32, raising=False
    )
    with pytest.raises(ConfigError, match="fusion 'input' must be told where each token stands"):
        compare_fusions(contest, fusions=("add", "input"))
    late = replace(contest, special={"add": {"at": 9}})
    with pytest.raises(ConfigError, match=r"fusion\.at must be .* got 9"):
        compare_fusions(late, fusions=("gate", "add"))


def test_what_no_fusion_could_learn_from_is_refused(contest):
    docs = contest.corpora[0].documents
    odd = tuple(replace(d, label="maybe") if d.split == "test" else d for d in docs)
    with pytest.raises(DataError, match=r"'maybe': must occur in the split 'train', .* of 'test'"):
        replace(contest, corpora=[Corpus(odd)])
    for split in ("train", "test"):
        bare = tuple(replace(d, mentions=()) if d.split == split else d for d in docs)
        with pytest.raises(DataError, match=rf"^{split}: at least one mention must be linked"):
            replace(contest, corpora=[Corpus(bare)])
