"""A trained graph encoder to a smaller one that ranks much like it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lichen.base import check
from lichen.base.errors import DataError, LichenError
from lichen.base.progress import track
from lichen.data.graph import Graph, Ids
from lichen.embedding.compare import all_with_all
from lichen.embedding.encoder import GraphEncoder
from lichen.embedding.evaluate import rank_triples
from lichen.embedding.known import KnownAnswers
from lichen.embedding.loss import n3
from lichen.embedding.queries import Queries

PAPER = "Zhu et al., 2022, arXiv:2009.05912 (DualDE's soft labels; one-way, all candidates alike)"


@dataclass(frozen=True, kw_only=True)
class DistilConfig:
    """Settings of `distil_embedding`.

    Raises:
        ConfigError: a value is out of its bounds; the message starts with its key.
    """

    epochs: int = 60
    """Most passes over the distinct questions of the training facts."""
    batch_size: int = 256
    """Questions a step."""
    learning_rate: float = 0.1
    """Adagrad's."""
    candidates: int = 2048
    """Entities that a step compares, its true answers among them; all where there are fewer."""
    weight: float = 0.7
    """Share of the teacher in the loss, 0 to 1; the rest are the facts."""
    temperature: float = 1.0
    """Above 1 shows more of how the teacher ranks what it holds to be wrong."""
    n3: float = 0.01
    """Weight of the cubed coordinate sizes, as in `EmbeddingConfig`."""
    valid_every: int = 5
    """Passes between two looks at the validation split."""
    patience: int = 3
    """Looks without a better filtered MRR after which training stops."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that could only fail later, deep inside a run."""
        check.whole("distil.epochs", self.epochs, 1, 100_000)
        check.whole("distil.batch_size", self.batch_size, 1, 10_000_000)
        check.between("distil.learning_rate", self.learning_rate, 0.0, 100.0)
        check.whole("distil.candidates", self.candidates, 2, 10_000_000)
        check.between("distil.weight", self.weight, 0.0, 1.0)
        check.between("distil.temperature", self.temperature, 0.01, 1000.0)
        check.between("distil.n3", self.n3, 0.0, 1e6)
        check.whole("distil.valid_every", self.valid_every, 1, 100_000)
        check.whole("distil.patience", self.patience, 1, 100_000)
        check.whole("distil.seed", self.seed, 0, 2**32 - 1)


def distil_embedding(
    teacher: GraphEncoder,
    student: GraphEncoder,
    graph: Graph,
    *,
    config: DistilConfig | None = None,
) -> tuple[float, ...]:
    """Train a small student to give a teacher's score distributions, and to keep the facts.

    For each question (entity, relation, ?) of the training facts, both score one set of
    candidates; the loss is weight * T^2 * KL(teacher || student) of the softmax over them, plus
    (1 - weight) times the cross-entropy of the true answers. The teacher's numbers say which
    wrong answers are near misses, more than the facts can say.

    Use when vectors must be small: memory and the time of ranking fall with `dim`. Not when the
    student may be as large as the teacher.

    Args:
        teacher: trained vectors, on the student's device; left as it is.
        student: fresh vectors over the same graph, of any scorer and any `dim`; trained in place.
        graph: the facts; with a "valid" split the vectors of the best filtered MRR are kept.
        config: the settings; None takes the defaults.

    Returns:
        The filtered MRR at each look at the validation split; empty without one.

    Raises:
        DataError: the three do not have the same entities and relations, or no training fact.
        LichenError: the loss is no longer a number.
    """
    settings = config or DistilConfig()
    facts = _facts(teacher, student, graph)
    device = student.relation_table.device
    queries = Queries.of(facts, num_relations=graph.num_relations).to(device)
    draw = torch.Generator().manual_seed(settings.seed)
    optimiser = torch.optim.Adagrad(student.parameters(), lr=settings.learning_rate)
    look = _Look(student, graph, settings)
    student.train()
    for epoch in track(range(1, settings.epochs + 1), what="distilling"):
        order = torch.randperm(len(queries), generator=draw).to(device)
        for rows in torch.split(order, settings.batch_size):
            shared = _candidates(queries, rows, teacher.num_entities, settings.candidates, draw)
            value = _loss(teacher, student, queries, rows, shared, settings)
            if not torch.isfinite(value):
                raise LichenError(
                    f"distil: the loss must stay a number; got {float(value.detach())} in epoch "
                    f"{epoch}. Lower distil.learning_rate ({settings.learning_rate})."
                )
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        if epoch % settings.valid_every == 0 and look.is_enough():
            break
    student.eval()
    look.restore()
    return tuple(look.found)


