"""A language model, a graph encoder and a fusion of the two: texts with mentions to classes."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from lichen.base.errors import ArtifactError, ConfigError
from lichen.data.corpus import Sample
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.artifact import read_artifact, write_artifact
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.batch import Batch, Batcher, Item, to_device
from lichen.fusion.config import SETTINGS, FusedConfig
from lichen.fusion.head import ClassifyHead, HeadInput
from lichen.fusion.operator import make_fusion
from lichen.fusion.splice import from_states, with_step
from lichen.lm.text_encoder import TextEncoder, half_where_fast

KIND = "fused-model"
ALIGN_SAMPLES = 8192
"""Training samples from which the way back to entity vectors is fitted."""


class FusedModel(PreTrainedModel):  # type: ignore[misc]
    """One model of a pretrained encoder and a knowledge graph.

    The encoder reads the text; at the output or after a hidden layer, every token of a linked
    mention reads its entity's vector by the fusion method; a head gives the classes.

    With the encoder frozen, its states up to the fusion point are computed once per text and
    kept, so an epoch costs only what comes after. `train` takes care of that.

    Args:
        text: the language model.
        nodes: the graph encoder; None only for fusion "none". Its vectors are copied.
        fusion: a key of `lichen.fusion.FUSIONS`.
        task: "classify".
        labels: the classes; None takes those of the training data.
        at: "output", or the hidden layer (from 1) after which entities are read.
        **settings: further fields of `FusedConfig`, such as `seed` or `train_text`.

    Raises:
        ChoiceError: no such fusion method or task.
        ConfigError: a setting is out of its bounds, or the layer does not exist.
    """

    config_class = FusedConfig
    base_model_prefix = "fused"
    main_input_name = "input_ids"

    def __init__(
        self,
        text: TextEncoder,
        nodes: GraphEncoder | None,
        *,
        fusion: str = "gate",
        task: str = "classify",
        labels: Vocabulary | None = None,
        at: int | str = "output",
        **settings: Any,
    ) -> None:
        classes = None if labels is None else list(labels)
        config = FusedConfig(fusion=fusion, task=task, labels=classes, at=at, **settings)
        config.dim = text.dim
        config.entities = "" if nodes is None else entity_hash(nodes.entities)
        super().__init__(config)
        self.all_tied_weights_keys: dict[str, str] = {}
        _check(config, text, nodes)
        given = text
        if config.train_text:
            text = TextEncoder(copy.deepcopy(text.model), text.tokenizer, name=text.name)
        self.text = text
        self._origin: tuple[TextEncoder, GraphEncoder | None] | None = (given, nodes)
        self.backbone: nn.Module = text.model
        self.backbone.requires_grad_(config.train_text)
        self.nodes = copy.deepcopy(nodes)
        if self.nodes is not None:
            self.nodes.requires_grad_(config.train_nodes)
        entity_dim = 1 if nodes is None else nodes.entity_dim
        scale = (
            1.0 if nodes is None else 1.0 / float(nodes.vectors().detach().std().clamp(min=1e-6))
        )
        self.register_buffer("scale", torch.tensor(scale))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.fusion = make_fusion(config.fusion, text.dim, entity_dim)
        self.head: ClassifyHead | None = None
        if labels is not None:
            self.set_labels(labels)
        self.to(text.device)
        self.eval()

    def floating_point_ops(self, *_args: Any, **_kwargs: Any) -> int:
        """Return 0: the Trainer's estimate walks over all weights at every step."""
        return 0

    def set_labels(self, labels: Vocabulary) -> None:
        """Give the model its classes and a fresh head for them.

        Raises:
            ConfigError: there are fewer than two classes.
        """
        if len(labels) < 2:
            raise ConfigError(
                f"labels must be at least two classes; got {list(labels)}. A model that can only "
                "say one thing learns nothing."
            )
        self.config.labels = list(labels)
        self.config.id2label = dict(enumerate(labels))
        self.config.label2id = {label: i for i, label in enumerate(labels)}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed + 1)
            head = ClassifyHead(
                self.text.dim,
                len(labels),
                nodes=self.nodes,
                mentions=self.config.mentions,
                hidden=self.config.hidden,
                drop=self.config.drop,
            )
        if self.nodes is not None:
            head.calibrate(self.nodes)
            head.read_back.requires_grad_(self.config.train_text)
        self.head = head.to(self.text.device)

    @property
    def labels(self) -> Vocabulary | None:
        """Return the classes, or None when training data has yet to say them."""
        return None if self.config.labels is None else Vocabulary(self.config.labels)

    @property
    def layer(self) -> int | None:
        """Return the layer whose frozen states are kept, as in `TextEncoder.states`."""
        if self.config.train_text:
            return None
        return -1 if self.config.at == "output" else int(self.config.at)

    def origin(self) -> tuple[TextEncoder, GraphEncoder | None]:
        """Return the language model and graph encoder as they were given, before training.

        Raises:
            ConfigError: the model was trained in these parts and then loaded from a folder.
        """
        if self._origin is None:
            raise ConfigError(
                "model: its language model or entity vectors were trained, and a folder keeps "
                "them as they ended, not as they began. Build twins in the session that trains."
            )
        return self._origin

    def batcher(self) -> Batcher:
        """Return what turns samples into this model's batches."""
        return Batcher(
            self.text,
            layer=self.layer,
            mentions=self.config.mentions,
            num_entities=None if self.nodes is None else self.nodes.num_entities,
        )

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        mention_of: Tensor,
        entities: Tensor,
        states: Tensor | None = None,
        labels: Tensor | None = None,
        **_unused: Any,
    ) -> SequenceClassifierOutput:
        """Return class logits, and the loss when labels are given.

        Args:
            input_ids: `(batch, tokens)`.
            attention_mask: `(batch, tokens)`; 1 where there is a token.
            mention_of: `(batch, tokens)`; which mention a token belongs to, or -1.
            entities: `(batch, mentions)`; the entity of each mention, or -1.
            states: `(batch, tokens, dim)`; kept states up to the fusion point.
            labels: `(batch,)` class ids.

        Returns:
            `logits` `(batch, classes)` and `loss`.

        Raises:
            ConfigError: the model has no classes yet.
        """
        if self.head is None:
            raise ConfigError(
                "labels must be known before the model is used; got None. Pass labels=..., or "
                "train the model."
            )
        fused = self.fused_states(
            Batch(
                input_ids=input_ids,
                attention_mask=attention_mask,
                mention_of=mention_of,
                entities=entities,
                **({} if states is None else {"states": states}),
            )
        )
        with torch.autocast(fused.device.type, enabled=False):
            seen = HeadInput(fused.float(), attention_mask.bool(), mention_of, entities >= 0)
            logits, reading = self.head(seen, self.nodes)
            loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
            if loss is not None and self.training:
                loss = loss + self.config.align * reading
        return SequenceClassifierOutput(loss=loss, logits=logits)

    def fused_states(self, batch: Batch) -> Tensor:
        """Return the backbone's output with entities read in, `(batch, tokens, dim)`."""
        vectors, linked = self._entities(batch["mention_of"], batch["entities"])

        def fuse(states: Tensor) -> Tensor:
            fused: Tensor = self.fusion(states, vectors.to(states.dtype), linked)
            return fused

        inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
        kept = batch.get("states")
        at = self.config.at
        with half_where_fast(vectors.device):
            if at == "output" and kept is not None:
                states: Tensor = kept
            elif at == "output":
                states = self.backbone(**inputs).last_hidden_state
            elif kept is None:
                states = with_step(self.backbone, int(at), fuse)(**inputs).last_hidden_state
            else:
                view = from_states(
                    self.backbone, int(at), fuse(kept), as_tuple=self.text.returns_tuple
                )
                states = view(**inputs).last_hidden_state
        return fuse(states.float()) if at == "output" else states.float()

    def _entities(self, mention_of: Tensor, entities: Tensor) -> tuple[Tensor, Tensor]:
        """Return each token's entity vector and whether it has one."""
        owner = mention_of.clamp(min=0)
        ids = entities.gather(1, owner)
        linked = (mention_of >= 0) & (ids >= 0)
        if self.nodes is None:
            return mention_of.new_zeros((*mention_of.shape, 1), dtype=torch.float32), linked
        return self.nodes.vectors(ids.clamp(min=0)) * self.scale, linked

    @torch.no_grad()
    def align(self, items: Sequence[Item], *, collate: Any, batch_size: int = 128) -> None:
        """Fit the head's way back from mention states to entity vectors, by ridge regression.

        `train` calls it once before the first step. Without fusion nothing is written that could
        be read back, so nothing is fitted.

        Args:
            items: samples made ready; the first `ALIGN_SAMPLES` are used.
            collate: items to a batch.
            batch_size: items a forward pass.
        """
        if self.config.fusion == "none" or self.nodes is None or self.head is None:
            return
        self.eval()
        found: list[tuple[Tensor, Tensor]] = []
        for start in range(0, min(len(items), ALIGN_SAMPLES), batch_size):
            batch: Batch = collate(items[start : start + batch_size])
            batch = to_device(batch, self.text.device)
            mask = batch["attention_mask"].bool()
            linked = batch["entities"] >= 0
            seen = HeadInput(self.fused_states(batch).float(), mask, batch["mention_of"], linked)
            _outside, at, present = self.head.pool(seen)
            found.append((at[linked & present], batch["entities"][linked & present]))
        states = torch.cat([pair[0] for pair in found])
        if len(states) and self.head.num_pairs:
            vectors = self.nodes.vectors(torch.cat([pair[1] for pair in found]))
            self.head.read_back.fit(states, vectors)

    @torch.no_grad()
    def predict(self, samples: Sequence[Sample], *, batch_size: int = 256) -> Tensor:
        """Return class probabilities, `(samples, classes)`."""
        batcher = self.batcher()
        items = batcher.items(samples)
        order = sorted(range(len(items)), key=lambda i: len(items[i].tokens.ids))
        out = torch.zeros((len(items), len(self.config.labels or ())))
        was_training = self.training
        self.eval()
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            batch = batcher.collate([items[i] for i in rows])
            batch.pop("labels", None)
            moved = to_device(batch, self.text.device)
            out[rows] = self(**moved).logits.softmax(-1).cpu()
        self.train(was_training)
        return out

    def train(self, mode: bool = True) -> FusedModel:  # noqa: FBT001, FBT002 - torch's signature
        """Set training mode; a frozen language model stays in evaluation mode."""
        if mode == self.training:
            return self
        super().train(mode)
        if not self.config.train_text:
            self.backbone.eval()
        return self

    def own_state(self) -> dict[str, Tensor]:
        """Return the weights of fusion and head, which are in neither of the two parts."""
        parts = ("backbone.", "nodes.")
        return {k: v for k, v in self.state_dict().items() if not k.startswith(parts)}

    def save_pretrained(self, save_directory: str | Path, **_options: Any) -> None:
        """Write the model to a folder: `text/`, `nodes/`, and its own weights and settings.

        `text/` is a Hugging Face model and `nodes/` a `GraphEncoder`, each loadable alone.
        """
        folder = Path(save_directory)
        self.text.save(folder / "text")
        if self.nodes is not None:
            self.nodes.save(folder / "nodes")
        self.config.text = self.text.fingerprint
        write_artifact(
            folder,
            kind=KIND,
            tensors=self.own_state(),
            documents={"config": self.config.to_dict()},
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
        """
        path = Path(folder)
        tensors, documents = read_artifact(path, kind=KIND)
        said = dict(documents["config"])
        text = TextEncoder.load(path / "text", device=device)
        if said["text"] != text.fingerprint:
            raise ArtifactError(
                f"{path / 'text'}: must hold the language model {said['text']}; it holds "
                f"{text.fingerprint}. The file was changed; save again."
            )
        nodes = GraphEncoder.load(path / "nodes") if (path / "nodes").is_dir() else None
        model = cls(
            text,
            nodes,
            fusion=said["fusion"],
            task=said["task"],
            at=said["at"],
            labels=None if said["labels"] is None else Vocabulary(said["labels"]),
            **{key: said[key] for key in SETTINGS},
        )
        model.load_own(tensors, where=str(path))
        if said["train_text"] or said["train_nodes"]:
            model._origin = None
        model.eval()
        return model

    def load_own(self, tensors: dict[str, Tensor], *, where: str) -> None:
        """Set fusion's and head's weights.

        Raises:
            ArtifactError: the weights are not this model's.
        """
        mine = self.own_state()
        if mine.keys() != tensors.keys() or any(mine[k].shape != tensors[k].shape for k in mine):
            raise ArtifactError(
                f"{where}: must hold the weights of this fusion and head; names or shapes differ. "
                "Save again."
            )
        self.load_state_dict(tensors, strict=False)


def entity_hash(entities: Vocabulary) -> str:
    """Return a hash of entity labels in id order."""
    digest = hashlib.sha256()
    for label in entities:
        digest.update(label.encode() + b"\0")
    return digest.hexdigest()[:16]


def _check(config: FusedConfig, text: TextEncoder, nodes: GraphEncoder | None) -> None:
    if nodes is None and config.fusion != "none":
        raise ConfigError(
            f"nodes must be a GraphEncoder for fusion {config.fusion!r}; got None. Pass one, or "
            "fusion='none'."
        )
    if config.at != "output" and not 1 <= int(config.at) <= text.num_layers:
        raise ConfigError(
            f"fusion.at must be 'output' or a hidden layer from 1 to {text.num_layers}; got "
            f"{config.at!r}."
        )
