"""Consistency: a text must be judged alike when words or links of it are hidden."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import ConfigError, DataError
from lichen.data.corpus import Corpus
from lichen.data.vocabulary import Vocabulary
from lichen.fusion.batch import Batch, to_device
from lichen.fusion.known import NONE
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import require_links
from lichen.fusion.tasks.classify import class_labels, require_classify
from lichen.training.config import TrainConfig
from lichen.training.soft import fit_items

PAPER = "Xie et al., 2019, arXiv:1904.12848 (UDA, with hidden words in place of translation)"


def consistency(
    model: FusedModel,
    labelled: Corpus,
    unlabelled: Corpus,
    *,
    weight: float = 1.0,
    hide: float = 0.3,
    threshold: float = 0.8,
    temperature: float = 0.4,
    config: TrainConfig | None = None,
) -> FusedModel:
    """Train a model on labels, and on agreeing with itself about unlabelled texts.

    Each step adds the task's loss on a batch of labelled documents to weight * KL(p || q) on a
    batch of unlabelled ones: p is the model's answer to the whole text, sharpened and not moved
    by the loss, q its answer with a share of the words and of the entity links hidden, for which
    no text is read anew. Texts of which p is unsure do not count.

    Use when the class shows in more than one place of a text; not when one word decides it.

    Args:
        model: what to train, in place; the seed is its own.
        labelled: documents with labels.
        unlabelled: documents; their labels, if any, are not read.
        weight: of the consistency beside the task.
        hide: share of the tokens outside mentions, and of the links, that are hidden, 0 to 1.
        threshold: least probability of p's likeliest class, 0 to 1.
        temperature: below 1 sharpens p.
        config: an epoch is one pass over the unlabelled documents; None takes the defaults.

    Returns:
        The model.

    Raises:
        ConfigError: a setting is out of its bounds, or the model has no classes.
        DataError: the labelled documents teach nothing, none is unlabelled, or none has a link.
        LichenError: the loss is no longer a number.
    """
    _check(weight=weight, hide=hide, threshold=threshold, temperature=temperature)
    labels = _labels(model, labelled, unlabelled)
    settings, batcher = config or TrainConfig(), model.batcher()
    known = batcher.items(labelled.samples(labels))
    bare = Corpus(tuple(replace(doc, label=None) for doc in unlabelled))
    texts = batcher.items(bare.samples(labels))
    model.align([*known, *texts], collate=batcher.collate)
    draw = torch.Generator().manual_seed(model.config.seed)

    def loss(batch: Batch, _rows: Tensor) -> Tensor:
        size = min(len(known), settings.batch_size)
        rows = torch.randint(len(known), (size,), generator=draw).tolist()
        told = to_device(batcher.collate([known[i] for i in rows]), model.text.device)
        seen, sure = model(**perturbed(batch, share=hide, draw=draw)).logits, _answers(model, batch)
        apart = agreement(seen, sure, threshold=threshold, temperature=temperature)
        supervised: Tensor = model(**told).loss
        return supervised + weight * apart

    fit_items(
        model, texts, collate=batcher.collate, loss=loss, config=settings, seed=model.config.seed
    )
    return model


def _check(**settings: float) -> None:
    for key in ("weight", "temperature"):
        check.between(f"consistency.{key}", settings[key], 1e-3, 1000.0)
    for key in ("hide", "threshold"):
        check.between(f"consistency.{key}", settings[key], 0.0, 1.0)


def _labels(model: FusedModel, labelled: Corpus, unlabelled: Corpus) -> Vocabulary:
    """Return the classes, when model and documents are fit for training."""
    require_classify(model.config.task, "consistency")
    if model.labels is None:
        raise ConfigError("consistency: the model must have its classes; got None. Pass labels=...")
    if not len(unlabelled):
        raise DataError("consistency: there must be one unlabelled document at least; got none.")
    labels = class_labels(labelled, model.labels)
    require_links("consistency", labelled, unlabelled, fusion=model.config.fusion)
    return labels


@torch.no_grad()
def _answers(model: FusedModel, batch: Batch) -> Tensor:
    """Return the probabilities of whole texts, with nothing dropped."""
    model.eval()
    found: Tensor = model(**batch).logits.softmax(-1)
    model.train()
    return found


def perturbed(batch: Batch, *, share: float, draw: torch.Generator) -> Batch:
    """Return a batch with a share of its words and of its links hidden.

    Args:
        batch: of any task; left as it is.
        share: of the tokens outside mentions, the first of each text never, and of the linked
            mentions, 0 to 1.
        draw: where the choice comes from.
    """
    mask, entities = batch["attention_mask"], batch["entities"]
    hidden = torch.rand(mask.shape, generator=draw).to(mask.device) < share
    hidden &= batch["mention_of"] < 0
    hidden[:, 0] = False
    cut = torch.rand(entities.shape, generator=draw).to(entities.device) < share
    out = batch.copy()
    out["attention_mask"] = mask.masked_fill(hidden, 0)
    out["entities"] = entities.masked_fill(cut, NONE)
    return out


def agreement(seen: Tensor, sure: Tensor, *, threshold: float, temperature: float) -> Tensor:
    """Return the mean KL divergence between sharpened answers and those to hidden texts.

    Args:
        seen: `(batch, classes)` logits of the texts with parts hidden.
        sure: `(batch, classes)` probabilities of the whole texts.
        threshold: rows whose likeliest class is less likely count as 0.
        temperature: below 1 sharpens `sure`.
    """
    counts = (sure.amax(-1) >= threshold).to(seen.dtype)
    goal = (sure.clamp(min=1e-9).log() / temperature).softmax(-1)
    apart = nn.functional.kl_div(seen.log_softmax(-1), goal, reduction="none").sum(-1)
    return (apart * counts).mean()
