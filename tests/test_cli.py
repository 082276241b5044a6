import csv
import io
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn
from rich.console import Console
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB

import sk_mnist
from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.cli import main
from sk_mnist.cli import run_directory as _run_directory
from sk_mnist.cli.console import EpochProgress

FILE_NAMES = set(_run_directory.TRAINING_FILES)
QUICK = ["--data", "sample", "--epochs", "2", "--hidden", "16"]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    """Leave what commands write by default in a directory of the test."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def training(run, tmp_path_factory):
    """A training without MNIST at hand, which therefore falls back on the sample."""
    directory = tmp_path_factory.mktemp("training") / "new" / "run"
    options = ["--epochs", "3", "--hidden", "16,8", "--batch-size", "32", "--seed", "7"]
    process = run("train", *options, "--output", directory)
    assert process.returncode == 0, process.stderr
    return process, directory


@pytest.fixture(scope="module")
def metrics(training):
    return json.loads((training[1] / "metrics.json").read_text())


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves an object as a model, and returns the path."""

    def save(model):
        path = tmp_path / "some.joblib"
        joblib.dump(model, path)
        return path

    return save


def fitted(n_features=784, classes=(0, 1)):
    X = np.eye(2, n_features)
    return LogisticRegression().fit(X, classes)


def assert_one_line_error(process, pattern):
    assert process.returncode == 2
    assert process.stdout == ""
    assert re.fullmatch(rf"sk_mnist: error: .*{pattern}.*\n", process.stderr), process.stderr


def unindented(process):
    return "\n".join(line.strip() for line in process.stdout.splitlines())


def tables(stdout):
    return re.search(r"Confusion matrix(.|\n)*wrong\)", stdout).group()


# Training


def test_train_shows_the_loss_of_each_epoch(training):
    stdout = training[0].stdout
    losses = re.findall(r"^Epoch (\d)/3 +loss (\d\.\d{4}) +accuracy +[\d.]+ %$", stdout, re.M)
    assert [epoch for epoch, _ in losses] == ["1", "2", "3"]
    assert losses[0][1] > losses[2][1]


def test_train_ends_with_the_test_accuracy(training, metrics):
    accuracy, wrong = 100 * metrics["accuracy"], metrics["n_errors"]
    assert f"Test accuracy: {accuracy:.2f} % ({wrong} of 1,000 wrong)\n" in training[0].stdout


def test_train_prints_the_confusion_matrix(training, metrics):
    for digit, counts in enumerate(metrics["confusion_matrix"]):
        row = f"  {digit}  " + " ".join(str(count or ".") for count in counts)
        assert re.search(
            "^" + r"\s+".join(map(re.escape, row.split())), unindented(training[0]), re.M
        )


def test_train_prints_the_scores_of_each_digit(training, metrics):
    for digit, scores in metrics["digits"].items():
        numbers = [f"{scores[name]:.4f}" for name in ("precision", "recall", "f1")]
        assert re.search(
            r"\s+".join([f"^{digit}", *numbers, "100$"]), unindented(training[0]), re.M
        )


def test_train_fits_into_80_columns(training):
    lines = training[0].stdout.splitlines()
    assert max(len(line) for line in lines if not line.startswith("Saved in")) <= 80


def test_train_says_plainly_that_it_falls_back_on_the_sample(training):
    process, _ = training
    assert re.fullmatch(
        r"sk_mnist: warning: MNIST cannot be had: .*mirror.* Using the sample .*\n", process.stderr
    )
    assert "the sample of MNIST, 4,000 digits to train, 1,000 digits to test" in process.stdout


def test_train_writes_its_files(training):
    assert {path.name for path in training[1].iterdir()} == FILE_NAMES


def test_metrics_tell_how_the_model_was_made(metrics):
    assert metrics["dataset"] == "sample"
    assert (metrics["n_train"], metrics["n_test"]) == (4000, 1000)
    assert metrics["seed"] == metrics["parameters"]["random_state"] == 7
    assert metrics["parameters"]["hidden_layer_sizes"] == [16, 8]
    assert metrics["parameters"]["learning_rate"] == KerasMLPClassifier().learning_rate
    assert metrics["training_seconds"] > 0
    assert set(metrics["versions"]) >= {"python", "sk_mnist", "scikit-learn", "keras", "tensorflow"}


