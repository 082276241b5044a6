"""The output directory: nothing is overwritten or half written."""

import re
import sys

import pytest
from cli_checks import QUICK_TRAINING, assert_one_line_error

from sk_mnist.cli import main
from sk_mnist.cli.file_contents import TRAINING_FILES
from sk_mnist.cli.output_directory import prepare, write


@pytest.mark.slow
def test_train_never_overwrites_results(run, training):
    _, directory = training
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    process = run("train", *QUICK_TRAINING, "--output", directory)
    assert_one_line_error(process, "model.joblib already exists; use --force")
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


@pytest.mark.parametrize("name", sorted(TRAINING_FILES))
def test_existing_file_is_an_error_before_training(tmp_path, name):
    (tmp_path / name).write_text("precious")
    with pytest.raises(FileExistsError, match=rf"{name} already exists; .* another --output"):
        prepare(tmp_path, TRAINING_FILES, overwrite=False, option="--output")


def test_dangling_symlink_counts_as_existing_file(tmp_path):
    (tmp_path / "metrics.json").symlink_to(tmp_path / "missing")
    with pytest.raises(FileExistsError, match="metrics"):
        prepare(tmp_path, TRAINING_FILES, overwrite=False, option="--output")


def test_file_created_during_training_is_not_overwritten(tmp_path):
    (tmp_path / "a").write_text("precious")
    with pytest.raises(OSError, match=r"could not write to .*: a \(File exists\)"):
        write(tmp_path, {"a": b"new", "b": b"new"}, overwrite=False)
    assert (tmp_path / "a").read_text() == "precious"
    assert (tmp_path / "b").read_text() == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX systems do")
def test_failed_write_keeps_the_old_file(tmp_path):
    import resource

    (tmp_path / "a").write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(OSError, match="could not write"):
            write(tmp_path, {"a": b"much too long"}, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.slow
def test_force_overwrites_results(capsys, tmp_path):
    for name in TRAINING_FILES:
        (tmp_path / name).write_text("old")
    (tmp_path / "notes.txt").write_text("old")
    assert main(["train", *QUICK_TRAINING, "--force", "--output", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir() if path.read_bytes() == b"old"} == {
        "notes.txt"
    }


def test_force_does_not_overwrite_a_directory(capsys, tmp_path):
    (tmp_path / "metrics.json").mkdir()
    assert main(["train", *QUICK_TRAINING, "--force", "--output", str(tmp_path)]) == 2
    assert "metrics.json is a directory" in capsys.readouterr().err


@pytest.mark.parametrize("below", ["", "below"])
def test_output_that_is_not_a_directory_is_an_error(capsys, tmp_path, below):
    (tmp_path / "file").write_text("")
    assert main(["train", *QUICK_TRAINING, "--output", str(tmp_path / "file" / below)]) == 2
    stderr = capsys.readouterr().err
    assert re.fullmatch(r"sk_mnist: error: .*(?i:not a directory)\n", stderr)
