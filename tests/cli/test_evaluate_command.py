"""The evaluate command: its report, and the models that it accepts."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sklearn
from cli_checks import fit_logistic_regression
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.cli import main


@pytest.mark.slow
def test_evaluate_never_imports_tensorflow(training, offline):
    script = (
        "import sys; from sk_mnist.cli import main; status = main(sys.argv[1:]);"
        "print({'tensorflow', 'keras'} & set(sys.modules)); sys.exit(status)"
    )
    arguments = ["evaluate", training[1] / "model.joblib", "--data", "sample"]
    process = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=offline, capture_output=True, text=True
    )
    assert process.returncode == 0
    assert process.stdout.splitlines()[-1] == "set()"


@pytest.mark.slow
def test_evaluate_writes_html_report(training, capsys, tmp_path):
    arguments = ["evaluate", str(training[1] / "model.joblib"), "--data", "sample"]
    assert main([*arguments, "--report", "pages/first.html"]) == 0
    assert "Saved pages/first.html" in capsys.readouterr().out
    trained = (training[1] / "report.html").read_text(encoding="utf-8")
    assert (tmp_path / "pages" / "first.html").read_text(encoding="utf-8") == trained
    assert main(arguments) == 0
    assert (tmp_path / "report.html").exists()


@pytest.mark.slow
def test_evaluate_overwrites_report_only_with_force(training, capsys, tmp_path):
    (tmp_path / "report.html").write_text("precious")
    arguments = ["evaluate", str(training[1] / "model.joblib"), "--data", "sample"]
    assert main(arguments) == 2
    assert re.fullmatch(
        r"sk_mnist: error: report.html already exists; .* --report\n", capsys.readouterr().err
    )
    assert (tmp_path / "report.html").read_text() == "precious"
    assert main([*arguments, "--force"]) == 0
    assert "<html" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_evaluate_accepts_any_classifier(capsys, save_model):
    X, y = load_mnist_sample(return_X_y=True)
    model = GaussianNB().fit(X[::50], y[::50])
    assert main(["evaluate", str(save_model(model)), "--data", "sample"]) == 0
    assert "of 1,000 misclassified)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"a": "dict"}, "contains a dict, not a fitted classifier"),
        (LogisticRegression(), "contains a LogisticRegression, not a fitted classifier"),
        (LogisticRegression, "contains a type, not a fitted classifier"),
        (
            LinearRegression().fit(np.eye(2, 784), [0, 1]),
            "contains a LinearRegression, not a fitted",
        ),
        (
            fit_logistic_regression(n_features=64),
            "expects 64 features, but MNIST images have 784 pixels",
        ),
    ],
)
def test_evaluate_rejects_models_that_cannot_classify_digits(capsys, save_model, model, message):
    path = save_model(model)
    assert main(["evaluate", str(path), "--data", "sample"]) == 2
    stdout, stderr = capsys.readouterr()
    assert (stdout, stderr.count("\n")) == ("", 1)
    assert stderr.startswith(f"sk_mnist: error: {path} {message}")


def test_evaluate_rejects_classifier_with_string_labels(capsys, save_model):
    path = save_model(fit_logistic_regression(classes=["a", "b"]))
    assert main(["evaluate", str(path), "--data", "sample"]) == 2
    assert f"error: {path} cannot be evaluated on MNIST: Mix of label" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"\x80\x04\x95garbage", b"\x1f\x8bgarbage"])
def test_evaluate_rejects_files_that_are_not_models(capsys, tmp_path, content):
    path = tmp_path / "model.joblib"
    path.write_bytes(content)
    assert main(["evaluate", str(path)]) == 2
    assert re.fullmatch(
        r"sk_mnist: error: .*model.joblib cannot be loaded as a model .*\n", capsys.readouterr().err
    )


@pytest.mark.slow
def test_evaluate_rejects_truncated_model(capsys, training, tmp_path):
    path = tmp_path / "model.joblib"
    path.write_bytes((training[1] / "model.joblib").read_bytes()[:-5000])
    assert main(["evaluate", str(path)]) == 2
    assert "cannot be loaded as a model" in capsys.readouterr().err


def test_evaluate_help_warns_about_untrusted_files(run):
    words = run("evaluate", "--help").stdout.split()
    assert "only open files that you trust" in " ".join(words)


@pytest.mark.slow
def test_library_warnings_are_one_line(capsys, save_model):
    path = save_model(fit_logistic_regression())
    version = sklearn.__version__.encode()
    path.write_bytes(path.read_bytes().replace(version, b"0" * len(version)))
    assert main(["evaluate", str(path), "--data", "sample"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("sk_mnist: warning: ") for line in lines)
    assert "Trying to unpickle estimator LogisticRegression" in lines[0]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_full_disk_is_an_error_of_one_line(training, offline):
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "sk_mnist", "evaluate", training[1] / "model.joblib"],
            env=offline,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.returncode == 2
    assert re.match(r"sk_mnist: error: .*No space left", process.stderr.splitlines()[-1])


@pytest.mark.slow
def test_evaluate_reads_both_kinds_of_model_files(training, capsys):
    pages, errors = [], []
    for name in ("model.safetensors", "model.joblib"):
        assert main(["evaluate", str(training[1] / name), "--data", "sample", "--force"]) == 0
        pages.append(Path("report.html").read_bytes())
        errors.append(capsys.readouterr().err)
    assert pages[0] == pages[1]
    assert "pickle" not in errors[0]
    assert errors[1].count("model.joblib is a pickle, and opening a pickle runs the code") == 1


def test_evaluate_rejects_damaged_safetensors(training, capsys, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes((training[1] / "model.safetensors").read_bytes()[:-1])
    assert main(["evaluate", str(path)]) == 2
    error = capsys.readouterr().err
    assert re.fullmatch(r"sk_mnist: error: .*model.safetensors is not a model .*\n", error)


def test_evaluate_rejects_networks_of_other_data(capsys, tmp_path):
    path = tmp_path / "model.safetensors"
    KerasMLPClassifier((4,), epochs=1).fit(np.eye(3), [0, 1, 2]).save(path)
    assert main(["evaluate", str(path)]) == 2
    assert "expects 3 features, but MNIST images have 784" in capsys.readouterr().err