def test_metrics_agree_with_each_other(metrics):
    confusion = np.array(metrics["confusion_matrix"])
    assert confusion.sum() == metrics["n_test"]
    assert confusion.sum() - confusion.trace() == metrics["n_errors"]
    assert metrics["accuracy"] == pytest.approx(1 - metrics["n_errors"] / metrics["n_test"])
    assert [metrics["digits"][str(d)]["support"] for d in range(10)] == [100] * 10


def test_history_has_a_row_an_epoch(training):
    rows = list(csv.DictReader(io.StringIO((training[1] / "history.csv").read_text())))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    history = joblib.load(training[1] / "model.joblib").history_
    assert [float(row["loss"]) for row in rows] == history["loss"]


def test_picture_is_a_png(training):
    assert (training[1] / "confusion_matrix.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_train_writes_a_page_with_what_the_test_has_shown(training, metrics):
    page = (training[1] / "report.html").read_text(encoding="utf-8")
    assert f"<dd>{100 * metrics['accuracy']:.2f} %</dd>" in page
    assert page.count("<img") == 4


def test_train_names_the_pairs_that_are_taken_for_each_other(training, metrics):
    confusion = np.array(metrics["confusion_matrix"])
    worst = (confusion - np.diag(np.diag(confusion))).max()
    pairs = re.search(r"Most often taken: (\d) for (\d) \((\d+)\)", training[0].stdout)
    true, predicted, count = map(int, pairs.groups())
    assert count == worst == confusion[true, predicted]


def test_model_has_learnt(metrics):
    assert metrics["accuracy"] > 0.7


def test_model_is_saved_without_the_progress_bar(training):
    assert not hasattr(joblib.load(training[1] / "model.joblib"), "_skl_callbacks")


def test_defaults_are_the_estimators(run):
    help_text = run("train", "--help").stdout
    defaults = KerasMLPClassifier().get_params()
    for name in ("epochs", "batch_size", "learning_rate", "dropout"):
        option = name.replace("_", "-")
        assert re.search(rf"--{option} (.|\n)*?default: {defaults[name]}\]", help_text)


def test_ctrl_c_ends_the_training_with_one_line_and_no_files(offline, tmp_path):
    # Processes in the background of a shell inherit that SIGINT is ignored.
    script = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from sk_mnist.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["train", "--data", "sample", "--hidden", "16", "--epochs", "5000"]
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments, "--output", str(tmp_path)],
        env=offline,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not process.stdout.readline().startswith("Epoch"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr == "sk_mnist: interrupted\n"
    assert not list(tmp_path.iterdir())


def test_terminal_shows_a_bar_and_keeps_the_lines():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, color_system=None, width=80)
    classifier = KerasMLPClassifier((4,), epochs=2, random_state=0)
    classifier.set_callbacks(EpochProgress(console)).fit(np.eye(6, dtype=np.float32), [0, 1] * 3)
    assert "0/2 epochs" in screen.getvalue()
    assert re.search(r"Epoch 2/2 +loss \d\.\d{4} +accuracy +[\d.]+ %\s", screen.getvalue())


# The output directory


def test_results_are_never_overwritten(run, training):
    _, directory = training
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    process = run("train", *QUICK, "--output", directory)
    assert_one_line_error(process, "model.joblib exists already; use --force")
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == before


@pytest.mark.parametrize("name", sorted(FILE_NAMES))
def test_each_file_is_looked_for_before_the_training(tmp_path, name):
    (tmp_path / name).write_text("precious")
    with pytest.raises(FileExistsError, match=rf"{name} exists already; .* another --output"):
        _run_directory.prepare(tmp_path, FILE_NAMES, overwrite=False, option="--output")