def _facts(teacher: GraphEncoder, student: GraphEncoder, graph: Graph) -> Ids:
    """Return the training facts, when the three belong together."""
    for name, other in (("teacher", teacher), ("student", student)):
        if other.entities != graph.entities or other.relations != graph.relations:
            raise DataError(
                f"{name} must have the graph's {graph.num_entities} entities and "
                f"{graph.num_relations} relations; got others. Build it from this graph."
            )
    facts = graph.split("train")
    if not len(facts):
        raise DataError("the train split must hold at least one fact; it is empty.")
    return facts


def _candidates(
    queries: Queries, rows: Tensor, num_entities: int, size: int, draw: torch.Generator
) -> Tensor:
    """Return the ascending ids that a step compares: the true answers, and others at random."""
    if size >= num_entities:
        return torch.arange(num_entities, device=rows.device)
    answers = queries.answers_of(rows).columns
    others = torch.randint(num_entities, (size,), generator=draw).to(rows.device)
    distinct: Tensor = torch.unique(torch.cat([answers, others]))
    return distinct


def _loss(
    teacher: GraphEncoder,
    student: GraphEncoder,
    queries: Queries,
    rows: Tensor,
    shared: Tensor,
    config: DistilConfig,
) -> Tensor:
    """Return the mean loss of a question's facts: a question weighs as many as it has answers."""
    total, num_facts = torch.zeros((), device=rows.device), 0
    is_head = queries.relation[rows] >= student.num_relations
    for part in (rows[is_head], rows[~is_head]):  # one direction at a time, see `directed`
        if not len(part):
            continue
        entity, relation = queries.entity[part], queries.relation[part]
        answers = queries.answers_of(part)
        counts = torch.bincount(answers.rows, minlength=len(part)).float()
        with torch.no_grad():
            wanted = (_scores(teacher, entity, relation, shared) / config.temperature).softmax(-1)
        scores = _scores(student, entity, relation, shared)
        told = (scores / config.temperature).log_softmax(-1)
        soft = (nn.functional.kl_div(told, wanted, reduction="none").sum(-1) * counts).sum()
        columns = torch.searchsorted(shared, answers.columns)
        hard = -scores.log_softmax(-1)[answers.rows, columns].sum()
        total = total + config.weight * config.temperature**2 * soft + (1.0 - config.weight) * hard
        if config.n3:
            known = student.scorer.moduli(student.vectors()[entity])
            used = student.scorer.relation_moduli(
                student.relation_table[relation % len(student.relation_table)]
            )
            total = total + config.n3 * (n3(known, 2 * counts) + n3(used, counts))
        num_facts += len(answers.rows)
    return total / num_facts


def _scores(encoder: GraphEncoder, entity: Tensor, relation: Tensor, shared: Tensor) -> Tensor:
    asked, known = encoder.directed(entity, relation)
    return all_with_all(encoder.scorer.comparison, asked, known.index_select(0, shared))


class _Look:
    """The validation facts, the best vectors so far, and how long ago they were found."""

    def __init__(self, student: GraphEncoder, graph: Graph, config: DistilConfig) -> None:
        self.student, self.patience = student, config.patience
        self.found: list[float] = []
        self.best = {k: x.clone() for k, x in student.state_dict().items()}
        has_valid = "valid" in graph.splits and len(graph.split("valid")) > 0
        self.valid: Ids | None = graph.split("valid") if has_valid else None
        if has_valid:
            self.known = KnownAnswers(graph.triples, num_relations=graph.num_relations)

    def is_enough(self) -> bool:
        """Measure, keep the vectors when they are the best, and say whether to stop."""
        if self.valid is None:
            return False
        tails, heads = rank_triples(self.student, self.valid, known=self.known)
        self.found.append(float((1.0 / np.concatenate([tails, heads])).mean()))
        best = int(np.argmax(self.found))
        if best == len(self.found) - 1:
            self.best = {k: x.detach().clone() for k, x in self.student.state_dict().items()}
        return len(self.found) - 1 - best >= self.patience

    def restore(self) -> None:
        """Take the best vectors, where validation facts could tell."""
        if self.found:
            self.student.load_state_dict(self.best)
