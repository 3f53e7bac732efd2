"""Consistency: a text must be judged alike when words or links of it are hidden."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

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
from lichen.training.beside import Beside, BesideLoss
from lichen.training.config import TrainConfig, require_run
from lichen.training.soft import fit_items

PAPER = "Xie et al., 2019, arXiv:1904.12848 (UDA, with hidden words in place of translation)"


@dataclass(frozen=True, kw_only=True)
class ConsistencyConfig(TrainConfig):
    """Settings of `consistency`; an epoch is one pass over the unlabelled documents.

    Raises:
        ConfigError: a value is out of its bounds; the message starts with its key.
    """

    weight: float = 1.0
    """Of the consistency beside the task."""
    hide: float = 0.3
    """Share of the tokens outside mentions, and of the links, that are hidden, 0 to 1."""
    threshold: float = 0.8
    """Least probability of the likeliest class of a text that counts, 0 to 1."""
    temperature: float = 0.4
    """Below 1 sharpens the answer to the whole text."""

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        super().__post_init__()
        check.between("consistency.weight", self.weight, 1e-3, 1000.0)
        check.between("consistency.hide", self.hide, 0.0, 1.0)
        check.between("consistency.threshold", self.threshold, 0.0, 1.0)
        check.between("consistency.temperature", self.temperature, 1e-3, 1000.0)


def consistency(
    model: FusedModel,
    labelled: Corpus,
    unlabelled: Corpus,
    *,
    config: ConsistencyConfig | None = None,
    beside: Beside | None = None,
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
        config: the settings; None takes the defaults.
        beside: what the language model learns too, such as a graph's facts; or None.

    Returns:
        The model.

    Raises:
        ConfigError: the settings are of another type, the model has no classes, or there is
            `beside` for a frozen language model.
        DataError: the labelled documents teach nothing, none is unlabelled, none has a link, or an
            objective beside has nothing to learn from.
        LichenError: the loss is no longer a number.
    """
    labels, seed = _labels(model, labelled, unlabelled), model.config.seed
    settings, batcher = config or ConsistencyConfig(), model.batcher()
    require_run("consistency", settings, ConsistencyConfig, seed)
    more = None if beside is None else BesideLoss(beside, model, seed=seed)
    known = batcher.items(labelled.samples(labels))
    bare = Corpus(tuple(replace(doc, label=None) for doc in unlabelled))
    texts = batcher.items(bare.samples(labels))
    model.align([*known, *texts], collate=batcher.collate)
    draw = torch.Generator().manual_seed(seed)

    def loss(batch: Batch, _rows: Tensor) -> Tensor:
        size = min(len(known), settings.batch_size)
        rows = torch.randint(len(known), (size,), generator=draw).tolist()
        told = to_device(batcher.collate([known[i] for i in rows]), model.text.device)
        seen = model(**perturbed(batch, share=settings.hide, draw=draw)).logits
        sure = _answers(model, batch)
        apart = agreement(
            seen, sure, threshold=settings.threshold, temperature=settings.temperature
        )
        supervised: Tensor = model(**told).loss
        return supervised + settings.weight * apart

    fit = partial(fit_items, model, texts, loss=loss, beside=more)
    fit(collate=batcher.collate, config=settings, seed=seed)
    return model


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
        share: of the tokens outside mentions, those that open and close a text never, and of the
            linked mentions, 0 to 1.
        draw: where the choice comes from.
    """
    mask, entities = batch["attention_mask"], batch["entities"]
    hidden = torch.rand(mask.shape, generator=draw).to(mask.device) < share
    hidden &= (batch["mention_of"] < 0) & mask.bool()
    last = mask.sum(1, keepdim=True) - 1
    hidden = hidden.scatter(1, last, value=False)
    hidden[:, 0] = False
    cut = torch.rand(entities.shape, generator=draw).to(entities.device) < share
    out = batch.copy()
    out["attention_mask"] = mask.masked_fill(hidden, 0)
    out["entities"] = entities.masked_fill(cut, NONE)
    if "visible" in batch:  # facts as words: who sees whom is told pair by pair
        unseen = torch.zeros_like(batch["visible"][:, 0])
        unseen[:, : mask.shape[1]] = hidden
        pairs = batch["visible"] & ~unseen.unsqueeze(1)
        out["visible"] = pairs | torch.diag_embed(unseen)  # a row that sees nothing is NaN
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