def test_dangling_link_counts_as_a_file(tmp_path):
    (tmp_path / "metrics.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError, match="metrics"):
        _run_directory.prepare(tmp_path, FILE_NAMES, overwrite=False, option="--output")


def test_file_that_appeared_during_the_training_is_left_alone(tmp_path):
    (tmp_path / "a").write_text("precious")
    with pytest.raises(OSError, match=r"could not write in .*: a \(File exists\)"):
        _run_directory.write(tmp_path, {"a": b"new", "b": b"new"}, overwrite=False)
    assert (tmp_path / "a").read_text() == "precious"
    assert (tmp_path / "b").read_text() == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX systems do")
def test_an_old_file_survives_the_failure_to_write_a_new_one(tmp_path):
    import resource

    (tmp_path / "a").write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(OSError, match="could not write"):
            _run_directory.write(tmp_path, {"a": b"much too long"}, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_force_replaces_results(capsys, tmp_path):
    for name in FILE_NAMES:
        (tmp_path / name).write_text("old")
    (tmp_path / "notes.txt").write_text("old")
    assert main(["train", *QUICK, "--force", "--output", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir() if path.read_bytes() == b"old"} == {
        "notes.txt"
    }


def test_force_does_not_replace_a_directory(capsys, tmp_path):
    (tmp_path / "metrics.json").mkdir()
    assert main(["train", *QUICK, "--force", "--output", str(tmp_path)]) == 2
    assert "metrics.json is a directory" in capsys.readouterr().err


@pytest.mark.parametrize("below", ["", "below"])
def test_output_that_cannot_be_a_directory_is_one_line(capsys, tmp_path, below):
    (tmp_path / "file").write_text("")
    assert main(["train", *QUICK, "--output", str(tmp_path / "file" / below)]) == 2
    stderr = capsys.readouterr().err
    assert re.fullmatch(r"sk_mnist: error: .*(?i:not a directory)\n", stderr)


# Data


def test_data_mnist_never_falls_back(run, tmp_path):
    process = run("train", "--data", "mnist", "--output", tmp_path)
    assert_one_line_error(process, "MNIST cannot be had: .*SK_MNIST_DATA.*--data sample")


def test_damaged_data_are_an_error_and_no_reason_to_fall_back(run, saved, tmp_path):
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (tmp_path / name).write_text("damaged")
    process = run("evaluate", saved(fitted()), SK_MNIST_DATA=str(tmp_path))
    assert_one_line_error(process, "t10k-images-idx3-ubyte")


def test_train_and_evaluate_split_the_sample_alike(training, metrics, capsys):
    assert main(["evaluate", str(training[1] / "model.joblib"), "--data", "sample"]) == 0
    stdout = capsys.readouterr().out
    assert tables(stdout) == tables(training[0].stdout)


def test_evaluate_warns_that_the_sample_is_no_test_of_a_model_of_mnist(training, capsys):
    main(["evaluate", str(training[1] / "model.joblib"), "--data", "sample"])
    assert re.fullmatch(r"sk_mnist: warning: .*no fair test.*\n", capsys.readouterr().err)


# Evaluation


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


def test_evaluate_writes_a_page(training, capsys, tmp_path):
    arguments = ["evaluate", str(training[1] / "model.joblib"), "--data", "sample"]
    assert main([*arguments, "--report", "pages/first.html"]) == 0
    assert "Saved pages/first.html" in capsys.readouterr().out
    trained = (training[1] / "report.html").read_text(encoding="utf-8")
    assert (tmp_path / "pages" / "first.html").read_text(encoding="utf-8") == trained
    assert main(arguments) == 0
    assert (tmp_path / "report.html").exists()


def test_evaluate_replaces_a_page_only_when_told_to(training, capsys, tmp_path):
    (tmp_path / "report.html").write_text("precious")
    arguments = ["evaluate", str(training[1] / "model.joblib"), "--data", "sample"]
    assert main(arguments) == 2
    assert re.fullmatch(
        r"sk_mnist: error: report.html exists already; .* --report\n", capsys.readouterr().err
    )
    assert (tmp_path / "report.html").read_text() == "precious"
    assert main([*arguments, "--force"]) == 0
    assert "<html" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_evaluate_takes_any_classifier(capsys, saved):
    X, y = load_mnist_sample(return_X_y=True)
    model = GaussianNB().fit(X[::50], y[::50])
    assert main(["evaluate", str(saved(model)), "--data", "sample"]) == 0
    assert "of 1,000 wrong)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        ({"a": "dict"}, "holds a dict, not a fitted classifier"),
        (LogisticRegression(), "holds a LogisticRegression, not a fitted classifier"),
        (LogisticRegression, "holds a type, not a fitted classifier"),
        (LinearRegression().fit(np.eye(2, 784), [0, 1]), "holds a LinearRegression, not a fitted"),
        (fitted(n_features=64), "expects 64 features, a digit has 784 pixels"),
    ],
)
def test_evaluate_refuses_what_cannot_classify_digits(capsys, saved, model, complaint):
    path = saved(model)
    assert main(["evaluate", str(path), "--data", "sample"]) == 2
    stdout, stderr = capsys.readouterr()
    assert (stdout, stderr.count("\n")) == ("", 1)
    assert stderr.startswith(f"sk_mnist: error: {path} {complaint}")


def test_evaluate_tells_that_labels_are_of_another_kind(capsys, saved):
    path = saved(fitted(classes=["a", "b"]))
    assert main(["evaluate", str(path), "--data", "sample"]) == 2
    assert f"error: {path} does not fit these digits: Mix of label" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"\x80\x04\x95garbage", b"\x1f\x8bgarbage"])
