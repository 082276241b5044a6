"""The --data option: MNIST, the sample, and the fallback from one to the other."""

import re

import pytest
from cli_checks import assert_one_line_error, find_tables

from sk_mnist.cli import main

pytestmark = pytest.mark.slow


def test_data_mnist_never_falls_back_to_sample(run, tmp_path):
    process = run("train", "--data", "mnist", "--output", tmp_path)
    assert_one_line_error(process, "MNIST is not available: .*SK_MNIST_DATA.*--data sample")


def test_damaged_mnist_files_are_an_error_without_fallback(run, training, tmp_path):
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (tmp_path / name).write_text("damaged")
    model = training[1] / "model.safetensors"
    process = run("evaluate", model, SK_MNIST_DATA=str(tmp_path))
    assert_one_line_error(process, "t10k-images-idx3-ubyte")


def test_sample_split_is_the_same_in_train_and_evaluate(training, metrics, capsys):
    assert main(["evaluate", str(training[1] / "model.joblib"), "--data", "sample"]) == 0
    stdout = capsys.readouterr().out
    assert find_tables(stdout) == find_tables(training[0].stdout)


def test_evaluate_warns_about_optimistic_scores_on_sample(training, capsys):
    main(["evaluate", str(training[1] / "model.safetensors"), "--data", "sample"])
    assert re.fullmatch(r"sk_mnist: warning: .*too optimistic.*\n", capsys.readouterr().err)
