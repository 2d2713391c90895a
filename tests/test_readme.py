"""README.md keeps its word: its Python examples run and print what it shows; its commands name what exists."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import gradflow

pytestmark = pytest.mark.cpu_only("the examples show tensors on the CPU")

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def fenced(text: str, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def shown(example: str) -> list[str]:
    """What an example says it prints: the comment behind each line that prints."""
    return [line.split("  # ", 1)[1].strip() for line in example.splitlines() if line.startswith("print(")]


def printed(example: str) -> list[str]:
    """What it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(example, "<example in README.md>", "exec"), {"__name__": "__readme__"})
    return [line.strip() for line in out.getvalue().splitlines()]


def test_readme_has_examples() -> None:
    examples = fenced(README, "python")
    assert examples
    assert all(shown(example) for example in examples)


@pytest.mark.parametrize("example", fenced(README, "python"))
def test_example_prints_what_readme_shows(example: str) -> None:
    assert printed(example) == shown(example)


def test_commands_name_extras_that_exist() -> None:
    named = {extra for group in re.findall(r"'\.\[([\w,]+)\]'", README) for extra in group.split(",")}
    assert {"demo", "test", "cuda12x", "cuda13x"} <= named
    assert named <= set(PROJECT["optional-dependencies"])


EXTRA = r"gradflow\\?\[[a-z][a-z\d,]*\\?\]"
INSTALLED = r"\b(?:pip|pipx|uv|conda|poetry)(?: \w+)*? (?:install|add|download)(?: -\S+)* ['\"]?gradflow(?![\w.\-/])"
OTHERS = re.compile(f"{EXTRA}|{INSTALLED}")
"""``gradflow`` where a distribution is named: with an extra, or behind a command that installs."""


def tracked() -> list[Path]:
    """The text files of the repository; those of the sdist where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    paths = [ROOT / name for name in listed.stdout.splitlines()] if not listed.returncode else sorted(ROOT.rglob("*"))
    return [p for p in paths if p.is_file() and p.suffix not in (".png", ".jpg", ".pkl", ".pyc")]


def test_no_text_installs_the_other_distribution_of_that_name() -> None:
    assert PROJECT["name"] == "gradflow-autograd"
    for wrong in ("pip install gradflow", "pip install 'gradflow[demo]'", r"gradflow\[safetensors\]", "uv add -q gradflow==1"):
        assert OTHERS.search(wrong), wrong
    for right in ("pip install 'gradflow-autograd[demo]'", "gradflow[0]", "pip install '.[test]' && python -m gradflow train"):
        assert not OTHERS.search(right), right
    here = Path(__file__).resolve()
    texts = {p.relative_to(ROOT): p.read_text(encoding="utf-8") for p in tracked() if p != here}
    assert {str(p): OTHERS.findall(text) for p, text in texts.items() if OTHERS.search(text)} == {}


def test_ci_finds_exactly_one_test_command() -> None:
    marked = re.findall(r"^<!-- ci: tests -->\n```sh\n(.*)\n```$", README, flags=re.MULTILINE)
    assert len(marked) == 1
    assert marked[0].endswith("-m pytest")


def test_version_is_in_one_place() -> None:
    assert "version" in PROJECT["dynamic"]
    assert "version" not in PROJECT
    assert f"## [{gradflow.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_desk_tools_include_what_the_test_extra_installs() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    extras = PROJECT["optional-dependencies"]
    wanted = {name for extra in ("test", "demo") for name in extras[extra] if not name.startswith("gradflow")}
    assert set(groups["test"]) == wanted


def test_contributing_names_files_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:gradflow|tests|ci)/[\w./]+)`", text)) - {"gradflow/optim/lion.py"}  # which the example adds
    assert len(named) > 15
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_pre_commit_takes_the_tools_of_the_desk() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    taken = set(
        re.findall(r'additional_dependencies: \["([^"]+)"\]', (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    )
    assert len(taken) == 2 and taken <= set(groups["tools"])
