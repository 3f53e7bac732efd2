"""A language model, a graph encoder and a fusion of the two: texts with mentions to answers."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from lichen.base.errors import ConfigError
from lichen.data.corpus import Document, Sample
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.artifact import Parts, read_parts, require_alike, write_parts
from lichen.fusion.batch import Batch, Batcher, to_device
from lichen.fusion.config import LATER, SETTINGS, FusedConfig
from lichen.fusion.head import HeadInput, PairsHead, pool
from lichen.fusion.heads import Head, make_head
from lichen.fusion.item import Item, unlabelled
from lichen.fusion.known import Known, fact_dim, look_up
from lichen.fusion.operator import Fusion, fusion_class
from lichen.fusion.output import FusedOutput
from lichen.fusion.parts import Origin, check_parts, entity_hash, make_config, scales_of
from lichen.fusion.passage import Passage
from lichen.fusion.tasks.task import Task, make_task
from lichen.fusion.worded import Shown, shown_facts
from lichen.lm.lora import add_lora, is_lora, merge_lora
from lichen.lm.text_encoder import TextEncoder

ALIGN_SAMPLES = 8192
"""Training samples from which the way back to entity vectors is fitted."""


class FusedModel(PreTrainedModel):  # type: ignore[misc]
    """One model of a pretrained encoder and a knowledge graph.

    The encoder reads the text; at the input, after a hidden layer or at the output the fusion
    method reads in what the graph knows of the linked mentions; a head answers the task.

    With the encoder frozen, its states up to the fusion point are computed once per text and
    kept, so an epoch costs only what comes after. `train` takes care of that.

    Args:
        text: the language model.
        nodes: the graph encoder; None only for fusion "none". Its vectors are copied.
        fusion: a key of `lichen.fusion.FUSIONS`.
        task: a key of `lichen.fusion.tasks.TASKS`.
        labels: the classes; None takes those of the training data.
        at: "input", the hidden layer (from 1) after which entities are read, or "output"; None
            takes the last point at which the method works.
        graph: the facts, for the methods that read them.
        **settings: further fields of `FusedConfig`, such as `seed`, `train_text` or `lora`; `head`
            left out or None takes the task's usual one.

    Raises:
        ChoiceError: no such fusion method, task or setting.
        ConfigError: a setting is out of its bounds, a part is missing, or the point does not
            exist or does not suit the method or the language model.
        DataError: graph and vectors are not of the same entities and relations.
        MissingExtraError: `lora` is given and peft is not installed.
    """

    config_class = FusedConfig
    base_model_prefix = "fused"
    main_input_name = "input_ids"
    family: list[PreTrainedModel] | None = None  # this model and its siblings, where it has some
    accepts_loss_kwargs = False  # so that the Trainer averages over accumulated batches itself

    def __init__(
        self,
        text: TextEncoder,
        nodes: GraphEncoder | None,
        *,
        fusion: str = "gate",
        task: str = "classify",
        labels: Vocabulary | None = None,
        at: int | str | None = None,
        graph: Graph | None = None,
        **settings: Any,
    ) -> None:
        config = make_config(text, fusion=fusion, task=task, labels=labels, at=at, **settings)
        check_parts(config, text, nodes, graph)
        config.entities = "" if nodes is None else entity_hash(nodes.entities)
        super().__init__(config)
        self.all_tied_weights_keys: dict[str, str] = {}
        given = text
        if config.trains_text:
            text = TextEncoder(copy.deepcopy(text.model), text.tokenizer, name=text.name)
        self.text = text
        self.plain_text = given if config.lora else text
        self.reader = given
        self._origin: Origin | None = Origin(given, nodes)
        self.graph = graph
        self.deal: Tensor | None = None
        self.counts_only = False
        self.backbone: nn.Module = text.model.float() if config.train_text else text.model
        self.backbone.requires_grad_(config.train_text)
        if config.lora:
            add_lora(self.backbone, config.lora, seed=config.seed + 2)
        self.nodes = copy.deepcopy(nodes)
        if self.nodes is not None:
            self.nodes.requires_grad_(config.train_nodes)
        entity_scale, relation_scale = scales_of(nodes, head=config.head)
        self.register_buffer("scale", torch.tensor(entity_scale))
        self.register_buffer("relation_scale", torch.tensor(relation_scale))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.fusion: Fusion = fusion_class(config.fusion)(
                text.dim,
                1 if nodes is None else nodes.entity_dim,
                fact_dim=fact_dim(nodes),
                at=config.point,
                num_layers=text.num_layers,
            )
        self.task: Task = replace(make_task(task, group=config.group), is_causal=text.is_causal)
        self.head: Head | None = None
        if labels is not None:
            self.set_labels(labels)
        self.to(text.device)
        self.eval()

    def set_labels(self, labels: Vocabulary) -> None:
        """Give the model its classes and a fresh head for them.

        Raises:
            ConfigError: there are fewer than two classes.
        """
        if len(labels) < self.task.FEWEST:
            raise ConfigError(
                f"labels must be at least {self.task.FEWEST} classes; got {list(labels)}. A model "
                "that can only say one thing learns nothing."
            )
        self.task = replace(self.task, labels=labels)
        self.config.labels = list(labels)
        self.config.id2label = dict(enumerate(labels))
        self.config.label2id = {label: i for i, label in enumerate(labels)}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed + 1)
            head = make_head(self.config, self.text.dim, self.nodes, self.task.num_outputs)
        if isinstance(head, PairsHead) and self.nodes is not None and head.num_pairs:
            head.calibrate(self.nodes)
            head.read_back.requires_grad_(self.config.trains_text)
        self.head = head.to(self.text.device).train(self.training)

    @property
    def labels(self) -> Vocabulary | None:
        """Return the classes, or None when training data has yet to say them."""
        return None if self.config.labels is None else Vocabulary(self.config.labels)

    @property
    def layer(self) -> int | None:
        """Return the layer whose frozen states are kept, as in `TextEncoder.states`."""
        if self.config.trains_text:
            return None
        point: int | None = self.config.point
        return -1 if point is None or self.config.fusion == "input" else point

    def origin(self) -> Origin:
        """Return the language model and graph encoder as they were given, before training.

        Raises:
            ConfigError: the model was trained in these parts and then loaded from a folder, or
                its adapters were merged.
        """
        if self._origin is None:
            raise ConfigError(
                "model: its language model or entity vectors were trained, and a folder or merged "
                "adapters keep them as they ended, not as they began. Build twins in the session "
                "that trains, before merging."
            )
        return self._origin

    def batcher(self) -> Batcher:
        """Return what turns samples into this model's batches."""
        config = self.config
        shown: Shown | None = None
        if self.graph is not None and self.fusion.READS_FACTS:
            readers = (self.text, self.reader)
            shown = shown_facts(config, self.graph, *readers, hide_words=self.counts_only)
        return Batcher(
            self.text,
            layer=self.layer,
            mentions=config.mentions,
            num_entities=None if self.nodes is None else self.nodes.num_entities,
            room=self.fusion.ROOM * config.mentions,
            shown=shown,
            deal=self.deal,
            task=self.task,
        )

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        mention_of: Tensor,
        entities: Tensor,
        labels: Tensor | None = None,
        **more: Tensor,
    ) -> FusedOutput:
        """Return the task's logits, and the loss when labels are given.

        Args:
            input_ids: `(batch, tokens)`.
            attention_mask: `(batch, tokens)`; 1 where there is a token.
            mention_of: `(batch, tokens)`; which mention a token belongs to, or -1.
            entities: `(batch, mentions)`; the entity of each mention, or -1.
            labels: what the task wants, such as `(batch,)` class ids.
            **more: further parts of a `Batch`: kept states, facts, facts as words, groups.

        Returns:
            `logits` `(batch, outputs)`, `loss` and `reading`.

        Raises:
            ConfigError: the model has no classes yet.
        """
        if self.head is None:
            raise ConfigError(
                "labels must be known before the model is used; got None. Pass labels=..., or "
                "train the model."
            )
        batch = {"input_ids": input_ids, "attention_mask": attention_mask, **more}
        batch |= {"mention_of": mention_of, "entities": entities}
        fused = self.fused_states(cast("Batch", batch))
        with torch.autocast(fused.device.type, enabled=False):
            seen = HeadInput(fused.float(), attention_mask.bool(), mention_of, entities >= 0)
            logits, reading = self.head(seen, self.nodes)
            loss = None if labels is None else self.task.loss(logits, {"labels": labels, **more})
            if loss is not None and self.training:
                loss = loss + self.config.align * reading
        return FusedOutput(loss=loss, logits=logits, reading=reading)

    def fused_states(self, batch: Batch) -> Tensor:
        """Return the backbone's output with the knowledge read in, `(batch, tokens, dim)`."""
        states: Tensor = self.fusion(*self.passage(batch))
        return states

    def passage(self, batch: Batch) -> tuple[Passage, Known]:
        """Return a batch on its way through the backbone, and what the graph says of it."""
        known = look_up(
            self.nodes,
            mention_of=batch["mention_of"],
            mask=batch["attention_mask"].bool(),
            entities=batch["entities"],
            facts=batch.get("facts"),
            scales=(self.scale, self.relation_scale),
        )
        return Passage(self.text, batch, at=self.config.point), known

    @torch.no_grad()
    def align(self, items: Sequence[Item], *, collate: Any, batch_size: int = 128) -> None:
        """Fit the head's way back from mention states to entity vectors, by ridge regression.

        `train` calls it once before the first step. Where no vectors are written into the states
        there are none to be read back, and nothing is fitted.

        Args:
            items: samples made ready; the first `ALIGN_SAMPLES` are used.
            collate: items to a batch.
            batch_size: items a forward pass.
        """
        writes = self.fusion.WRITES_VECTORS
        if self.nodes is None or not isinstance(self.head, PairsHead) or not writes:
            return
        self.eval()
        found: list[tuple[Tensor, Tensor]] = []
        for start in range(0, min(len(items), ALIGN_SAMPLES), batch_size):
            batch: Batch = to_device(collate(items[start : start + batch_size]), self.text.device)
            mask = batch["attention_mask"].bool()
            linked = batch["entities"] >= 0
            seen = HeadInput(self.fused_states(batch).float(), mask, batch["mention_of"], linked)
            _outside, at, present = pool(seen, self.head.num_mentions)
            found.append((at[linked & present], batch["entities"][linked & present]))
        states = torch.cat([pair[0] for pair in found])
        if len(states) and self.head.num_pairs:
            vectors = self.nodes.vectors(torch.cat([pair[1] for pair in found]))
            self.head.read_back.fit(states, vectors)

    def predict(self, samples: Iterable[Sample | Document], *, batch_size: int = 256) -> Any:
        """Return what the task predicts: probabilities `(samples, classes)`, or spans.

        Args:
            samples: texts with linked mentions, such as a `Corpus`; of a question, all its choices.
            batch_size: samples a forward pass.

        Raises:
            DataError: one is neither sample nor document, or its mentions are not in order in it.
        """
        batcher = self.batcher()
        items = batcher.items(unlabelled(samples))
        return self.task.decode(self.logits(items, batcher, batch_size=batch_size), items)

    @torch.no_grad()
    def logits(
        self, items: Sequence[Item], batcher: Batcher, *, batch_size: int = 256
    ) -> list[Tensor]:
        """Return the logits of items on the processor, padded as the batch they were in."""
        order = sorted(range(len(items)), key=lambda i: len(items[i].tokens.ids))
        out: dict[int, Tensor] = {}
        was_training = self.training
        self.eval()
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = batcher.collate([items[i] for i in rows])
            moved = to_device(batch, self.text.device)
            out.update(zip(rows, self(**moved).logits.float().cpu(), strict=True))
        self.train(was_training)
        return [out[i] for i in range(len(items))]

    def train(self, mode: bool = True) -> FusedModel:  # noqa: FBT001, FBT002 - torch's signature
        """Set training mode; a frozen language model stays in evaluation mode."""
        if mode == self.training == self.fusion.training:  # siblings share the fusion
            return self
        super().train(mode)
        if not self.config.trains_text:
            self.backbone.eval()
        return self

    def own_state(self) -> dict[str, Tensor]:
        """Return the weights of fusion, head and adapters, which are in neither of the parts."""
        parts, state = ("backbone.", "nodes."), self.state_dict()
        return {k: v for k, v in state.items() if not k.startswith(parts) or is_lora(k)}

    def merge(self) -> None:
        """Fold low-rank adapters into the language model, which is then as quick as without them.

        From then on the model is one whose language model was trained whole; so are its siblings.
        """
        if not self.config.lora:
            return
        merge_lora(self.backbone)
        self.backbone.requires_grad_(requires_grad=True)
        for one in self.family or [self]:
            one.config.lora, one.config.train_text = 0, True
            one.plain_text, one._origin = one.text, None  # noqa: SLF001 - siblings

    def save_pretrained(self, save_directory: str | Path, **_options: Any) -> None:
        """Write the model to a folder: its parts, and its own weights and settings.

        `text/` is a Hugging Face model, `nodes/` a `GraphEncoder` and `graph.lichen/` the graph
        of a method that reads facts, each loadable alone.

        Raises:
            ConfigError: the model is a twin whose knowledge is dealt wrongly or only counted,
                which a folder would not tell from the real one.
        """
        if self.deal is not None or self.counts_only:
            raise ConfigError(
                "model: a twin with shuffled or counted knowledge must not be saved, since a "
                "folder would not tell it from the real one. Train it again where it is compared."
            )
        graph = self.graph if self.fusion.READS_FACTS or self.config.triple else None
        said, own = self.config.to_dict(), self.own_state()
        is_kept = self.config.keeps_reader and graph is not None
        reader = self.reader if is_kept and self.reader is not self.plain_text else None
        write_parts(
            Path(save_directory), Parts(self.plain_text, self.nodes, graph, said, own, reader)
        )

    @classmethod
    def from_pretrained(
        cls, folder: str | Path, *, device: str | torch.device | None = None
    ) -> FusedModel:
        """Read what `save_pretrained` wrote.

        Args:
            folder: where it is.
            device: where to put it; None takes a GPU when there is one.

        Raises:
            ArtifactError: a file is missing, changed or of another format version.
            MissingExtraError: the model has adapters, and peft is not installed.
        """
        text, nodes, graph, said, tensors, reader = read_parts(Path(folder), device=device)
        model = cls(
            text,
            nodes,
            fusion=said["fusion"],
            task=said["task"],
            at=said["at"],
            labels=None if said["labels"] is None else Vocabulary(said["labels"]),
            graph=graph,
            **{key: said[key] for key in (*SETTINGS, *LATER) if key in said},
        )
        require_alike(tensors, model.own_state(), where=folder)
        model.load_state_dict(tensors, strict=False)
        model.reader = reader or text
        if said["train_text"] or said["train_nodes"]:
            model._origin = None
        model.eval()
        return model
