import pytest

from lichen.base.errors import ChoiceError, ConfigError
from lichen.fusion.config import FusedConfig, require_settings


def test_it_survives_json(tmp_path):
    config = FusedConfig(fusion="concat", at=2, labels=["a", "b"], seed=5)
    config.save_pretrained(tmp_path)
    again = FusedConfig.from_pretrained(tmp_path)
    assert (again.fusion, again.at, again.labels) == ("concat", 2, ["a", "b"])
    assert again.settings() == config.settings()


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"fusion": "concatt"}, ChoiceError, "Did you mean 'concat'"),
        ({"task": "clasify"}, ChoiceError, "Did you mean 'classify'"),
        ({"at": "middle"}, ConfigError, r"fusion\.at"),
        ({"head": "pool"}, ChoiceError, "Did you mean 'pooled'"),
        ({"select": "pagerang"}, ChoiceError, "Did you mean 'pagerank'"),
        ({"facts": 0}, ConfigError, r"fusion\.facts"),
        ({"mentions": -1}, ConfigError, r"fusion\.mentions"),
        ({"mentions": 0}, ConfigError, r"fusion\.mentions must be between 1 and 64; got 0"),
        ({"at": 2.5}, ConfigError, r"fusion\.at must be .* a hidden layer; got 2\.5"),
        (
            {"at": True},
            ConfigError,
            r"fusion\.at must be .* a hidden layer; got True",
        ),
        ({"drop": 1.0}, ConfigError, r"fusion\.drop"),
    ],
)
def test_bad_settings_stop_at_once(wrong, error, words):
    with pytest.raises(error, match=words):
        FusedConfig(**wrong)


def test_names_that_are_no_settings_are_refused():
    require_settings("a setting", ["facts", "group", "at"], more=("at",))
    with pytest.raises(ChoiceError, match=r"a setting must be one of .* Did you mean 'mentions'"):
        require_settings("a setting", ["seed", "mentoins"])


@pytest.mark.parametrize(
    ("settings", "keeps"),
    [
        ({"fusion": "input", "at": 2}, True),
        ({"fusion": "input", "at": "input"}, False),
        ({"fusion": "neighbours"}, False),
        ({"fusion": "neighbours", "select": "relevance"}, True),
    ],
    ids=str,
)
def test_what_reads_facts_is_kept_where_it_does(settings, keeps):
    assert FusedConfig(**settings).keeps_reader is keeps
