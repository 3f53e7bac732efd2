"""One TOML file to one run: data, entity vectors, fusion, training, comparison.

A recipe names everything that a run depends on, so the file is the run's record too.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lichen.base.config import load_config
from lichen.base.errors import ConfigError
from lichen.base.paths import require_folder
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.data.vocabulary import Vocabulary
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion import EVERY
from lichen.fusion.config import FusedConfig
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import check_parts, make_config, require_links, require_point
from lichen.fusion.tasks.task import Task, make_task
from lichen.jobs.beforehand import learnable, require_ids, require_shared
from lichen.jobs.fusions import Contest, compare_fusions
from lichen.jobs.guards import warn_of_unread
from lichen.jobs.ranking import FusionTable
from lichen.jobs.tables import (
    BesideRecipe,
    CompareRecipe,
    DataRecipe,
    ModelRecipe,
    NodesRecipe,
    PretrainRecipe,
)
from lichen.linking.linker import Linker
from lichen.lm.text_encoder import TextEncoder
from lichen.training.beside import Beside
from lichen.training.config import TrainConfig
from lichen.training.folder import SPEC, RunFolder
from lichen.training.hashes import corpus_hash
from lichen.training.loop import train
from lichen.training.objectives.mask import WordHead
from lichen.training.pretrain import pretrain
from lichen.training.reporters import require_reporter
from lichen.training.run import Run

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One run, whole.

    Raises:
        ConfigError: a value is out of its bounds, or `[beside]` is for a frozen language model.
    """

    data: DataRecipe
    nodes: NodesRecipe = field(default_factory=NodesRecipe)
    embed: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    model: ModelRecipe = field(default_factory=ModelRecipe)
    train: TrainConfig = field(default_factory=TrainConfig)
    pretrain: PretrainRecipe | None = None
    beside: BesideRecipe | None = None
    compare: CompareRecipe = field(default_factory=CompareRecipe)
    seed: int = 0
    out: str = "runs/first"
    """Run folder, seen from the recipe's folder."""

    def __post_init__(self) -> None:
        """Refuse what would else be met only after the embedding."""
        if self.beside is not None and not (self.model.train_text or self.model.lora):
            raise ConfigError(
                "beside: the language model must be trained with the task; it is frozen. Set "
                "model.lora = 8 or model.train_text = true, or leave the table out."
            )

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """Read a recipe; relative paths become paths from its folder.

        A language model is such a path where a folder of its name lies beside the recipe.

        Raises:
            ConfigError: the file is not there or no TOML, a key or value is wrong, or a file that
                is named is not there.
        """
        found = load_config(cls, path)
        place = Path(path)
        data = replace(
            found.data,
            corpus=_placed(place, "data.corpus", found.data.corpus),
            graph=_placed(place, "data.graph", found.data.graph),
        )
        text = found.model.text
        if text is not None and (place.parent / text).is_dir():
            text = str(place.parent / text)
        nodes, first, beside = found.nodes, found.pretrain, found.beside
        if nodes.folder is not None:
            nodes = replace(nodes, folder=_placed(place, "nodes.folder", nodes.folder))
        if first is not None and first.texts is not None:
            first = replace(first, texts=_placed(place, "pretrain.texts", first.texts))
        if beside is not None and beside.texts is not None:
            beside = replace(beside, texts=_placed(place, "beside.texts", beside.texts))
        return replace(
            found,
            data=data,
            nodes=nodes,
            model=replace(found.model, text=text),
            pretrain=first,
            beside=beside,
            out=str(place.parent / found.out),
        )


