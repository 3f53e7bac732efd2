from __future__ import annotations

import string
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.base import check
from lichen.base.config import from_mapping, load_config, to_toml
from lichen.base.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Link:
    candidates: int = 16
    min_cosine: float = 0.25

    def __post_init__(self):
        check.between("link.candidates", self.candidates, 1, 100)


@dataclass(frozen=True, kw_only=True)
class Job:
    name: str
    fusion: Literal["none", "gate"] = "gate"
    is_quick: bool = False
    seeds: tuple[int, ...] = (0, 1, 2)
    out: Path | None = None
    link: Link = Link()
    weights: dict[str, float] = field(default_factory=dict)
    stages: tuple[Link, ...] = ()


def written(tmp_path, text):
    path = tmp_path / "job.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_tables_defaults_and_widening(tmp_path):
    path = written(
        tmp_path,
        'name = "a"\nseeds = [3]\nout = "runs/x"\n[link]\nmin_cosine = 1\n'
        "[weights]\na = 2\n[[stages]]\ncandidates = 3\n",
    )
    assert load_config(Job, path) == Job(
        name="a",
        seeds=(3,),
        out=Path("runs/x"),
        link=Link(min_cosine=1.0),
        weights={"a": 2.0},
        stages=(Link(candidates=3),),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('nmae = "a"', r"nmae is not a key here; the keys are .*\. Did you mean 'name'\?"),
        ('name = "a"\n[link]\ncandidate = 3', "link.candidate is not .* Did you mean 'candidates'"),
        ("is_quick = true", r"name must be given; found nothing\. Add the key\."),
        ("name = 3", "name must be a text; got 3"),
        ('name = "a"\nis_quick = 1', "is_quick must be true or false; got 1"),
        ('name = "a"\nseeds = [true]', r"seeds\[0\] must be a whole number; got True"),
        ('name = "a"\nseeds = 3', "seeds must be a list; got 3"),
        ('name = "a"\nfusion = "gaet"', r"fusion must be one of none, gate; got 'gaet'\. Did you"),
        ('name = "a"\nlink = 3', "link must be a table; got 3"),
        ('name = "a"\nweights = 3', "weights must be a table; got 3"),
        ('name = "a"\nweights = {a = "x"}', "weights.a must be a number; got 'x'"),
        ('name = "a"\nout = 3', "out must be a path; got 3"),
        ('name = "a"\n[link]\ncandidates = 0', "link.candidates must be between 1 and 100; got 0"),
        ("name = ", "expected TOML, found: Invalid value"),
    ],
)
def test_bad_files(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message) as error:
        load_config(Job, written(tmp_path, text))
    assert str(error.value).startswith(f"{tmp_path / 'job.toml'}: ")


def test_missing_file(tmp_path):
    with pytest.raises(ConfigError, match="must be a readable TOML file; No such file"):
        load_config(Job, tmp_path / "none.toml")


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(
    st.builds(
        Job,
        name=names,
        fusion=st.sampled_from(["none", "gate"]),
        is_quick=st.booleans(),
        seeds=st.lists(st.integers(-(2**60), 2**60)).map(tuple),
        out=st.none() | st.text(string.ascii_letters + "/ü", min_size=1).map(Path),
        link=st.builds(Link, candidates=st.integers(1, 100), min_cosine=st.floats(-1, 1)),
        weights=st.dictionaries(names, st.floats(allow_nan=False), max_size=3),
        stages=st.lists(st.builds(Link, candidates=st.integers(1, 9)), max_size=2).map(tuple),
    )
)
@settings(deadline=None, max_examples=50)
def test_round_trip(job):
    import tomllib

    assert from_mapping(Job, tomllib.loads(to_toml(job))) == job


def test_what_has_no_form_in_toml():
    @dataclass
    class Odd:
        thing: object

    with pytest.raises(ConfigError, match=r"thing must be a text, a number, .* got object"):
        to_toml(Odd(object()))
