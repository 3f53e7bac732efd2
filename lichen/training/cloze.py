"""Facts and cloze patterns to what a masked language model knows: accuracy and consistency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lichen.base.errors import DataError
from lichen.base.progress import track
from lichen.lm.text_encoder import TextEncoder, half_where_fast
from lichen.training.objectives.mask import WordHead, mask_token

SUBJECT, OBJECT = "[X]", "[Y]"


class ClozeFact(NamedTuple):
    """One fact to ask for: names of subject and object, and the relation between them."""

    subject: str
    relation: str
    object: str


@dataclass(frozen=True, kw_only=True, eq=False)
class ClozeReport:
    """What a model filled in."""

    facts: tuple[ClozeFact, ...]
    """Those asked for: their object is one token."""
    hits: tuple[NDArray[np.bool_], ...]
    """For each fact `(patterns,)`: whether the object was filled in."""
    agreement: NDArray[np.float64]
    """`(facts,)`: of the pairs of a fact's patterns, the share to which the same word was filled
    in; 1 where there is one pattern."""
    num_skipped: int
    """Facts left out because their object is more than one token."""

    @property
    def by_fact(self) -> NDArray[np.float64]:
        """Return `(facts,)`: the share of its patterns that each fact was told by."""
        return np.array([x.mean() for x in self.hits])

    @property
    def accuracy(self) -> float:
        """Return the mean over the facts."""
        return float(self.by_fact.mean())

    @property
    def consistency(self) -> float:
        """Return the mean agreement of patterns over the facts."""
        return float(self.agreement.mean())

    @property
    def by_relation(self) -> dict[str, float]:
        """Return the accuracy of each relation."""
        found = self.by_fact
        names = np.array([fact.relation for fact in self.facts])
        return {str(name): float(found[names == name].mean()) for name in np.unique(names)}

    def __str__(self) -> str:
        """Show the figures on one line."""
        return (
            f"accuracy {self.accuracy:.3f}, consistency {self.consistency:.3f}, "
            f"{len(self.facts)} facts, {self.num_skipped} skipped"
        )


def probe(
    text: TextEncoder,
    head: WordHead,
    facts: Sequence[ClozeFact],
    *,
    patterns: Mapping[str, Sequence[str]],
    candidates: Mapping[str, Sequence[str]],
    batch_size: int = 256,
) -> ClozeReport:
    """Ask a masked language model to fill in the objects of facts.

    Each pattern of the relation is asked with a mask for the object; the answer is the candidate
    whose token scores highest. Only objects and candidates of one token count, as in LAMA, so
    that no answer is favoured by its length.

    Args:
        text: the language model.
        head: its head for masked words.
        facts: what to ask for.
        patterns: relation to sentences with [X] for the subject and [Y] for the object.
        candidates: relation to the objects to choose from.
        batch_size: sentences a forward pass.

    Returns:
        Hits by fact and pattern.

    Raises:
        DataError: no fact can be asked, a relation has no pattern, or a pattern lacks a slot.

    References:
        Petroni et al., 2019, arXiv:1909.01066 (LAMA); Elazar et al., 2021, arXiv:2102.01017
        (ParaRel; consistency).
    """
    tokens = {name: _one_token(text, of) for name, of in candidates.items()}
    asked = tuple(f for f in facts if f.object in tokens.get(f.relation, {}))
    if not asked:
        raise DataError(
            f"probe: at least one of the {len(facts)} facts must have an object of one token "
            "among the candidates of its relation; none has. Look at the names."
        )
    _check_patterns({f.relation for f in asked}, patterns)
    mask = str(text.tokenizer.mask_token)
    sentences = [
        (pattern.replace(SUBJECT, fact.subject).replace(OBJECT, mask), fact)
        for fact in asked
        for pattern in patterns[fact.relation]
    ]
    said = _fill(text, head, sentences, tokens=tokens, batch_size=batch_size)
    answers, start = [], 0
    for fact in asked:
        stop = start + len(patterns[fact.relation])
        answers.append(np.array(said[start:stop]))
        start = stop
    return ClozeReport(
        facts=asked,
        hits=tuple(x == fact.object for x, fact in zip(answers, asked, strict=True)),
        agreement=np.array([_agreement(given.tolist()) for given in answers]),
        num_skipped=len(facts) - len(asked),
    )


def _agreement(answers: list[str]) -> float:
    pairs = [one == two for one, two in combinations(answers, 2)]
    return float(np.mean(pairs)) if pairs else 1.0


def _one_token(text: TextEncoder, names: Sequence[str]) -> dict[str, int]:
    encoded = text.tokenizer(list(names), add_special_tokens=False)["input_ids"] if names else []
    return {name: ids[0] for name, ids in zip(names, encoded, strict=True) if len(ids) == 1}


def _check_patterns(relations: set[str], patterns: Mapping[str, Sequence[str]]) -> None:
    for relation in sorted(relations):
        found = patterns.get(relation, ())
        if not found or any(SUBJECT not in p or OBJECT not in p for p in found):
            raise DataError(
                f"patterns[{relation!r}] must hold at least one sentence, each with {SUBJECT} and "
                f"{OBJECT}; got {list(found)!r}."
            )


@torch.no_grad()
def _fill(
    text: TextEncoder,
    head: WordHead,
    sentences: Sequence[tuple[str, ClozeFact]],
    *,
    tokens: Mapping[str, Mapping[str, int]],
    batch_size: int,
) -> list[str]:
    """Return the best candidate of each sentence."""
    mask_id, words = mask_token(text), text.model.get_input_embeddings().weight
    order = np.argsort([len(sentence) for sentence, _ in sentences], kind="stable")
    answers = [""] * len(sentences)
    for start in track(range(0, len(order), batch_size), what="probing"):
        rows = order[start : start + batch_size].tolist()
        states = text.states([sentences[row][0] for row in rows])
        at = (states.ids == mask_id).int().argmax(1)
        with half_where_fast(text.device):
            logits = head(states.states[torch.arange(len(rows)), at], words).float().cpu()
        for row, scores in zip(rows, logits, strict=True):
            choices = tokens[sentences[row][1].relation]
            best = int(scores[list(choices.values())].argmax())
            answers[row] = list(choices)[best]
    return answers
