"""A training that was ended goes on, and ends as one that was never ended."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import joblib
import pytest
from cli_checks import assert_one_line_error
from numpy.testing import assert_array_equal
from optional_features import needs_callbacks
from processes import TAKES_CTRL_C

pytestmark = pytest.mark.slow

TRAIN = ["--data", "sample", "--hidden", "32", "--epochs", "40", "--seed", "3"]
COMMAND = f"""{TAKES_CTRL_C}
import sys
from sk_mnist.cli import main

sys.exit(main(sys.argv[1:]))
"""


def start(offline, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "train", *map(str, arguments)],
        env=offline,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def undisturbed(run, tmp_path_factory):
    """Return the network of a training that was not ended."""
    output = tmp_path_factory.mktemp("undisturbed")
    process = run("train", *TRAIN, "--output", output)
    assert process.returncode == 0, process.stderr
    return joblib.load(output / "model.joblib")


def assert_finished(output, undisturbed):
    model = joblib.load(output / "model.joblib")
    for found, wanted in zip(model.coefs_, undisturbed.coefs_, strict=True):
        assert_array_equal(found, wanted)
    assert model.history_ == undisturbed.history_
    assert vars(model).keys() == vars(undisturbed).keys()
    assert model.get_params() == undisturbed.get_params()
    assert not [path for path in output.iterdir() if "checkpoint" in path.name]
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["seed"] == 3


@needs_callbacks  # to see when to press it
def test_ctrl_c_saves_what_is_finished_and_says_how_to_go_on(offline, run, tmp_path, undisturbed):
    output = tmp_path / "a run"
    with start(offline, *TRAIN, "--output", output) as process:
        while not (line := process.stdout.readline()).startswith("Epoch  5/"):
            assert line, process.stderr.read()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    told, interrupted = stderr.splitlines()
    assert interrupted == "sk_mnist: interrupted"
    assert "finished epochs of 40 are in" in told
    assert told.endswith(f"go on with: sk-mnist train --resume --output '{output}'")
    assert [path.name for path in output.iterdir()] == ["checkpoint.joblib"]

    assert_one_line_error(run("train", *TRAIN, "--output", output), "--resume.*--force")
    assert_one_line_error(
        run("train", "--resume", "--epochs", "50", "--output", output),
        "--epochs is 40 in the training to resume, got 50",
    )
    resumed = run("train", "--resume", "--output", output)
    assert resumed.returncode == 0, resumed.stderr
    assert "Epoch  5/" not in resumed.stdout
    assert "Epoch 40/40" in resumed.stdout
    assert_finished(output, undisturbed)


@needs_callbacks
@pytest.mark.parametrize("seed", range(int(os.environ.get("SK_MNIST_KILLS", "1"))))
def test_sigkill_at_any_moment_loses_nothing_but_epochs(offline, run, tmp_path, undisturbed, seed):
    with start(offline, *TRAIN, "--checkpoint", 3, "--output", tmp_path) as process:
        assert process.stdout.readline().startswith("Data")
        time.sleep(random.Random(seed).uniform(0, 1.5))
        process.kill()
    options = ["--resume"] if (tmp_path / "checkpoint.joblib").exists() else [*TRAIN, "--force"]
    process = run("train", *options, "--output", tmp_path)
    assert process.returncode == 0, process.stderr
    assert_finished(tmp_path, undisturbed)


def test_resume_without_a_checkpoint_is_refused(run, tmp_path):
    assert_one_line_error(
        run("train", "--resume", "--output", tmp_path), "nothing to resume: .* does not exist"
    )


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_resume_of_a_file_that_is_no_checkpoint_is_refused(run, tmp_path, content):
    (tmp_path / "checkpoint.joblib").write_bytes(content)
    assert_one_line_error(run("train", "--resume", "--output", tmp_path), "cannot be loaded")


def test_training_goes_on_when_the_reader_of_its_output_is_gone(offline, tmp_path):
    command = start(
        offline, "--data", "sample", "--epochs", "8", "--hidden", "32", "--output", tmp_path
    )
    with command as process:
        assert process.stdout.readline().startswith("Data")
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 0
    assert errors == ""
    assert (tmp_path / "model.joblib").exists()
    assert not (tmp_path / "checkpoint.joblib").exists()