def test_evaluate_refuses_what_is_no_model(capsys, tmp_path, content):
    path = tmp_path / "model.joblib"
    path.write_bytes(content)
    assert main(["evaluate", str(path)]) == 2
    assert re.fullmatch(
        r"sk_mnist: error: .*model.joblib cannot be read as a model .*\n", capsys.readouterr().err
    )


def test_evaluate_refuses_a_truncated_model(capsys, training, tmp_path):
    path = tmp_path / "model.joblib"
    path.write_bytes((training[1] / "model.joblib").read_bytes()[:-5000])
    assert main(["evaluate", str(path)]) == 2
    assert "cannot be read as a model" in capsys.readouterr().err


def test_help_of_evaluate_warns_of_files_that_are_not_trusted(run):
    words = run("evaluate", "--help").stdout.split()
    assert "only open files that you trust" in " ".join(words)


def test_warnings_of_libraries_are_one_line(capsys, saved):
    path = saved(fitted())
    version = sklearn.__version__.encode()
    path.write_bytes(path.read_bytes().replace(version, b"0" * len(version)))
    assert main(["evaluate", str(path), "--data", "sample"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("sk_mnist: warning: ") for line in lines)
    assert "Trying to unpickle estimator LogisticRegression" in lines[0]


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["trian"], "No such command 'trian'"),
        (["--nonsense"], "No such option: --nonsense"),
        (["train", "--nonsense"], "No such option: --nonsense"),
        (["train", "--epochs", "many"], "'--epochs'"),
        (["train", "--data", "cifar"], "'--data'.*'cifar'"),
        (["train", "extra"], "extra"),
        (["evaluate"], "Missing argument 'model'"),
        (["evaluate", "no_such.joblib"], "'no_such.joblib' does not exist"),
        (["evaluate", "."], "'.' is a directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistake_is_one_line_and_status_2(run, arguments, complaint):
    assert_one_line_error(run(*arguments), complaint)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--hidden", "512,abc"),
        ("--hidden", "512,0"),
        ("--hidden", "512,,256"),
        ("--epochs", "0"),
        ("--batch-size", "-1"),
        ("--learning-rate", "0"),
        ("--learning-rate", "nan"),
        ("--dropout", "1"),
        ("--seed", "-1"),
        ("--seed", "4294967296"),
    ],
)
def test_value_that_makes_no_sense_names_its_option(capsys, tmp_path, option, value):
    assert main(["train", option, value, "--output", str(tmp_path / "run")]) == 2
    assert re.fullmatch(rf"sk_mnist: error: .*{option}\b.*\n", capsys.readouterr().err)
    assert not (tmp_path / "run").exists()


def test_divergence_names_the_option(capsys, tmp_path):
    arguments = ["train", *QUICK, "--learning-rate", "1e30", "--output", str(tmp_path)]
    assert main(arguments) == 2
    stderr = capsys.readouterr().err
    assert re.fullmatch(r"sk_mnist: error: .*--learning-rate=1e\+30.*\n", stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_full_disk_under_the_output_is_one_line(training, offline):
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


# Small questions


@pytest.fixture
def imports_of(offline):
    """Return a function that runs the command line and tells which packages it imports."""

    def imports_of(*arguments):
        process = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "sk_mnist", *arguments],
            env=offline,
            capture_output=True,
            text=True,
        )
        return set(re.findall(r"\| +(\w+)", process.stderr))

    return imports_of


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--epochs", "x"]], ids=" ".join)
def test_help_and_complaints_import_nothing_slow(imports_of, arguments):
    imported = imports_of(*arguments)
    assert "typer" in imported
    assert not imported & {"tensorflow", "keras", "sklearn", "pandas", "matplotlib", "numpy"}


@pytest.mark.parametrize("option", ["--help", "--epochs=0"])
def test_knowing_the_estimator_does_not_import_tensorflow(imports_of, option):
    imported = imports_of("train", option)
    assert "sklearn" in imported
    assert not imported & {"tensorflow", "keras", "matplotlib", "seaborn"}


def test_no_arguments_show_the_help(run):
    process = run()
    assert process.returncode == 0
    assert process.stdout == run("--help").stdout


def test_version(run):
    assert run("--version").stdout == f"sk_mnist {sk_mnist.__version__}\n"
