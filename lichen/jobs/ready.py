"""A recipe to the parts of its run: texts, graph, vectors, language model, all checked."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from lichen.base.errors import ConfigError
from lichen.base.paths import require_folder
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion import EVERY
from lichen.fusion.config import FusedConfig
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import check_parts, make_config, require_links, require_point
from lichen.jobs.beforehand import named
from lichen.jobs.further import Further, classes_told, load_teacher, siblings_of, texts_named
from lichen.jobs.guards import divide_labelled, warn_of_unread
from lichen.jobs.recipe import MAIN, Recipe
from lichen.jobs.tables import TaskRecipe
from lichen.linking.linker import Linker
from lichen.lm.text_encoder import TextEncoder
from lichen.training.beside import Beside
from lichen.training.folder import SPEC, RunFolder
from lichen.training.hashes import corpus_hash, digest, graph_hash
from lichen.training.joined import ALONE, Joined, require_joined
from lichen.training.loop import train
from lichen.training.multitask import TasksRun, tasks_spec
from lichen.training.objectives.mask import WordHead
from lichen.training.pretrain import pretrain
from lichen.training.processes import require_shared
from lichen.training.reporters import require_reporter
from lichen.training.run import Run
from lichen.training.teacher import Teacher

log = logging.getLogger(__name__)

VECTORS = "vectors.json"
"""How the entity vectors of a recipe's run are made, in its folder."""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A recipe's parts, loaded, linked and embedded."""

    recipe: Recipe
    text: TextEncoder
    graph: Graph
    nodes: GraphEncoder
    tasks: Mapping[str, Further]
    """The recipe's own task, "main", and further ones."""
    more: Mapping[str, Corpus]
    """Further texts by the name of their file."""
    fusions: tuple[str, ...] = ()
    """Those to compare, where fusions are compared."""
    head: WordHead | None = None
    """For masked words, where `[pretrain]` taught one."""

    @property
    def corpus(self) -> Corpus:
        """Return the documents of the recipe's own task."""
        return self.tasks[MAIN].corpus

    def texts(self, name: str | None) -> Corpus:
        """Return the texts of that name, or the training texts."""
        return self.corpus.train if name is None else self.more[name]

    def model(self) -> FusedModel:
        """Return the recipe's own model, its fusion and head untrained."""
        told = self.recipe.model
        return FusedModel(
            self.text,
            self.nodes,
            fusion=told.fusion,
            labels=self.tasks[MAIN].labels,
            graph=self.graph,
            **{**told.settings(), "seed": self.recipe.seed},
        )

    def beside(self) -> tuple[Joined, ...]:
        """Return what is learned with the task, or tasks."""
        found: list[Joined] = []
        for name, task in self.tasks.items():
            found += task.joined(self.more, task=name if self.recipe.tasks else None)
        asked = self.recipe.beside
        if asked is not None:
            words = Beside(
                objectives=asked.objectives,
                corpus=self.texts(asked.texts),
                graph=self.graph,
                head=self.head if "mask" in asked.objectives else None,
                batch_size=asked.batch_size,
                max_tokens=asked.max_tokens,
            )
            found.append(words)
        return tuple(found)

    def run(self) -> Run[FusedModel] | TasksRun:
        """Return the recipe's run, which is yet to be trained."""
        recipe = self.recipe
        shared: dict[str, Any] = {"beside": self.beside(), "config": recipe.train}
        shared |= {"seed": recipe.seed, "out": Path(recipe.out)}
        if not recipe.tasks:
            main = self.tasks[MAIN]
            return Run(model=self.model(), data=main.corpus.train, valid=main.valid, **shared)
        valid = {name: task.valid for name, task in self.tasks.items()}
        weights = {name: told.weight for name, told in recipe.further().items()}
        return TasksRun(
            models=siblings_of(self.model(), self.tasks),
            data={name: task.corpus.train for name, task in self.tasks.items()},
            valid={name: corpus for name, corpus in valid.items() if corpus is not None},
            weights=weights,
            **shared,
        )


