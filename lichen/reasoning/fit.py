"""Train the matcher on questions with known queries."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import DataError
from lichen.base.progress import track
from lichen.data.atlas.questions import Question, QuestionSet
from lichen.lm.text_encoder import TextEncoder
from lichen.reasoning.actions import (
    CONTROLS,
    MAX_POINTERS,
    Category,
    Inventory,
    State,
    describe,
    write,
)
from lichen.reasoning.features import Decoys, Masked, Seen, mask_mentions, see
from lichen.reasoning.matcher import FAR, Batch, Matcher, collate
from lichen.reasoning.view import FactView


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """How the matcher is trained."""

    epochs: int = 6
    batch_size: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    smoothing: float = 0.02
    """Probability spread over all allowed actions."""
    limit_s: float = 600.0
    """Training ends after the epoch that passes this time."""

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        check.whole("match.epochs", self.epochs, 1, 1000)
        check.whole("match.batch_size", self.batch_size, 1, 65536)
        check.between("match.learning_rate", self.learning_rate, 1e-7, 1.0)
        check.between("match.smoothing", self.smoothing, 0.0, 0.5)


class Example(NamedTuple):
    """One masked question with the actions to write."""

    seen: Seen
    actions: tuple[int, ...]


class Targets(NamedTuple):
    """The actions of a batch, padded with -1, and what the grammar allows at each place."""

    actions: Tensor
    """`(questions, length)` int."""
    allowed: Tensor
    """`(questions, length, categories)` bool."""
    num_pointers: Tensor
    """`(questions,)` int."""


class Labels(NamedTuple):
    """The label side of the matcher for one inventory."""

    inventory: Inventory
    vectors: Tensor
    """`(labels, text_dim)` float32."""
    known: Tensor
    """`(labels,)` residual rows."""
    categories: Tensor
    """`(actions,)` int."""


def labels_of(
    view: FactView,
    text: TextEncoder,
    trained: Sequence[str] | None = None,
    vectors: Tensor | None = None,
) -> Labels:
    """Return the labels of a view with their vectors.

    Args:
        view: the facts.
        text: the frozen encoder.
        trained: labels that have a residual, in its order; None is all of this view.
        vectors: `(trained, text_dim)` learned vectors; a label without one gets that of its
            description.
    """
    inventory = Inventory.of(view)
    place = {label: i for i, label in enumerate(inventory.labels if trained is None else trained)}
    words = [describe(label, view) for label in inventory.labels]
    found = torch.from_numpy(text.encode(words))
    for row, label in enumerate(inventory.labels):
        if vectors is not None and label in place:
            found[row] = vectors[place[label]]
    return Labels(
        inventory,
        found,
        torch.tensor([place.get(label, len(place)) for label in inventory.labels]),
        torch.from_numpy(inventory.categories()),
    )


def examples_of(
    questions: QuestionSet, view: FactView, text: TextEncoder, inventory: Inventory
) -> list[Example]:
    """Return distinct masked questions with their actions.

    Args:
        questions: with gold mentions and queries.
        view: the facts, for the types of mentions.
        text: the frozen encoder.
        inventory: of the view.

    Raises:
        DataError: a query does not fit the view, or there are no questions.
    """
    index = inventory.index()
    decoys = Decoys(view)
    found: dict[tuple[str, tuple[int, ...]], Masked] = {}
    for question in questions:
        both = dict.fromkeys((question.mentions, decoys.add(question.text, question.mentions)))
        for mentions in both:
            masked = mask_mentions(question.text, mentions, view)
            places = {m.entity: i for i, m in reversed(list(enumerate(mentions[:MAX_POINTERS])))}
            pointers = {e: inventory.first_pointer + i for e, i in places.items() if e is not None}
            if _names(question, places):
                actions = tuple(write(question.query, pointers, index))
                found.setdefault((masked.text, actions), masked)
    if not found:
        raise DataError("matcher: there must be questions to train on; got none.")
    masked_all = list(found.values())
    seen = see(masked_all, text)
    return [Example(one, key[1]) for one, key in zip(seen, found, strict=True)]


def _names(question: Question, places: Mapping[int | None, int]) -> bool:
    """Say whether every anchor of a question's query has a place among its mentions."""
    branches = question.query.branches if question.query else ()
    return all(branch.anchor is None or branch.anchor in places for branch in branches)