def _placed(recipe: Path, key: str, name: str) -> str:
    """Return a name that is a file or folder beside the recipe as a path; others as they are."""
    beside = recipe.parent / name
    if beside.exists():
        return str(beside)
    if name == "atlas" or "://" in name or Path(name).exists():
        return name
    raise ConfigError(
        f"{recipe}: {key} must name a file or a folder, seen from the recipe's folder; found "
        f"nothing at {beside}. Check the path."
    )


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A recipe's parts, loaded, linked and embedded."""

    text: TextEncoder
    graph: Graph
    nodes: GraphEncoder
    corpus: Corpus
    more: Mapping[str, Corpus]
    """Texts of `[pretrain]` and `[beside]` by the name of their file."""
    labels: Vocabulary
    """The classes of the training documents."""
    fusions: tuple[str, ...] = ()
    """Those to compare, where fusions are compared."""
    head: WordHead | None = None
    """For masked words, where `[pretrain]` taught one."""

    def texts(self, name: str | None) -> Corpus:
        """Return the texts of that name, or the training texts."""
        return self.corpus.train if name is None else self.more[name]


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
    require_folder(Path(recipe.out))
    if not RunFolder(Path(recipe.out)).is_finished:
        require_reporter(recipe.train.report_to)
        if recipe.pretrain is not None:
            require_reporter(recipe.pretrain.report_to, key="pretrain.report_to")
    text, task = TextEncoder.load(recipe.model.text), _task(recipe)
    more_learned = {"fusion.triple": recipe.model.triple > 0, "beside": recipe.beside is not None}
    require_shared(processes, recipe.train, task=task, text=text, more=more_learned)
    own = _config(recipe, text, recipe.model.fusion)
    fusions = _compared(recipe, text) if is_comparison else ()
    graph = Graph.load(recipe.data.graph, on_bad_line=recipe.data.on_bad_line)
    corpus = _texts(recipe, recipe.data.corpus, graph)
    warn_of_unread(corpus, where=recipe.data.corpus)
    labels = learnable(task, corpus, where=recipe.data.corpus, test=is_comparison)
    tables = [table for table in (recipe.pretrain, recipe.beside) if table is not None]
    names = {table.texts for table in tables if table.texts is not None}
    more = {name: _texts(recipe, name, graph) for name in sorted(names)}
    nodes = _nodes(recipe, graph)
    check_parts(own, text, nodes, graph)
    ready = Ready(
        text=text,
        graph=graph,
        nodes=nodes,
        corpus=_linked(corpus, graph, text),
        more={name: _linked(texts, graph, text) for name, texts in more.items()},
        labels=labels,
        fusions=fusions,
    )
    _require_links(recipe, ready)
    if not is_comparison:
        _require_own_folder(recipe, ready)
    if recipe.nodes.folder is None:
        train(nodes, graph, config=recipe.embed)
    return ready if recipe.pretrain is None else _pretrained(recipe, recipe.pretrain, ready)


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


def _texts(recipe: Recipe, name: str, graph: Graph) -> Corpus:
    """Return the texts of a file, whose mentions are of the graph's entities."""
    corpus = Corpus.load(name, on_bad_line=recipe.data.on_bad_line)
    require_ids(corpus, graph, where=name)
    return corpus


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


def _require_links(recipe: Recipe, ready: Ready) -> None:
    """Refuse documents of which the fusions could read nothing."""
    for split in ("train", "test") if ready.fusions else ("train",):
        fusion = None if ready.fusions else recipe.model.fusion
        where = f"{recipe.data.corpus}, split {split!r}"
        require_links(where, ready.corpus.split(split), fusion=fusion)


def _require_own_folder(recipe: Recipe, ready: Ready) -> None:
    """Refuse a model that cannot be built, and a folder that holds another run.

    A pretrained language model is not known yet: then the folder is looked at when it is.
    """
    model, folder = _model(recipe, ready), RunFolder(Path(recipe.out))
    if recipe.pretrain is not None or not (folder.path / SPEC).is_file():
        return
    data = ready.corpus.train
    beside = _beside(recipe, ready)
    run = Run(model=model, data=data, beside=beside, config=recipe.train, seed=recipe.seed)
    folder.require_same(folder.spec(run, data_hash=corpus_hash(data, group=model.config.group)))