def prepare(recipe: Recipe, *, is_comparison: bool = False, processes: int = 1) -> Ready:
    """Load what a recipe names, link texts without mentions, pretrain, embed.

    What the run or comparison would refuse later is refused before anything long is done. The
    language model is pretrained in the folder `pretrain` of `out`, where there is a table for it;
    the graph is embedded where no vectors are named.

    Args:
        recipe: what to load.
        is_comparison: whether fusions are to be compared, or else the recipe's own is trained.
        processes: how many will share the training of the fused model.

    Raises:
        DataError: a file cannot be read, a line of it is bad, the documents cannot be trained or
            measured on, or no mention is linked.
        ConfigError: `nodes.folder` holds vectors of other entities, `out` another run, a reporter
            is not installed, a setting or the language model does not suit a fusion that is named,
            that model has no mask token where one is needed, or `processes` cannot share the run.
        ChoiceError: there is no such reporter, or the head cannot answer the task.
    """
    _require_out(recipe, is_comparison=is_comparison)
    text = TextEncoder.load(recipe.model.text)
    own = _config(recipe, text, recipe.model.fusion)
    _require_shared(recipe, processes=processes, device=text.device)
    fusions = _compared(recipe, text) if is_comparison else ()
    graph = Graph.load(recipe.data.graph, on_bad_line=recipe.data.on_bad_line)
    how = recipe.data.on_bad_line
    tasks = {
        name: _task(recipe, told, graph, is_comparison=is_comparison)
        for name, told in recipe.further().items()
    }
    corpus = tasks[MAIN].corpus
    more = {name: Corpus.load(name, on_bad_line=how, graph=graph) for name in texts_named(recipe)}
    nodes = _nodes(recipe, graph)
    check_parts(own, text, nodes, graph)
    ready = Ready(
        recipe=recipe,
        text=text,
        graph=graph,
        nodes=nodes,
        tasks={
            name: replace(task, corpus=_linked(task.corpus, graph, text))
            for name, task in tasks.items()
        },
        more={name: _linked(texts, graph, text) for name, texts in more.items()},
        fusions=fusions,
    )
    _require_links(ready, given=corpus)
    if not is_comparison:
        models = siblings_of(ready.model(), ready.tasks)  # what cannot be must not stop it later
        require_joined(ready.beside(), models if recipe.tasks else {ALONE: models[MAIN]})
    ready = _pretrained(ready)
    if not is_comparison:
        _require_own_folder(ready)
    is_kept = not is_comparison and RunFolder(Path(recipe.out)).is_finished
    if recipe.nodes.folder is None and not is_kept:
        train(nodes, graph, config=recipe.embed)
    return ready


def _require_out(recipe: Recipe, *, is_comparison: bool) -> None:
    """Refuse a folder or reporters that cannot be used, before anything is read."""
    folder = RunFolder(Path(recipe.out))
    require_folder(folder.path)
    if not folder.is_finished:
        require_reporter(recipe.train.report_to)
        if recipe.pretrain is not None:
            require_reporter(recipe.pretrain.report_to, key="pretrain.report_to")
    if is_comparison or recipe.pretrain is None or not (folder.path / SPEC).is_file():
        return
    if not RunFolder(_first(recipe)).is_finished:
        raise ConfigError(
            f"out: {folder.path} must be empty or hold this same run; it holds one that no "
            f"[pretrain] came before, or the folder {_first(recipe).name!r} in it was taken away. "
            "Give another out, or remove the folder."
        )


def _first(recipe: Recipe) -> Path:
    """Return where the language model is pretrained."""
    return Path(recipe.out) / "pretrain"


def _config(recipe: Recipe, text: TextEncoder, fusion: str) -> FusedConfig:
    """Return the settings of a fusion, which the language model can be read for.

    Raises:
        ConfigError: a setting, or the language model, does not suit the fusion.
    """
    told = recipe.model
    settings = {**told.settings(), "group": told.group or recipe.compare.group}
    settings["at"] = told.at if fusion == told.fusion else None
    config = make_config(text, fusion=fusion, **settings)
    require_point(config, text)
    return config


def _compared(recipe: Recipe, text: TextEncoder) -> tuple[str, ...]:
    """Return the fusions to compare: those named, or all that the language model can be read for.

    Raises:
        ConfigError: one that is named cannot work.
    """
    named, found = recipe.compare.fusions, []
    for fusion in EVERY if named is None else named:
        try:
            _config(recipe, text, fusion)
        except ConfigError as error:
            if named is not None:
                raise
            log.warning("fusion %r is left out of the comparison: %s", fusion, error)
        else:
            found.append(fusion)
    return tuple(found)


def _folds(recipe: Recipe, corpus: Corpus) -> tuple[Corpus, ...]:
    """Return the folds of the training documents, where the recipe compares in some."""
    asked = recipe.compare
    if asked.folds is None:
        return ()
    group = asked.group or recipe.model.group
    with named(recipe.data.corpus):
        return divide_labelled(corpus.train, asked.folds, group=group, together=asked.together)


def _task(recipe: Recipe, told: TaskRecipe, graph: Graph, *, is_comparison: bool) -> Further:
    """Return a task's documents and classes, all checked that will be read."""
    where, how = told.corpus, recipe.data.on_bad_line
    corpus = Corpus.load(where, on_bad_line=how, graph=graph)
    warn_of_unread(corpus, where=where)
    teacher = load_teacher(told)
    if teacher is not None:
        Teacher(model=teacher).require_task(told.task, told.group)
    has_folds = is_comparison and recipe.compare.folds is not None
    read, test = corpus.train if has_folds else corpus, is_comparison and not has_folds
    labels = classes_told(told, read, test=test, teacher=teacher)
    if has_folds:
        for number, part in enumerate(_folds(recipe, corpus), 1):
            classes_told(told, part, where=f"{where}, fold {number}", test=True)
    return Further(told=told, corpus=corpus, labels=labels, teacher=teacher)


