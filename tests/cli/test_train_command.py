"""The train command: what it prints and writes."""

import csv
import io
import re

import joblib
import numpy as np
import pytest
from cli_checks import QUICK_TRAINING, unindented
from optional_features import needs_callbacks
from rich.console import Console

from sk_mnist import KerasMLPClassifier
from sk_mnist.cli import main
from sk_mnist.cli.file_contents import TRAINING_FILES
from sk_mnist.cli.progress import EpochProgress

pytestmark = pytest.mark.slow


def test_train_prints_loss_per_epoch(training):
    stdout = training[0].stdout
    losses = re.findall(r"^Epoch (\d)/3 +loss (\d\.\d{4}) +accuracy +[\d.]+%$", stdout, re.M)
    assert [epoch for epoch, _ in losses] == ["1", "2", "3"]
    assert losses[0][1] > losses[2][1]


def test_train_prints_test_accuracy(training, metrics):
    accuracy, n_errors = 100 * metrics["accuracy"], metrics["n_errors"]
    assert (
        f"Test accuracy: {accuracy:.2f}% ({n_errors} of 1,000 misclassified)\n"
        in training[0].stdout
    )


def test_train_prints_confusion_matrix(training, metrics):
    for digit, counts in enumerate(metrics["confusion_matrix"]):
        row = f"  {digit}  " + " ".join(str(count or ".") for count in counts)
        assert re.search(
            "^" + r"\s+".join(map(re.escape, row.split())), unindented(training[0]), re.M
        )


def test_train_prints_per_digit_scores(training, metrics):
    for digit, scores in metrics["classes"].items():
        numbers = [f"{scores[name]:.4f}" for name in ("precision", "recall", "f1")]
        assert re.search(
            r"\s+".join([f"^{digit}", *numbers, "100$"]), unindented(training[0]), re.M
        )


def test_train_output_fits_into_80_columns(training):
    lines = training[0].stdout.splitlines()
    assert max(len(line) for line in lines if not line.startswith("Saved in")) <= 80


def test_train_warns_about_fallback_to_sample(training):
    process, _ = training
    assert re.fullmatch(
        r"sk_mnist: warning: MNIST is not available: .*mirror.* Using the bundled sample .*\n",
        process.stderr,
    )
    assert "MNIST sample, 4,000 training digits, 1,000 test digits" in process.stdout


def test_train_writes_all_files(training):
    assert {path.name for path in training[1].iterdir()} == set(TRAINING_FILES)


def test_metrics_json_describes_the_run(metrics):
    assert metrics["dataset"] == "sample"
    assert (metrics["n_train"], metrics["n_test"]) == (4000, 1000)
    assert metrics["seed"] == metrics["parameters"]["random_state"] == 7
    assert metrics["parameters"]["hidden_layer_sizes"] == [16, 8]
    assert metrics["parameters"]["learning_rate"] == KerasMLPClassifier().learning_rate
    assert metrics["training_seconds"] > 0
    assert set(metrics["versions"]) >= {"python", "sk_mnist", "scikit-learn", "keras", "tensorflow"}


def test_metrics_json_is_consistent(metrics):
    confusion = np.array(metrics["confusion_matrix"])
    assert confusion.sum() == metrics["n_test"]
    assert confusion.sum() - confusion.trace() == metrics["n_errors"]
    assert metrics["accuracy"] == pytest.approx(1 - metrics["n_errors"] / metrics["n_test"])
    assert [metrics["classes"][str(d)]["support"] for d in range(10)] == [100] * 10


def test_history_csv_has_one_row_per_epoch(training):
    rows = list(csv.DictReader(io.StringIO((training[1] / "history.csv").read_text())))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    history = joblib.load(training[1] / "model.joblib").history_
    assert [float(row["loss"]) for row in rows] == history["loss"]


def test_confusion_matrix_png_is_a_png(training):
    assert (training[1] / "confusion_matrix.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_train_writes_html_report_of_test_set(training, metrics):
    page = (training[1] / "report.html").read_text(encoding="utf-8")
    assert f"<dd>{100 * metrics['accuracy']:.2f}%</dd>" in page
    assert page.count("<img") == 4


def test_train_prints_most_confused_pairs(training, metrics):
    confusion = np.array(metrics["confusion_matrix"])
    worst = (confusion - np.diag(np.diag(confusion))).max()
    pairs = re.search(
        r"Most confused \(true->predicted\): (\d)->(\d) \((\d+)\)", training[0].stdout
    )
    true, predicted, count = map(int, pairs.groups())
    assert count == worst == confusion[true, predicted]


def test_train_reaches_minimum_accuracy(metrics):
    assert metrics["accuracy"] > 0.7


def test_model_is_saved_without_progress_callback(training):
    assert not hasattr(joblib.load(training[1] / "model.joblib"), "_skl_callbacks")


def test_train_help_shows_defaults_of_estimator(run):
    help_text = run("train", "--help").stdout
    defaults = KerasMLPClassifier().get_params()
    for name in ("epochs", "batch_size", "learning_rate", "dropout"):
        option = name.replace("_", "-")
        about = re.search(rf"--{option} (.|\n)*?default: (.*)\]", help_text)
        assert about.group(2) == str(defaults[name])


@needs_callbacks
def test_progress_bar_in_terminal_keeps_epoch_lines():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, color_system=None, width=80)
    classifier = KerasMLPClassifier((4,), epochs=2, random_state=0)
    classifier.set_callbacks(EpochProgress(console)).fit(np.eye(6, dtype=np.float32), [0, 1] * 3)
    assert "0/2 epochs" in screen.getvalue()
    assert re.search(r"Epoch 2/2 +loss \d\.\d{4} +accuracy +[\d.]+%\s", screen.getvalue())


def test_divergence_error_names_option(capsys, tmp_path):
    arguments = ["train", *QUICK_TRAINING, "--learning-rate", "1e30", "--output", str(tmp_path)]
    assert main(arguments) == 2
    stderr = capsys.readouterr().err
    assert re.fullmatch(r"sk_mnist: error: .*--learning-rate=1e\+30.*\n", stderr)
