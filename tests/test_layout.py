from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parent.parent
FILE_MOST: Final = 300
FUNCTION_MOST: Final = 60
FUNCTION_USUAL: Final = 30
USUAL_SHARE: Final = 0.9
# Tables of data: their length is their content.
TABLES: Final = {
    "functions/gemini/catalog_data.py",
    "functions/job/verdict_tables.py",
    "functions/local/model/failures.py",
}


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],  # noqa: S607  # git is wherever PATH has it
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()
    ]


SOURCES: Final = tracked("main.py", "functions/**/*.py", "functions/*.py")
PYTHON: Final = tracked("*.py")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions_of(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{relative(path)}:{node.name}", node.end_lineno - node.lineno + 1


MODULES: Final = [p for p in SOURCES if p.name not in {"__init__.py", "__main__.py"}]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_every_module_has_its_mirror(path: Path) -> None:
    """Whoever opens a module finds its tests at the same path."""
    inside = path.relative_to(ROOT)
    folder = ROOT / "tests" / Path(*inside.parts[1:-1])
    assert (folder / f"test_{path.stem}.py").exists(), f"{inside} has no mirror test"


@pytest.mark.parametrize("path", PYTHON, ids=relative)
def test_no_file_passes_its_budget(path: Path) -> None:
    """A file past 300 lines wants a second room."""
    if relative(path) not in TABLES:
        assert len(path.read_text().splitlines()) <= FILE_MOST


def test_functions_are_short() -> None:
    """None is over 60 lines, and nine of ten are at most 30."""
    lengths = dict(item for path in SOURCES for item in functions_of(path))
    assert not {n: size for n, size in lengths.items() if size > FUNCTION_MOST}
    usual = sum(1 for size in lengths.values() if size <= FUNCTION_USUAL)
    assert usual >= USUAL_SHARE * len(lengths)


def test_the_walk_reads_in_one_sight() -> None:
    """`run` is what a reviewer opens first."""
    lengths = dict(functions_of(ROOT / "functions/job/run.py"))
    assert lengths["functions/job/run.py:run"] < FUNCTION_MOST


def test_main_names_the_deployed_functions_and_nothing_else() -> None:
    """main.py imports doors only: each line a function by its own name."""
    tree = ast.parse((ROOT / "main.py").read_text())
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    for node in imports:
        for alias in node.names:
            assert node.module == f"functions.{alias.name}"
            assert alias.asname is None
    assert len(tree.body) == len(imports) + 2  # the docstring and __all__


def test_nothing_of_a_machine_or_an_index_is_in_the_repository() -> None:
    """No path of a machine, no package index, no secret-shaped word."""
    forbidden = [
        "py" + "pi.org",
        "python" + "hosted",
        "registry.npm" + "js",
        "deb.deb" + "ian",
        "/wo" + "rk/",
        "/ro" + "ot/",
        "AIza" + "Sy",
    ]
    for path in tracked():
        if path.suffix in {".jpg", ".png", ".webp", ".gz"}:
            continue
        text = path.read_text(errors="replace")
        found = [word for word in forbidden if word in text]
        assert not found, f"{relative(path)} holds {found}"


def test_only_ci_knows_what_lies_beside_the_repository() -> None:
    """`.ci/run` is the only tracked file that may name the folder next door."""
    word = "../sha" + "red"
    named = [relative(p) for p in tracked() if word in p.read_text(errors="replace")]
    assert named == [".ci/run"]
