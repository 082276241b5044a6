"""The notebook in `examples/` runs, and is committed as a single clean run."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "mnist_digit_classifier.ipynb"


@pytest.fixture
def committed():
    return nbformat.read(NOTEBOOK, as_version=4)


def output_types(cell):
    """Return the output types of a cell: "stdout" and the media types."""
    types = {media_type for output in cell.outputs for media_type in output.get("data", {})}
    return types | {output.name for output in cell.outputs if "name" in output} - {"stderr"}


@pytest.mark.slow
@pytest.mark.keras
def test_notebook_runs_on_the_sample_with_the_committed_output_types(committed, offline):
    # On all of MNIST it takes minutes; what is committed is a run on all of MNIST.
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=600, kernel_name="python3")
    client.execute(env=offline)
    printed = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    assert "Using a sample of 5,000 digits" in printed
    for cell, cell_committed in zip(notebook.cells, committed.cells, strict=True):
        if cell.cell_type == "code":
            assert output_types(cell) == output_types(cell_committed), cell.source


def test_notebook_is_committed_as_a_single_run(committed):
    cells = [cell for cell in committed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell.outputs for cell in cells)


def test_notebook_is_small_and_contains_no_local_paths(committed):
    assert NOTEBOOK.stat().st_size < 1_500_000
    assert committed.metadata.keys() == {"kernelspec", "language_info"}
    for cell in committed.cells:
        assert not cell.metadata
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr"
            assert not re.search(r"/(home|root|tmp|Users)/", str(output.get("data", output)))
