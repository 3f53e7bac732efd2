import numpy as np
import pytest

from lichen.base.errors import ConfigError
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.model import FusedModel
from lichen.training.predict import find_spans, lost_mentions, predict
from lichen.training.run import Run


def test_probabilities_do_not_depend_on_the_batch(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels())
    samples = corpus.test.samples(corpus.labels())
    found = predict(model, samples)
    assert found.shape == (len(samples), 2)
    assert np.allclose(found.sum(1), 1.0)
    assert np.allclose(np.concatenate([predict(model, [s]) for s in samples]), found, atol=1e-5)
    run = Run(model=model, data=corpus, config=None)
    assert np.array_equal(predict(run, samples), found)
    assert predict(model, []).shape == (0, 2)


def test_mentions_that_are_not_looked_at_are_told(world):
    text, nodes, corpus = world
    samples = corpus.test.samples(corpus.labels())
    total = sum(len(sample.mentions) for sample in samples)
    said = f"lost: {total - len(samples)} of {total} mentions come after the first 1 of their text"
    model = FusedModel(text, nodes, labels=corpus.labels(), mentions=1)
    with pytest.warns(UserWarning, match=said) as told:
        predict(model, samples)
    assert told[0].filename == __file__
    tagger = FusedModel(text, nodes, task="tag", labels=Vocabulary(["a", "b"]), mentions=1)
    with pytest.warns(UserWarning, match=said):
        find_spans(tagger, samples)


def test_a_model_without_classes_is_refused(world):
    with pytest.raises(ConfigError, match="Train the model"):
        predict(FusedModel(world[0], world[1]), [])


def test_a_corpus_is_asked_as_its_samples_are(world):
    text, nodes, corpus = world
    model = FusedModel(text, nodes, labels=corpus.labels())
    samples = corpus.test.samples(corpus.labels())
    assert np.array_equal(predict(model, corpus.test), predict(model, samples))
    assert np.array_equal(predict(model, iter(samples)), predict(model, samples))
    assert lost_mentions(model, corpus.test) == lost_mentions(model, samples)
    tagger = FusedModel(text, nodes, task="tag", labels=Vocabulary(["a", "b"]))
    assert find_spans(tagger, iter(corpus.test)) == find_spans(tagger, samples)
    for ask in (predict, lost_mentions):
        with pytest.raises(ConfigError, match="samples must be of type Iterable; got int"):
            ask(model, 5)