def _require_shared(recipe: Recipe, *, processes: int, device: torch.device) -> None:
    """Refuse processes that cannot share the run."""
    tasks, words = recipe.further(), recipe.beside
    sizes = {
        f"{'' if name == MAIN else f'tasks.{name}.'}consistency.batch_size": agreed.batch_size
        for name, told in tasks.items()
        if (agreed := told.consistency) is not None
    }
    if words is not None:
        sizes["beside.batch_size"] = words.batch_size
    for told in tasks.values():
        fused = FusedConfig(task=told.task, group=told.group)
        require_shared(processes, recipe.train, fused, device=device, further=sizes)


def _nodes(recipe: Recipe, graph: Graph) -> GraphEncoder:
    """Return the vectors that are named, or else such as are yet to be trained."""
    if recipe.nodes.folder is None:
        return GraphEncoder(recipe.nodes.scorer, graph, dim=recipe.nodes.dim, seed=recipe.seed)
    nodes = GraphEncoder.load(recipe.nodes.folder)
    if list(nodes.entities) != list(graph.entities):
        raise ConfigError(
            f"nodes.folder must hold vectors of {recipe.data.graph}; {recipe.nodes.folder} "
            "holds those of other entities. Run `lichen embed` on that graph, or leave the "
            "key out."
        )
    return nodes


def _has_mentions(corpus: Corpus) -> bool:
    return any(doc.mentions for doc in corpus)


def _linked(corpus: Corpus, graph: Graph, text: TextEncoder) -> Corpus:
    """Return texts with mentions: their own, or where none has any those that the linker finds."""
    return corpus if _has_mentions(corpus) else Linker(graph, text).link(corpus)


def _require_links(ready: Ready, *, given: Corpus) -> None:
    """Refuse documents, linked here or as they were given, of which fusions could read nothing."""
    recipe = ready.recipe
    read = {"split 'train'": ready.corpus.train}
    if ready.fusions:
        divided = _folds(recipe, ready.corpus)
        read |= {f"fold {number}": part.test for number, part in enumerate(divided, 1)}
        if not divided:
            read["split 'test'"] = ready.corpus.test
    for task in ready.tasks.values():
        agreed = task.told.consistency
        if agreed is not None and agreed.texts is not None:
            require_links(agreed.texts, ready.more[agreed.texts], fusion=recipe.model.fusion)
        elif agreed is not None:
            name = f"{task.told.corpus}, split 'train'"
            require_links(name, task.corpus.train, fusion=recipe.model.fusion)
    for what, corpus in read.items():
        require_links(
            f"{recipe.data.corpus}, {what}",
            corpus,
            fusion=None if ready.fusions else recipe.model.fusion,
            is_linked=not _has_mentions(given),
        )


def _pretrained(ready: Ready) -> Ready:
    """Return the parts, the language model taught by texts and graph where that is asked for."""
    recipe, asked = ready.recipe, ready.recipe.pretrain
    if asked is None:
        return ready
    run = pretrain(
        ready.text,
        ready.texts(asked.texts),
        ready.graph,
        objectives=asked.objectives,
        out=_first(recipe),
        seed=recipe.seed,
        config=asked.config(),
    )
    return replace(ready, text=run.text, head=run.head)


def _vectors_spec(ready: Ready) -> dict[str, Any]:
    """Return what a recipe's entity vectors come from: a graph and settings, or a folder."""
    recipe, nodes = ready.recipe, ready.nodes
    if recipe.nodes.folder is not None:
        return {"nodes": digest(*(x.detach() for x in nodes.state_dict().values()))}
    own = {"nodes": asdict(recipe.nodes), "embed": asdict(recipe.embed)}
    return {**own, "graph": graph_hash(ready.graph)}


def _require_own_folder(ready: Ready) -> None:
    """Refuse a folder that holds another run; keep in it how its entity vectors are made."""
    folder = RunFolder(Path(ready.recipe.out))
    told, made = folder.path / VECTORS, _vectors_spec(ready)
    if not (folder.path / SPEC).is_file():
        folder.path.mkdir(parents=True, exist_ok=True)
        told.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        return
    if told.is_file():
        folder.require_same(made, record=VECTORS)
    run = ready.run()
    if isinstance(run, TasksRun):
        folder.require_same(tasks_spec(run))
    else:
        data_hash = corpus_hash(ready.corpus.train, group=run.model.config.group)
        folder.require_same(folder.spec(run, data_hash=data_hash))
