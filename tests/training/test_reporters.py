import pytest
from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK

from lichen.base.errors import ChoiceError, ConfigError
from lichen.fusion.model import FusedModel
from lichen.training import reporters
from lichen.training.config import TrainConfig
from lichen.training.loop import train
from lichen.training.reporters import installed, require_reporter


def test_a_reporter_that_can_be_used_is_let_through(monkeypatch):
    for name in ("none", "all", "tensorboard"):
        require_reporter(name)
    monkeypatch.setattr(reporters, "get_available_reporting_integrations", lambda: ["wandb"])
    for name in ("azureml", "flytekit"):
        monkeypatch.setattr(reporters, f"is_{name}_available", lambda: True)
    monkeypatch.setattr(reporters, "find_spec", lambda name: name)
    assert installed() == ["azure_ml", "comet_ml", "flyte", "wandb"]
    for name in installed():
        require_reporter(name)


def test_a_misspelt_reporter_is_told_all_and_the_nearest():
    with pytest.raises(ChoiceError) as caught:
        require_reporter("tensorbord")
    said = str(caught.value)
    assert said.startswith("train.report_to must be one of all, azure_ml, ")
    assert said.endswith("got 'tensorbord'. Did you mean 'tensorboard'?")


@pytest.mark.parametrize("name", sorted(INTEGRATION_TO_CALLBACK))
def test_a_reporter_that_is_not_there_is_one_line_that_says_what_to_do(name, monkeypatch):
    monkeypatch.setattr(reporters, "installed", lambda: ["tensorboard"] * (name != "tensorboard"))
    with pytest.raises(ConfigError) as caught:
        require_reporter(name)
    here = "none" if name == "tensorboard" else "tensorboard"
    packages = {"azure_ml": "azureml-sdk", "comet_ml": "comet-ml", "flyte": "flytekit"}
    packages |= {"dagshub": "dagshub mlflow"}
    how = f"Run: pip install {packages.get(name, name)}"
    if name == "kubeflow":
        how = "Train inside a Kubeflow TrainJob, which it reports to"
    assert str(caught.value) == (
        f"train.report_to must be 'none' or a reporter that is installed (here: {here}); got "
        f"{name!r}, which is not. {how}, or leave report_to out."
    )


def test_trackio_is_told_the_losses_of_a_run(world, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    storage = pytest.importorskip("trackio.sqlite_storage").SQLiteStorage
    text, nodes, corpus = world
    config = TrainConfig(epochs=2, report_to="trackio")
    train(FusedModel(text, nodes), corpus.train, out=tmp_path / "run", config=config)
    (name,) = storage.get_runs("huggingface")
    losses = [
        told["train/loss"] for told in storage.get_logs("huggingface", name) if "train/loss" in told
    ]
    assert len(losses) == 2
    assert losses[1] < losses[0]
