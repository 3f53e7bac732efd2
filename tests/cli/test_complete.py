"""`lichen complete`."""

import json

import pytest
from typer.testing import CliRunner

import lichen as li
from lichen.cli.main import app


def test_predicts_what_the_function_predicts(project, nodes, lichen):
    facts = project / "facts.tsv"
    out = lichen(
        "complete", "--nodes", nodes, "--head", "Norton", "--relation", "in", "--graph", facts,
        "--known", "show", "--top", 3, "--json",
    )  # fmt: skip
    encoder, graph = li.GraphEncoder.load(nodes), li.Graph.load(facts)
    expected = li.complete(encoder, "Norton", "in", None, graph=graph, known="show", top=3)
    assert json.loads(out) == [p._asdict() for p in expected]
    assert expected[0].label == "Redland"
    assert expected[0].is_known


def test_known_facts_are_hidden_and_the_table_says_so(project, nodes, lichen):
    out = lichen(
        "complete", "--nodes", nodes, "--relation", "in", "--tail", "Redland",
        "--graph", project / "facts.tsv",
    )  # fmt: skip
    assert out.split()[:3] == ["score", "probability", "known"]
    assert "Norton" not in out
    assert "yes" not in out


def test_probabilities_come_from_the_file_or_the_valid_split(tmp_path, lichen):
    facts = [f"a{i}\tnext\ta{(i + 1) % 12}\n" for i in range(12)]
    (tmp_path / "train.tsv").write_text("".join(facts[:9]))
    (tmp_path / "valid.tsv").write_text("".join(facts[9:]))
    folder = tmp_path / "n"
    lichen("embed", tmp_path, "--dim", 8, "--epochs", 2, "--out", folder)
    ask = ("complete", "--nodes", folder, "--head", "a1", "--relation", "next", "--json")
    fitted = json.loads(lichen(*ask, "--graph", tmp_path))
    assert all(0 <= p["probability"] <= 1 for p in fitted)
    (folder / "calibration.json").unlink(missing_ok=True)
    assert all(p["probability"] is None for p in json.loads(lichen(*ask)))
    encoder = li.GraphEncoder.load(folder)
    li.calibrate(encoder, li.Graph.load(tmp_path)).save(folder)
    assert all(p["probability"] is not None for p in json.loads(lichen(*ask)))


def test_an_unknown_label_is_told(nodes):
    arguments = ["complete", "--nodes", str(nodes), "--head", "Nortn", "--relation", "in"]
    with pytest.raises(li.LichenError, match="Did you mean 'Norton'"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_an_entity_without_a_vector_is_placed_by_its_facts(project, nodes, tmp_path):
    facts = tmp_path / "new.tsv"
    new = "Redland\thas\tNewton\nNewton\ttwinned\tNorton\nAlone\tin\tNowhere\n"
    facts.write_text((project / "facts.tsv").read_text() + new)
    arguments = ["complete", "--nodes", str(nodes), "--relation", "in", "--top", "3", "--json"]
    asked = CliRunner().invoke(
        app, [*arguments, "--head", "Newton", "--graph", str(facts)], catch_exceptions=False
    )
    assert asked.stderr == "lichen: entities without a vector, placed by their facts: 1.\n"
    grown = li.GraphEncoder.load(nodes).with_entities([("Redland", "has", "Newton")])
    expected = li.complete(grown, "Newton", "in", None, graph=li.Graph.load(facts), top=3)
    assert json.loads(asked.stdout) == [p._asdict() for p in expected]
    assert expected[0].label == "Redland"
    answers = [
        "complete",
        "--nodes",
        str(nodes),
        "--relation",
        "in",
        "--tail",
        "Redland",
        "--graph",
        str(facts),
        "--json",
    ]
    told = json.loads(CliRunner().invoke(app, answers, catch_exceptions=False).stdout)
    assert "Newton" in [p["label"] for p in told]
    with pytest.raises(
        li.LichenError, match=r"'Alone' must have a vector, or .*\. Add such a fact"
    ):
        CliRunner().invoke(
            app, [*arguments, "--head", "Alone", "--graph", str(facts)], catch_exceptions=False
        )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--head", "Newtn", "--relation", "in"], "Did you mean 'Newton'"),
        (["--head", "Newton", "--relation", "inn"], "Did you mean 'in'"),
        (["--head", "Newton"], "exactly one of head, relation and tail must be None"),
        (["--head", "Later", "--relation", "in"], "an entity that was trained"),
    ],
)
def test_a_question_is_checked_before_entities_are_placed(project, nodes, tmp_path, asked, told):
    facts = tmp_path / "new.tsv"
    facts.write_text(
        (project / "facts.tsv").read_text() + "Redland\thas\tNewton\nLater\tin\tNewton\n"
    )
    arguments = ["complete", "--nodes", str(nodes), "--graph", str(facts), *asked]
    result = CliRunner().invoke(app, arguments)
    assert told in str(result.exception)
    assert "placed by their facts" not in result.stderr


