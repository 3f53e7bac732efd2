import numpy as np
import pytest
import torch

from lichen.base.errors import ArtifactError, ConfigError
from lichen.data.corpus import Corpus, Document
from lichen.training.objectives.mask import (
    IGNORED,
    MaskedWords,
    WordHead,
    hidden_words,
    mask_token,
)
from lichen.training.objectives.windows import Windows


def test_words_are_hidden_whole(text, graph):
    doc = Document(id="a", text="big c1burg lies in l1burg .")
    window = Windows(text, Corpus((doc,)), graph, max_tokens=16)[0]
    tokens = text.tokenizer.convert_ids_to_tokens(window.ids.tolist())
    parts = {"c1": "##burg", "l1": "##burg"}
    hidden = [hidden_words(window, np.random.default_rng(i)) for i in range(60)]
    for hide in hidden:
        assert not hide[0]
        assert not hide[-1]
        assert len({word for word, one in zip(window.words, hide, strict=True) if one}) == 1
        for i, token in enumerate(tokens):
            if token in parts:
                assert hide[i] == hide[i + 1]
    assert np.any(hidden, axis=0)[1:-1].all()


def test_most_hidden_tokens_are_masked_some_changed_some_left(text, windows, graph):
    objective = MaskedWords(text, windows, graph)
    batch = objective.batch(np.arange(200) % len(windows), np.random.default_rng(0))
    hidden = batch["targets"] != IGNORED
    shown, true = batch["input_ids"][hidden], batch["targets"][hidden]
    assert 0.7 < (shown == objective.mask_id).float().mean() < 0.9
    assert 0.05 < (shown == true).float().mean() < 0.2
    alone = windows[0].ids
    assert batch["input_ids"][0][~hidden[0]].tolist() == alone[~hidden[0].numpy()].tolist()


def test_the_loss_is_the_cross_entropy_at_hidden_tokens(text, windows, graph):
    objective = MaskedWords(text, windows, graph)
    batch = objective.draw(0, size=4, seed=0)
    logits = objective.head(objective.states(batch), text.model.get_input_embeddings().weight)
    rows, columns = (batch["targets"] != IGNORED).nonzero(as_tuple=True)
    each = [
        -logits[i, j].log_softmax(-1)[batch["targets"][i, j]]
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    assert torch.allclose(objective.loss(batch), torch.stack(each).mean(), atol=1e-5)


def test_a_head_is_saved_and_loaded(text, tmp_path):
    head = WordHead(text)
    states, words = torch.randn(2, text.dim), text.model.get_input_embeddings().weight
    loaded = WordHead.load(head.save(tmp_path / "head"), text)
    assert torch.equal(head(states, words), loaded(states, words))


def test_a_head_of_another_model_is_refused(text, tmp_path):
    head = WordHead(text)
    head.bias = torch.nn.Parameter(torch.zeros(7))
    head.save(tmp_path)
    with pytest.raises(ArtifactError, match=r"word head of a model like 'tiny'.*got \(7,\)"):
        WordHead.load(tmp_path, text)


def test_a_tokenizer_without_mask_is_refused(text):
    text.tokenizer.mask_token = None
    with pytest.raises(ConfigError, match="'tiny': the tokenizer must have a mask token"):
        mask_token(text)
