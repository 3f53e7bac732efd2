"""One TOML file to one run: data, entity vectors, fusion, training, comparison.

A recipe names everything that a run depends on, so the file is the run's record too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lichen.base.config import load_config
from lichen.base.errors import ConfigError
from lichen.data.corpus import Corpus
from lichen.data.graph import Graph
from lichen.embedding.config import EmbeddingConfig
from lichen.embedding.encoder import GraphEncoder
from lichen.fusion.model import FusedModel
from lichen.fusion.parts import make_config, require_point
from lichen.fusion.tasks.task import Task, make_task
from lichen.jobs.fusions import Contest, compare_fusions
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
from lichen.training.folder import RunFolder
from lichen.training.loop import train
from lichen.training.objectives.mask import WordHead
from lichen.training.pretrain import pretrain
from lichen.training.reporters import require_reporter
from lichen.training.run import Run


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

        Raises:
            ConfigError: the file is not there or no TOML, or a key or value is wrong.
        """
        found = load_config(cls, path)
        home = Path(path).parent
        data = replace(
            found.data,
            corpus=_placed(home, found.data.corpus),
            graph=_placed(home, found.data.graph),
        )
        folder = found.nodes.folder
        nodes = replace(found.nodes, folder=None if folder is None else _placed(home, folder))
        first, beside = found.pretrain, found.beside
        if first is not None and first.texts is not None:
            first = replace(first, texts=_placed(home, first.texts))
        if beside is not None and beside.texts is not None:
            beside = replace(beside, texts=_placed(home, beside.texts))
        out = str(home / found.out)
        return replace(found, data=data, nodes=nodes, pretrain=first, beside=beside, out=out)


def _placed(home: Path, name: str) -> str:
    """Return a name that is a file or folder beside the recipe as a path; others as they are."""
    beside = home / name
    return str(beside) if beside.exists() else name


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A recipe's parts, loaded, linked and embedded."""

    text: TextEncoder
    graph: Graph
    nodes: GraphEncoder
    corpus: Corpus
    more: Mapping[str, Corpus]
    """Texts of `[pretrain]` and `[beside]` by the name of their file."""
    head: WordHead | None = None
    """For masked words, where `[pretrain]` taught one."""

    def texts(self, name: str | None) -> Corpus:
        """Return the texts of that name, or the training texts."""
        return self.corpus.train if name is None else self.more[name]


def prepare(recipe: Recipe, *, fusions: Sequence[str] = ()) -> Ready:
    """Load what a recipe names, link texts without mentions, pretrain, embed.

    The language model is pretrained in the folder `pretrain` of `out`, where there is a table for
    it; the graph is embedded where no vectors are named.

    Args:
        recipe: what to load.
        fusions: those that will be trained beside the recipe's own.

    Raises:
        DataError: a file cannot be read, a line of it is bad, there is nothing to train on, or
            another split has a class that the training documents lack.
        ConfigError: `nodes.folder` holds vectors of other entities, a reporter is not installed,
            a setting or the language model does not suit a fusion, or that model has no mask
            token where one is needed.
        ChoiceError: there is no such reporter, or the head cannot answer the task.
    """
    if not RunFolder(Path(recipe.out)).is_finished:
        require_reporter(recipe.train.report_to)
        if recipe.pretrain is not None:
            require_reporter(recipe.pretrain.report_to, key="pretrain.report_to")
    text = TextEncoder.load(recipe.model.text)
    _require_points(recipe, text, fusions)
    graph = Graph.load(recipe.data.graph, on_bad_line=recipe.data.on_bad_line)
    corpus = Corpus.load(recipe.data.corpus, on_bad_line=recipe.data.on_bad_line)
    _task(recipe).learnt(corpus)
    corpus = _linked(corpus, graph, text)
    tables = [table for table in (recipe.pretrain, recipe.beside) if table is not None]
    more = {
        name: _linked(Corpus.load(name, on_bad_line=recipe.data.on_bad_line), graph, text)
        for name in {table.texts for table in tables if table.texts is not None}
    }
    nodes = _nodes(recipe, graph)
    ready = Ready(text=text, graph=graph, nodes=nodes, corpus=corpus, more=more)
    return ready if recipe.pretrain is None else _pretrained(recipe, recipe.pretrain, ready)


def _require_points(recipe: Recipe, text: TextEncoder, fusions: Sequence[str]) -> None:
    """Refuse settings, or a language model, with which a fusion cannot be built."""
    told = recipe.model
    for name in dict.fromkeys((told.fusion, *fusions)):
        settings = {**told.settings(), "group": told.group or recipe.compare.group}
        settings["at"] = told.at if name == told.fusion else None
        require_point(make_config(text, fusion=name, **settings), text)


def _nodes(recipe: Recipe, graph: Graph) -> GraphEncoder:
    if recipe.nodes.folder is None:
        fresh = GraphEncoder(recipe.nodes.scorer, graph, dim=recipe.nodes.dim, seed=recipe.seed)
        nodes: GraphEncoder = train(fresh, graph, config=recipe.embed).model
    else:
        nodes = GraphEncoder.load(recipe.nodes.folder)
        if list(nodes.entities) != list(graph.entities):
            raise ConfigError(
                f"nodes.folder must hold vectors of {recipe.data.graph}; {recipe.nodes.folder} "
                "holds those of other entities. Run `lichen embed` on that graph, or leave the "
                "key out."
            )
    return nodes


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


def train_recipe(recipe: Recipe, *, processes: int = 1) -> Run[FusedModel]:
    """Do a recipe's run, or read it back when it is finished.

    Args:
        recipe: what to do.
        processes: how many share the training of the fused model.

    Returns:
        The run.

    Raises:
        ConfigError: `out` holds another run.
    """
    ready = prepare(recipe)
    model = FusedModel(
        ready.text,
        ready.nodes,
        fusion=recipe.model.fusion,
        labels=_task(recipe).learnt(ready.corpus),
        graph=ready.graph,
        **{**recipe.model.settings(), "seed": recipe.seed},
    )
    has_valid = any(doc.split == "valid" for doc in ready.corpus)
    return train(
        model,
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
    ready = prepare(recipe, fusions=recipe.compare.fusions)
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
    return compare_fusions(contest, fusions=recipe.compare.fusions, out=out)