def _pretrained(recipe: Recipe, asked: PretrainRecipe, ready: Ready) -> Ready:
    """Return the parts with a language model that has learned from texts and graph."""
    run = pretrain(
        ready.text,
        ready.texts(asked.texts),
        ready.graph,
        objectives=asked.objectives,
        out=Path(recipe.out) / "pretrain",
        seed=recipe.seed,
        config=asked.config(),
    )
    return replace(ready, text=run.text, head=run.head)


def _linked(corpus: Corpus, graph: Graph, text: TextEncoder) -> Corpus:
    """Return texts with mentions: their own, or where none has any those that the linker finds."""
    if any(doc.mentions for doc in corpus):
        return corpus
    return Linker(graph, text).link(corpus)


def _beside(recipe: Recipe, ready: Ready) -> Beside | None:
    """Return what is learned with the task, or None."""
    asked = recipe.beside
    if asked is None:
        return None
    return Beside(
        objectives=asked.objectives,
        corpus=ready.texts(asked.texts),
        graph=ready.graph,
        head=ready.head if "mask" in asked.objectives else None,
        batch_size=asked.batch_size,
        max_tokens=asked.max_tokens,
    )


def _task(recipe: Recipe) -> Task:
    return make_task(recipe.model.task, group=recipe.model.group or recipe.compare.group)


def _model(recipe: Recipe, ready: Ready) -> FusedModel:
    """Return the recipe's own model, its fusion and head untrained."""
    return FusedModel(
        ready.text,
        ready.nodes,
        fusion=recipe.model.fusion,
        labels=ready.labels,
        graph=ready.graph,
        **{**recipe.model.settings(), "seed": recipe.seed},
    )


def train_recipe(recipe: Recipe, *, processes: int = 1) -> Run[FusedModel]:
    """Do a recipe's run, or read it back when it is finished.

    Args:
        recipe: what to do.
        processes: how many share the training of the fused model.

    Returns:
        The run.

    Raises:
        ConfigError: `out` holds another run, or `processes` cannot share this one.
    """
    ready = prepare(recipe, processes=processes)
    has_valid = any(doc.split == "valid" for doc in ready.corpus)
    return train(
        _model(recipe, ready),
        ready.corpus.train,
        valid=ready.corpus.valid if has_valid else None,
        beside=_beside(recipe, ready),
        out=recipe.out,
        seed=recipe.seed,
        config=recipe.train,
        processes=processes,
    )


def compare_recipe(recipe: Recipe) -> FusionTable:
    """Train every fusion that a recipe compares, with its twins; kept runs are not trained again.

    Where it names none, one that the language model cannot be read for is left out, with a warning.

    `model.at` is the recipe's own fusion's; others read entities in as late as they can.

    Raises:
        ConfigError: the recipe has a table `[beside]`, which is for one run.
    """
    if recipe.beside is not None:
        raise ConfigError(
            "beside must be left out where fusions are compared, since each is trained on the task "
            f"alone; got objectives {sorted(recipe.beside.objectives)}. Compare first, then train "
            "the one chosen with it."
        )
    ready = prepare(recipe, is_comparison=True)
    told = recipe.model.settings()
    shared = {key: x for key, x in told.items() if key not in ("at", "task", "group")}
    contest = Contest(
        text=ready.text,
        nodes=ready.nodes,
        graph=ready.graph,
        corpora=[ready.corpus],
        seeds=recipe.compare.seeds,
        twins=recipe.compare.twins,
        config=recipe.train,
        settings=shared,
        special={recipe.model.fusion: {"at": recipe.model.at}},
        task=recipe.model.task,
        group=recipe.compare.group or recipe.model.group,
    )
    out = Path(recipe.out) / "fusions"
    return compare_fusions(contest, fusions=ready.fusions, out=out)
