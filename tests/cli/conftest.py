"""A small project of a user's own: facts, labelled texts, and the folder they lie in."""

import csv
import random
import shutil

import pytest
from typer.testing import CliRunner

from lichen.cli.main import app
from lichen.store import Store

CITIES = [f"{a}{b}" for a in ("Nor", "Sol", "Vel", "Tam", "Ker") for b in ("ton", "burg", "ville")]
COUNTRIES = ["Redland", "Blueland", "Greenland"]


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    facts = [(city, "in", COUNTRIES[i % 3]) for i, city in enumerate(CITIES)]
    facts += [(country, "has", city) for city, _, country in facts]
    (folder / "facts.tsv").write_text("".join("\t".join(f) + "\n" for f in facts))
    draw = random.Random(0)
    with (folder / "texts.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "label", "split"])
        for i in range(90):
            city = draw.randrange(len(CITIES))
            split = ("train", "train", "train", "valid", "test")[i % 5]
            label = COUNTRIES[city % 3]
            rows.writerow([i, f"The fair number {i} was held in {CITIES[city]}.", label, split])
    return folder


@pytest.fixture(scope="session")
def lichen():
    def call(*arguments):
        done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return call


@pytest.fixture(scope="session")
def nodes(project, lichen):
    folder = project / "nodes"
    lichen("embed", project / "facts.tsv", "--dim", 16, "--epochs", 30, "--out", folder)
    return folder


@pytest.fixture(scope="session")
def finished(project, nodes, lichen):
    folder = project / "run"
    lichen(
        "train", project / "texts.csv", "--graph", project / "facts.tsv", "--nodes", nodes,
        "--out", folder,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def finished_answerer(answerer_folder, lands, tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    shutil.copytree(answerer_folder, folder / "answerer")
    with Store.open(folder / "facts.db") as store:
        store.add_graph(lands)
    return folder