def gathered(labels: Labels, examples: Sequence[Example]) -> Labels:
    """Return labels whose vectors are the mean of their description and their short questions.

    Args:
        labels: with the vectors of their descriptions.
        examples: of which those with a single label count.
    """
    last = labels.inventory.first_pointer
    first = last - len(labels.vectors)
    sums, counts = labels.vectors.clone(), torch.ones(len(labels.vectors), 1)
    for example in examples:
        used = [action - first for action in example.actions if first <= action < last]
        if len(used) == 1:
            mean = nn.functional.normalize(example.seen.states.float().mean(0), dim=-1)
            sums[used[0]] += mean
            counts[used[0]] += 1
    return labels._replace(vectors=nn.functional.normalize(sums / counts, dim=-1))


def targets_of(examples: Sequence[Example], categories: Tensor) -> Targets:
    """Return padded actions with what the grammar allows before each."""
    length = max(len(example.actions) for example in examples)
    kinds = tuple(categories.tolist())
    actions, allowed = [], []
    for example in examples:
        left = length - len(example.actions)
        actions.append([*example.actions, *[-1] * left])
        allowed.append(
            [*_allowed(tuple(kinds[a] for a in example.actions), example.actions[0])]
            + [(False,) * len(Category)] * left
        )
    counts = torch.tensor([int(example.seen.pointers.max()) for example in examples])
    return Targets(torch.tensor(actions), torch.tensor(allowed), counts)


@lru_cache(maxsize=4096)
def _allowed(kinds: tuple[int, ...], operation: int) -> tuple[tuple[bool, ...], ...]:
    """Return what the grammar allows before each action, given their categories."""
    state, rows = State(), []
    for place, kind in enumerate(kinds):
        possible = state.allowed()
        rows.append(tuple(category in possible for category in Category))
        state = state.after(Category(kind), "" if place else CONTROLS[operation])
    return tuple(rows)


def forbid(scores: Tensor, allowed: Tensor, num_pointers: Tensor, labels: Labels) -> Tensor:
    """Put what the grammar forbids far below everything else.

    Args:
        scores: `(questions, length, actions)`.
        allowed: `(questions, length, categories)` bool.
        num_pointers: `(questions,)` mentions of each question.
        labels: for the categories.

    Returns:
        Scores of the same shape.
    """
    hide = ~allowed[..., labels.categories]
    place = torch.arange(scores.shape[-1]) - labels.inventory.first_pointer
    beyond = place.view(1, 1, -1) >= num_pointers.view(-1, 1, 1)
    return scores.masked_fill(hide | (beyond & (place >= 0)), FAR)


def loss_of(
    matcher: Matcher, batch: Batch, targets: Targets, labels: Labels, smoothing: float
) -> Tensor:
    """Return the mean cross-entropy of the actions."""
    memory = matcher.remember(batch, labels.vectors, labels.known)
    written = targets.actions[:, :-1].clamp(min=0)
    scores = forbid(matcher.scores(memory, written), targets.allowed, targets.num_pointers, labels)
    chosen = targets.actions >= 0
    log_p = scores[chosen].log_softmax(-1)
    gold = targets.actions[chosen]
    exact = -log_p.gather(1, gold.unsqueeze(1)).squeeze(1)
    possible = scores[chosen] > FAR / 2
    flat = -(log_p * possible).sum(1) / possible.sum(1)
    return ((1 - smoothing) * exact + smoothing * flat).mean()


def fit(
    matcher: Matcher,
    examples: Sequence[Example],
    labels: Labels,
    config: FitConfig,
    *,
    seed: int = 0,
) -> list[float]:
    """Train in place and return the mean loss of each epoch.

    Args:
        matcher: freshly made.
        examples: what to learn.
        labels: of the view that the examples come from.
        config: epochs, rates, limits.
        seed: of order and dropout.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    steps = config.epochs * -(-len(examples) // config.batch_size)
    optimizer = torch.optim.AdamW(
        matcher.parameters(),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=config.learning_rate, total_steps=steps, pct_start=0.15
    )
    losses, started = [], time.monotonic()
    matcher.train()
    for _ in track(range(config.epochs), what="training the matcher"):
        total = 0.0
        for chunk in _chunks(examples, config.batch_size, rng):
            batch, targets = collate([e.seen for e in chunk]), targets_of(chunk, labels.categories)
            loss = loss_of(matcher, batch, targets, labels, config.smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(matcher.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(chunk)
        losses.append(total / len(examples))
        if time.monotonic() - started > config.limit_s:
            break
    matcher.eval()
    return losses


def _chunks(
    examples: Sequence[Example], size: int, rng: np.random.Generator
) -> Iterator[list[Example]]:
    """Yield batches of similar length in random order."""
    noisy = [len(e.seen.pointers) + rng.random() * 4 for e in examples]
    order = np.argsort(noisy)
    starts = np.arange(0, len(order), size)
    for start in rng.permutation(starts).tolist():
        yield [examples[i] for i in order[start : start + size].tolist()]
