"""The README and the pages in `docs/`: their code runs, and their links lead somewhere."""

import inspect
import os
import re
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from markdown_it import MarkdownIt

import sk_mnist
import sk_mnist.displays
import sk_mnist.evaluation
import sk_mnist.export

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
PARSER = MarkdownIt("commonmark").enable("table")
# What Sphinx makes of them is for its own check to see.
DIRECTIVES = {"{eval-rst}", "{include}", "{literalinclude}", "{toctree}"}
# Commands that are not run here: .ci/run or another test does.
RUN_ELSEWHERE = (
    r"python -m pip install (\.|-e \"\.\[[a-z,]+\]\")",
    r"python -m sk_mnist train",  # all of MNIST
    r"python -m pytest",
    r"python -m sphinx .*",
    r"(ruff|mypy)\b.*",
    r"python examples/benchmarks/run\.py",
)
# Made by Sphinx, from the examples.
MADE_BY_SPHINX = ROOT / "docs" / "auto_examples"


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def tokens(page):
    return PARSER.parse(page.read_text(encoding="utf-8"))


def code_blocks(page):
    """Yield the language, the first line's number (from 0) and the content of each code block."""
    for token in tokens(page):
        if token.type in ("fence", "code_block"):
            language = (token.info.split() or [""])[0]
            yield language, token.map[0] + 1, token.content


def shell_commands(page):
    for language, _, content in code_blocks(page):
        if language == "bash":
            for line in content.splitlines():
                yield from (command.strip() for command in line.split("&&"))


def run(arguments, cwd):
    environment = {**os.environ, "MPLBACKEND": "agg", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def with_python(page):
    return any(language == "python" for language, *_ in code_blocks(page))


@pytest.fixture
def closing_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("page", [*filter(with_python, PAGES)], ids=name_of)
@pytest.mark.usefixtures("closing_figures")
def test_python_blocks_run_one_after_the_other(page, tmp_path, monkeypatch):
    lines = [""] * len(page.read_text(encoding="utf-8").splitlines())
    for language, start, content in code_blocks(page):
        if language == "python":
            block = content.splitlines()
            lines[start : start + len(block)] = block
    monkeypatch.chdir(tmp_path)
    # With the name of the page, and each block at its lines, so that tracebacks point into it.
    exec(compile("\n".join(lines), page, "exec"), {"__name__": "__main__"})


def on_the_sample(command):
    return command.startswith("python -m sk_mnist ") and "--data sample" in command


def test_commands_run_on_the_sample(tmp_path):
    commands = [command for page in PAGES for command in shell_commands(page)]
    for command in dict.fromkeys(filter(on_the_sample, commands)):
        run(shlex.split(command)[1:], cwd=tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_code_is_left_unrun(page):
    for language, start, _ in code_blocks(page):
        assert language in {"python", "bash", *DIRECTIVES}, f"{name_of(page)}:{start}"
    for command in shell_commands(page):
        elsewhere = any(re.fullmatch(pattern, command) for pattern in RUN_ELSEWHERE)
        assert on_the_sample(command) or elsewhere, f"{name_of(page)}: {command}"


def links(page):
    for token in tokens(page):
        for child in token.children or []:
            target = child.attrGet("href") or child.attrGet("src")
            if target and not urlsplit(target).scheme:
                yield unquote(target)


def anchors(page):
    """Return the anchors of a page's headings, as GitHub and myst-parser make them."""
    found = set()
    for opening, title in pairwise(tokens(page)):
        if opening.type == "heading_open":
            text = "".join(child.content for child in title.children)
            found.add(re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if target.is_relative_to(MADE_BY_SPHINX):
            continue
        assert target.exists(), f"{name_of(page)} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{name_of(page)} links to {link}"


def test_every_page_can_be_found():
    contents = " ".join(
        content
        for page in PAGES
        for language, _, content in code_blocks(page)
        if language == "{toctree}"
    )
    for page in (ROOT / "docs").glob("*.md"):
        assert page.stem in {*contents.split(), "index"}


def test_the_reference_has_every_public_name():
    listed = (ROOT / "docs/api.md").read_text(encoding="utf-8").split()
    for module in (sk_mnist, sk_mnist.displays, sk_mnist.evaluation, sk_mnist.export):
        for name in module.__all__:
            assert name in listed or inspect.ismodule(getattr(module, name))


@pytest.mark.parametrize("script", ["accuracy_ladder.py", "which_parameters_matter.py"])
def test_the_scripts_behind_the_tables_run(script, tmp_path):
    run([ROOT / "examples" / script, "--quick"], cwd=tmp_path)


FIT_COLUMNS = [("fit", "first fit"), ("fit", "second fit"), ("fit_wide", "second fit")]


@pytest.mark.parametrize(
    ("page", "n_columns"), [("README.md", 2), ("docs/speed.md", 3)], ids=["README", "speed"]
)
def test_times_of_fits_are_those_that_were_measured(page, n_columns):
    results = pd.read_csv(ROOT / "examples/benchmarks/results.csv")
    medians = results.groupby(["group", "contestant", "measure"])["value"].median()
    names = {"keras.Model": "keras.Model.fit", "PyTorch, a loop by hand": "PyTorch"}
    contestants = []
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        name, *cells = (cell.strip("*` ") for cell in line.strip("|").split("|"))
        name = names.get(name, name)
        if ("fit", name, "first fit") in medians:
            contestants.append(name)
            for (group, measure), cell in zip(
                FIT_COLUMNS[:n_columns], cells[:n_columns], strict=True
            ):
                seconds = cell.split()[0]
                decimals = len(seconds.partition(".")[2])
                assert seconds == f"{medians[group, name, measure]:.{decimals}f}", line
    assert len(contestants) >= 5
