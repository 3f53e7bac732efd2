"""Limits on size and cost; an exception is a line here, with its reason."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "lichen"
MODULES = sorted(PACKAGE.rglob("*.py"))
OTHERS = sorted(
    path for part in ("tests", "benchmarks", "examples") for path in (ROOT / part).rglob("*.py")
)

LINES, FUNCTION_LINES, ARGUMENTS, METHODS, TWIN_FROM = 400, 60, 8, 20, 30
IMPORT_S = 0.3
VAGUE = {"utils", "util", "common", "helpers", "helper", "misc", "manager"}

MORE_METHODS: dict[str, str] = {
    "Graph": "the object everything passes: look-ups stay on it rather than in loose functions",
}


MORE_ARGUMENTS: dict[str, str] = {
    "lichen/training/multitask.py:train_tasks": "the arguments of `train`, and each task's weight",
    "lichen/training/pretrain.py:pretrain": "those of `train`, a graph, objectives and their head",
}

# A verb of the command line has its options as arguments, so it takes as many as it has options.
MANY_ARGUMENTS = "lichen/cli/"


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def functions(tree):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


@pytest.fixture(scope="module")
def trees():
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}


def test_files_are_short():
    long = {
        name_of(path): count
        for path in (*MODULES, *OTHERS)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LINES
    }
    assert not long


def test_functions_are_short(trees):
    long = {
        f"{name}:{f.name}": f.end_lineno - f.lineno + 1
        for name, tree in trees.items()
        for f in functions(tree)
        if f.end_lineno - f.lineno + 1 > FUNCTION_LINES
    }
    assert not long


def test_functions_take_few_arguments(trees):
    many = {}
    for name, tree in trees.items():
        if name.startswith(MANY_ARGUMENTS):
            continue
        for f in functions(tree):
            given = [*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs]
            count = sum(a.arg not in ("self", "cls") for a in given)
            if count > ARGUMENTS and f"{name}:{f.name}" not in MORE_ARGUMENTS:
                many[f"{name}:{f.name}"] = count
    assert not many


def test_classes_have_few_methods(trees):
    many = {}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name not in MORE_METHODS:
                methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
                public = [m for m in methods if not m.name.startswith("_")]
                if len(public) > METHODS:
                    many[f"{name}:{node.name}"] = len(public)
    assert not many


def test_nothing_prints_outside_the_command_line(trees):
    printing = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        if not name.startswith("lichen/cli/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert not printing


def test_no_vague_names():
    found = [
        name_of(p) for p in (*MODULES, *OTHERS) if VAGUE & {p.stem, *p.parts[len(ROOT.parts) :]}
    ]
    assert not found


def test_every_module_has_its_tests():
    missing = []
    for path in MODULES:
        num_lines = len(path.read_text(encoding="utf-8").splitlines())
        if path.name in ("__init__.py", "__main__.py") or num_lines <= TWIN_FROM:
            continue
        inside = path.relative_to(PACKAGE)
        twin = ROOT / "tests" / inside.with_name(f"test_{path.name}")
        if not twin.exists():
            missing.append(name_of(twin))
    assert not missing


def test_import_is_quick_and_light():
    code = (
        "import time; t = time.perf_counter(); import lichen; s = time.perf_counter() - t; "
        "import sys; print(s, *({'torch', 'transformers', 'matplotlib'} & set(sys.modules)))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(3)
    ]
    seconds, *heavy = min(run.stdout.split() for run in runs)
    assert not heavy
    assert float(seconds) < IMPORT_S


def test_data_works_without_torch():
    code = (
        "import sys; import lichen.data.read, lichen.data.write, lichen.data.leaks; "
        "assert not {'torch', 'transformers', 'pyoxigraph'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
