"""Masked-word adaptation: unlabelled texts to an encoder that knows their words."""

from __future__ import annotations

import numpy as np

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Document
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.lm.text_encoder import TextEncoder
from lichen.training.joint import PretrainConfig
from lichen.training.pretrain import pretrain

PAPER = "Gururangan et al., 2020, arXiv:2004.10964 (task-adaptive pretraining)"


def adapt_text(
    text: TextEncoder,
    unlabelled: Corpus,
    *,
    config: PretrainConfig | None = None,
    seed: int = 0,
) -> TextEncoder:
    """Go on training an encoder on masked words of unlabelled texts, without a graph.

    What comes back goes where the encoder given went, such as into `FusedModel`, which is then
    trained on the labels as usual.

    Use when texts without labels are many and worded unlike what the encoder has read. `pretrain`
    is for a graph to learn from beside the texts, and for a run to be kept in a folder.

    Args:
        text: the encoder to begin with; it is copied.
        unlabelled: documents; their labels and mentions, if any, are not read.
        config: the settings; None takes the defaults.
        seed: of the start of the head for masked words, of the order, of masking and of dropout.

    Returns:
        The adapted encoder, in evaluation mode.

    Raises:
        ConfigError: the tokenizer has no mask token.
        DataError: no document has a word.
        LichenError: the loss is no longer a number.
    """
    bare = tuple(Document(id=doc.id, text=doc.text) for doc in unlabelled if doc.text.strip())
    if not bare:
        raise DataError(
            "adapt_text: one unlabelled document at least must have words; got none among "
            f"{len(unlabelled)}. Give texts of the task."
        )
    none = np.empty((0, 3), dtype=np.int64)
    empty = Graph(entities=Vocabulary([]), relations=Vocabulary([]), triples=none)
    only = {"mask": 1.0}
    return pretrain(text, Corpus(bare), empty, objectives=only, seed=seed, config=config).text
