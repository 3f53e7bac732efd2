"""Write the likeliest queries for a question by beam search over what the graph holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lichen.data.corpus import Mention
from lichen.data.query import Query, Step
from lichen.reasoning.actions import CONTROLS, NONE, Category, State, read
from lichen.reasoning.features import Seen
from lichen.reasoning.fit import Labels, forbid
from lichen.reasoning.matcher import FAR, MAX_ACTIONS, Matcher, Memory, collate
from lichen.reasoning.view import FactView

BEAM = 6
EMPTY_BEAM = 3
LEAST = -12.0
"""Actions of lower log probability are not tried."""
GO_ON = 1.0
"""Taken from the score of ending a query after the first step. Wording never seen tempts the
matcher to stop early; chosen on validation questions."""
FRONTIER = 400
"""Entities looked at when asking which steps go on from many."""


class Reading(NamedTuple):
    """One way to understand a question."""

    query: Query | None
    """None: the question is not about what the graph holds."""
    log_p: float
    """Log probability over all queries, executable or not."""
    is_executable: bool


class _Beam(NamedTuple):
    actions: tuple[int, ...]
    anchors: tuple[int | None, ...]
    state: State
    log_p: float
    ends: tuple[int, ...]
    """Where the open branch has come to."""
    joined: tuple[int, ...] | None
    """Where earlier branches ended together."""
    is_executable: bool


class Decoder:
    """Beam search for one matcher, one set of labels and one view.

    Args:
        matcher: trained, in evaluation mode.
        labels: of the view.
        view: the facts, as they are now.
    """

    def __init__(self, matcher: Matcher, labels: Labels, view: FactView) -> None:
        self.matcher = matcher
        self.labels = labels
        self.view = view
        self._names = (*CONTROLS, *labels.inventory.labels)
        self._end = CONTROLS.index("end")
        self._kinds = labels.categories.tolist()

    def read(self, seen: Seen, mentions: Sequence[Mention]) -> list[Reading]:
        """Return readings of one question, the likeliest first.

        Args:
            seen: its features, mentions masked.
            mentions: what the pointers point to, in the same order.
        """
        with torch.no_grad():
            memory = self.matcher.remember(collate([seen]), self.labels.vectors, self.labels.known)
            live = [_Beam((), (), State(), 0.0, (), None, is_executable=True)]
            done: list[_Beam] = []
            for _ in range(MAX_ACTIONS):
                grown = self._grow(memory, live, mentions)
                done += [beam for beam in grown if beam.state.phase == "done"]
                live = _best([beam for beam in grown if beam.state.phase != "done"])
                if not live:
                    break
        done.sort(key=lambda beam: -beam.log_p)
        return _merged([self._reading(beam) for beam in done])

    def _grow(self, memory: Memory, beams: list[_Beam], mentions: Sequence[Mention]) -> list[_Beam]:
        written = torch.tensor([beam.actions for beam in beams], dtype=torch.long)
        written = written.reshape(len(beams), -1)
        many = memory.repeated(len(beams))
        scores = self.matcher.scores(many, written)[:, -1:]
        allowed = torch.zeros(len(beams), 1, len(Category), dtype=torch.bool)
        for row, beam in enumerate(beams):
            allowed[row, 0, [int(c) for c in beam.state.allowed()]] = True
        counts = torch.full((len(beams),), len(mentions))
        for row, beam in enumerate(beams):
            if _is_early(beam.state):
                scores[row, 0, self._end] -= GO_ON
        possible = forbid(scores, allowed, counts, self.labels)[:, 0]
        log_p = possible.log_softmax(-1).masked_fill(possible <= FAR / 2, -torch.inf)
        out: list[_Beam] = []
        for row, beam in enumerate(beams):
            out += self._children(beam, log_p[row], mentions)
        return out

    def _children(self, beam: _Beam, log_p: Tensor, mentions: Sequence[Mention]) -> list[_Beam]:
        possible = self._possible(beam)
        out: list[_Beam] = []
        num_empty = 0
        order = log_p.argsort(descending=True).tolist()
        for action in order:
            score = float(log_p[action])
            if score < LEAST or len(out) >= 2 * BEAM:
                break
            fits = possible is None or action in possible
            if not fits:
                num_empty += 1
                if num_empty > EMPTY_BEAM:
                    continue
            out += self._child(beam, action, score, mentions, fits=fits)
        return out

    def _possible(self, beam: _Beam) -> set[int] | None:
        """Return the labels that lead somewhere from here; None when any action may."""
        if not beam.is_executable or beam.state.phase not in ("steps", "attribute"):
            return None
        ends = beam.ends[:FRONTIER]
        first = len(CONTROLS)
        names = self.labels.inventory.labels
        if beam.state.phase == "attribute":
            ends = (*ends, *(beam.joined or ())) if beam.state.is_union else ends
            known = {f"@{name}" for entity in ends for name in self.view.attributes_of(entity)}
            return {first + i for i, name in enumerate(names) if name in known}
        steps = {key for entity in ends for key in self.view.steps_of(entity)}
        if beam.state.num_steps:
            steps.discard(_inverse(self._names[beam.actions[-1]]))
        ahead = {first + i for i, name in enumerate(names) if name in steps}
        return ahead | set(range(first))

    def _child(
        self, beam: _Beam, action: int, score: float, mentions: Sequence[Mention], *, fits: bool
    ) -> list[_Beam]:
        category = Category(self._kinds[action])
        name = self._names[action] if action < len(self._names) else ""
        state = beam.state.after(category, name if category == Category.OPERATION else "")
        grown = beam._replace(
            actions=(*beam.actions, action),
            anchors=(*beam.anchors, None),
            state=state,
            log_p=beam.log_p + score,
            is_executable=beam.is_executable and fits,
        )
        if category == Category.POINTER:
            if action in beam.actions:
                return []
            mention = mentions[action - self.labels.inventory.first_pointer]
            return self._pointed(grown, mention)
        if category == Category.TYPE:
            return [grown._replace(ends=self.view.of_type(name[1:]))]
        if category == Category.STEP and grown.is_executable:
            return [grown._replace(ends=self.view.follow(beam.ends, Step.of(name)))]
        if category in (Category.AND, Category.OR):
            return [grown._replace(ends=(), joined=beam.ends)]
        if category == Category.END and beam.joined is not None and not beam.state.is_union:
            met = tuple(e for e in beam.ends if e in set(beam.joined))
            return [grown._replace(ends=met, is_executable=grown.is_executable and bool(met))]
        return [grown]

    def _pointed(self, beam: _Beam, mention: Mention) -> list[_Beam]:
        """Branch into the entities that a mention may mean."""
        choices = [(mention.entity, 0.0)] if mention.entity is not None else []
        best = max((c.score for c in mention.candidates), default=1.0)
        for candidate in mention.candidates[:4]:
            if candidate.entity != mention.entity and candidate.score > 0.02 * best:
                ratio = torch.tensor(candidate.score / max(best, 1e-6)).clamp(1e-4, 1).log()
                choices.append((candidate.entity, float(ratio)))
        return [
            beam._replace(
                anchors=(*beam.anchors[:-1], entity),
                log_p=beam.log_p + cost,
                ends=(entity,),
            )
            for entity, cost in choices
        ]

    def _reading(self, beam: _Beam) -> Reading:
        names = [self._names[a] if a < len(self._names) else "" for a in beam.actions]
        query = read(names, list(beam.anchors))
        return Reading(query, beam.log_p, beam.is_executable and names[0] != NONE)


def _is_early(state: State) -> bool:
    """Say whether a chain of steps could go on after its first."""
    is_chain = state.operation == "select" and state.num_branches == 1
    return is_chain and state.phase == "steps" and state.num_steps == 1


def _inverse(key: str) -> str:
    step = Step.of(key)
    return step._replace(forward=not step.forward).key


def _best(beams: list[_Beam]) -> list[_Beam]:
    beams.sort(key=lambda beam: -beam.log_p)
    kept = [beam for beam in beams if beam.is_executable][:BEAM]
    empty = [beam for beam in beams if not beam.is_executable][:EMPTY_BEAM]
    longest = max((len(beam.actions) for beam in kept + empty), default=0)
    return [beam for beam in kept + empty if len(beam.actions) == longest]


def _merged(readings: list[Reading]) -> list[Reading]:
    found: dict[Query | None, Reading] = {}
    for reading in readings:
        found.setdefault(reading.query, reading)
    return list(found.values())
