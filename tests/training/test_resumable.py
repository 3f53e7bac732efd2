import json

import numpy as np
import pytest
from transformers import TrainerCallback

from lichen.fusion.model import FusedModel
from lichen.lm.text_encoder import TextEncoder
from lichen.training.config import TrainConfig
from lichen.training.joined import ALONE
from lichen.training.learning import Learning
from lichen.training.loop import train
from lichen.training.predict import predict
from lichen.training.resumable import SECONDS
from lichen.training.run import Run
from lichen.training.trainer import make_trainer

CONFIG = TrainConfig(epochs=3, batch_size=64)


@pytest.mark.parametrize("settings", [{"lora": 2}, {"train_text": True}], ids=str)
def test_a_model_trained_in_half_precision_answers_as_it_does_once_loaded(
    world, tmp_path, monkeypatch, settings
):
    monkeypatch.setattr(TextEncoder, "uses_half", property(lambda _: True))
    text, nodes, corpus = world
    model = FusedModel(text, nodes, **settings)
    run = train(model, corpus.train, out=tmp_path, config=CONFIG)
    samples = corpus.test.samples(model.labels)
    assert np.allclose(predict(run, samples), predict(Run.load(tmp_path), samples), atol=1e-7)


def test_a_run_that_went_on_tells_loss_and_seconds_of_all_its_calls(world, tmp_path):
    text, nodes, corpus = world

    class Stop(TrainerCallback):
        def on_save(self, _args, _state, control, **_):
            control.should_training_stop = True

    def trainer_of(name):
        model = FusedModel(text, nodes, labels=corpus.labels())
        batcher = model.batcher()
        return make_trainer(
            Learning({ALONE: model}, weights={}, seed=0),
            batcher.items(corpus.train.samples(model.labels)),
            collate=batcher.collate,
            config=CONFIG,
            seed=0,
            folder=tmp_path / name,
            log=tmp_path / f"{name}.jsonl",
        )

    whole = trainer_of("whole")
    whole.train()
    cut = trainer_of("cut")
    cut.add_callback(Stop)
    cut.train()
    (checkpoint,) = (tmp_path / "cut").glob("checkpoint-*")
    state = checkpoint / "trainer_state.json"
    said = json.loads(state.read_text())
    (line,) = (x for x in said["log_history"] if SECONDS in x)
    line[SECONDS] += 1000.0
    state.write_text(json.dumps(said))
    rest = trainer_of("cut")
    rest.train(resume_from_checkpoint=checkpoint)
    assert rest.mean_loss == pytest.approx(whole.mean_loss, rel=1e-5)
    assert 1000.0 < rest.earlier_s < rest.seconds
    told = json.loads((tmp_path / "cut.jsonl").read_text().splitlines()[-1])
    assert told["train_loss"] == pytest.approx(whole.mean_loss, rel=1e-5)
    assert told["train_runtime"] > 1000.0