def test_an_entity_is_placed_beside_a_valid_split(tmp_path, lichen):
    facts = [f"a{i}\tnext\ta{(i + 1) % 12}\n" for i in range(12)]
    (tmp_path / "train.tsv").write_text("".join(facts[:9]))
    (tmp_path / "valid.tsv").write_text("".join(facts[9:]))
    lichen("embed", tmp_path, "--dim", 8, "--epochs", 2, "--out", tmp_path / "n")
    (tmp_path / "train.tsv").write_text("".join([*facts[:9], "new\tnext\ta3\n"]))
    (tmp_path / "valid.tsv").write_text("".join([*facts[9:], "later\tnext\ta3\n"]))
    ask = ("complete", "--nodes", tmp_path / "n", "--relation", "next", "--graph", tmp_path)
    told = json.loads(lichen(*ask, "--head", "new", "--json"))
    assert all(0 <= p["probability"] <= 1 for p in told)
    assert "later" not in [p["label"] for p in told]
    (tmp_path / "n" / "calibration.json").unlink()
    told = json.loads(lichen(*ask, "--head", "new", "--json"))
    assert all(p["probability"] is None for p in told)


def test_brackets_in_a_label_are_shown_as_they_are(tmp_path, lichen):
    (tmp_path / "facts.tsv").write_text("a\tnext\t[red]b\n[red]b\tnext\ta\n")
    lichen("embed", tmp_path / "facts.tsv", "--dim", 4, "--epochs", 1, "--out", tmp_path / "n")
    assert "[red]b" in lichen(
        "complete", "--nodes", tmp_path / "n", "--head", "a", "--relation", "next"
    )


def test_a_prior_and_a_path_model_are_asked_as_an_encoder_is(tmp_path, lichen):
    facts = [f"a{i}\tnext\ta{(i + 1) % 12}\n" for i in range(12)]
    (tmp_path / "train.tsv").write_text("".join(facts[:9]))
    (tmp_path / "valid.tsv").write_text("".join(facts[9:]))
    graph = li.Graph.load(tmp_path)
    prior = li.fit_prior(li.GraphEncoder("complex", graph, dim=8), graph)
    paths = li.PathModel(graph, dim=8, num_layers=2)
    asked = ("--head", "a1", "--relation", "next", "--json", "--top", 2)
    for model, name in ((prior, "prior"), (paths, "paths")):
        folder = model.save(tmp_path / name)
        out = json.loads(lichen("complete", "--nodes", folder, *asked, "--graph", tmp_path))
        calibrator = li.calibrate(model, graph)
        expected = li.complete(model, "a1", "next", None, graph=graph, top=2, calibrator=calibrator)
        assert [p["label"] for p in out] == [p.label for p in expected]
        assert [p["score"] for p in out] == pytest.approx([p.score for p in expected])
    arguments = ["complete", "--nodes", str(folder), "--head", "a1", "--relation", "next"]
    with pytest.raises(
        li.LichenError, match=r"graph must be given for the path model in .*--graph"
    ):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
