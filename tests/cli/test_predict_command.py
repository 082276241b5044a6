"""The predict command: its table, CSV and JSON, what it takes as pictures, and its exit status."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from cli_checks import fit_logistic_regression
from PIL import Image, ImageDraw
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from sk_mnist import DigitImageTransformer, KerasMLPClassifier, load_mnist_sample
from sk_mnist.cli import main

SEVEN = [(60, 40), (140, 40), (90, 160)]
ONE = [(100, 40), (98, 160)]
COLUMNS = [
    "file",
    "prediction",
    "probability",
    "runner_up",
    "runner_up_probability",
    "unfamiliar",
    "error",
]


def draw(path, points=SEVEN, paper=255, ink=0):
    path.parent.mkdir(exist_ok=True)
    picture = Image.new("L", (200, 200), paper)
    ImageDraw.Draw(picture).line(points, fill=ink, width=16)
    picture.save(path)
    return path


def draw_triangle(path):
    picture = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(picture).regular_polygon((100, 100, 80), 3, fill=0)
    picture.save(path)
    return path


@pytest.fixture(scope="module")
def network():
    X, y = load_mnist_sample(return_X_y=True)
    return KerasMLPClassifier((64,), epochs=6, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def model(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("predict") / "model.safetensors"
    network.save(path)
    return str(path)


@pytest.fixture
def predict(model, capsys):
    """Return a function that runs predict, and returns its exit status and what it printed."""

    def predict(*arguments, model=model):
        status = main(["predict", str(model), *map(str, arguments)])
        return status, *capsys.readouterr()

    return predict


@pytest.fixture
def records(predict):
    """Return a function that runs predict, and returns its JSON records by file."""

    def records(*arguments, **keywords):
        _, stdout, _ = predict(*arguments, "--json", **keywords)
        return {record["file"]: record for record in json.loads(stdout)}

    return records


def test_predict_prints_table(predict, tmp_path):
    draw(tmp_path / "seven.png")
    draw_triangle(tmp_path / "triangle.png")
    status, stdout, stderr = predict("seven.png", "triangle.png")
    assert (status, stderr) == (0, "")
    assert re.search(r"file +digit +probability +runner-up +note", stdout)
    assert re.search(r"seven.png +7 +\d\d.\d% +\d \(\d+.\d%\) *\n", stdout)
    assert re.search(r"triangle.png .*% .*%\) +unfamiliar", stdout)
    assert "Unfamiliar, unlike any digit in MNIST: 1 of 2 pictures" in stdout


def test_predict_bad_files_do_not_lose_the_others(predict, tmp_path):
    draw(tmp_path / "good.png")
    (tmp_path / "notes.png").write_text("no picture")
    (tmp_path / "empty.jpg").touch()
    Image.new("L", (50, 50), 255).save(tmp_path / "blank.png")
    names = ["notes.png", "good.png", "empty.jpg", "missing.png", "blank.png"]
    status, stdout, _ = predict(*names, "--json")
    assert status == 1
    records = json.loads(stdout)
    assert [record["file"] for record in records] == names
    assert records[1]["prediction"] == 7
    assert records[1]["error"] is None
    for record, reason in zip(
        [records[i] for i in (0, 2, 3, 4)],
        ["is not a picture", "is empty", "does not exist", "has no ink"],
        strict=True,
    ):
        assert record["error"].startswith(reason)
        assert {record[name] for name in COLUMNS[1:-1]} == {None}
    status, stdout, stderr = predict(*names)
    assert (status, stderr) == (1, "")
    assert re.search(r"empty.jpg +is empty", stdout)
    assert "4 of 5 files could not be read." in stdout


def test_predict_without_any_good_file(predict):
    status, stdout, _ = predict("missing.png")
    assert status == 1
    assert "1 of 1 files could not be read." in stdout


def test_predict_csv_is_quoted_and_alone(predict, network, tmp_path):
    name = 'a "7", crossed.png'
    draw(tmp_path / name)
    status, stdout, stderr = predict(name, "gone.png", "--csv")
    assert (status, stderr) == (1, "")
    table = pd.read_csv(io.StringIO(stdout))
    assert list(table.columns) == COLUMNS
    assert table.file[0] == name
    assert table.unfamiliar[0] in (True, False)
    assert table.error[1] == "does not exist"
    rows = list(csv.reader(io.StringIO(stdout)))
    assert rows[2] == ["gone.png", "", "", "", "", "", "does not exist"]
    pixels = DigitImageTransformer().transform([tmp_path / name])
    probabilities = network.predict_proba(pixels)[0]
    first, second = np.argsort(-probabilities)[:2]
    assert (table.prediction[0], table.runner_up[0]) == (first, second)
    assert table.probability[0] == pytest.approx(probabilities[first])
    assert table.runner_up_probability[0] == pytest.approx(probabilities[second])


def test_predict_takes_pictures_of_directory_sorted(records, tmp_path):
    for name in ("c.PNG", "a.jpg", "b.webp", ".hidden.png"):
        draw(tmp_path / "scans" / name)
    (tmp_path / "scans" / "notes.txt").write_text("no picture")
    (tmp_path / "scans" / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (tmp_path / "scans" / "more.png").mkdir()
    found = records("scans")
    assert list(found) == [
        os.path.join("scans", name) for name in ("a.jpg", "b.webp", "c.PNG", "phone.heic")
    ]
    assert (
        "HEIC photos have to be saved as JPEG"
        in found[os.path.join("scans", "phone.heic")]["error"]
    )


def test_predict_expands_patterns_and_home(records, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name in ("x2.png", "x1.png", "y.png", "z[1].png", "z1.png"):
        draw(tmp_path / name)
    assert list(records("x*.png", "y.png")) == ["x1.png", "x2.png", "y.png"]
    assert list(records("z[1].png")) == ["z[1].png"]
    assert list(records("~/[yz]?.png")) == [str(tmp_path / "z1.png")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["*.png"], r"no file matches \*.png"),
        (["."], "is a directory without pictures"),
        ([], "Missing argument 'IMAGE"),
        (["a.png", "--json", "--csv"], "--json and --csv exclude each other"),
        (["a.png", "--polarity", "red"], "'--polarity'.*'red'"),
    ],
)
def test_predict_user_error_is_one_line(predict, arguments, message):
    status, stdout, stderr = predict(*arguments)
    assert (status, stdout) == (2, "")
    assert re.fullmatch(rf"sk_mnist: error: .*{message}.*\n", stderr)


def test_predict_polarity(records, tmp_path):
    light = str(draw(tmp_path / "light.png", paper=0, ink=255))
    assert records(light)[light]["prediction"] == 7
    assert records(light, "--polarity", "light")[light]["prediction"] == 7
    dark = records(light, "--polarity", "dark")[light]
    assert dark["error"] or dark["unfamiliar"]


def test_predict_takes_pipeline_that_reads_pictures(records, network, save_model, tmp_path):
    light = str(draw(tmp_path / "light.png", paper=0, ink=255))
    pipeline = make_pipeline(DigitImageTransformer(polarity="dark"), network)
    of_pipeline = records(light, model=save_model(pipeline))
    of_option = records(light, "--polarity", "dark", model=save_model(network))
    assert of_pipeline == of_option
    assert (
        records(light, "--polarity", "light", model=save_model(pipeline))[light]["prediction"] == 7
    )


@pytest.mark.parametrize("as_frame", [False, True])
def test_predict_takes_any_classifier_without_marks(predict, save_model, tmp_path, as_frame):
    draw(tmp_path / "seven.png")
    X = np.eye(2, 784, dtype=np.uint8)
    clf = fit_logistic_regression()
    if as_frame:
        clf.fit(pd.DataFrame(X).add_prefix("pixel_"), ["cat", "dog"])
    else:
        clf.fit(X, ["cat", "dog"])
    status, stdout, stderr = predict("seven.png", model=save_model(clf))
    assert status == 0
    assert re.search(r"file +class +probability", stdout)
    assert re.search(r"seven.png +(cat|dog) .*(cat|dog) \(", stdout)
    assert "nfamiliar" not in stdout
    assert stderr.count("\n") == 1  # that it is a pickle


@pytest.mark.parametrize(
    ("fit", "message"),
    [
        (lambda X: LinearSVC().fit(X, [0, 1]), "a LinearSVC, which has no predict_proba"),
        (
            lambda X: KNeighborsClassifier(1).fit(X, np.eye(2, dtype=int)),
            "predicts several labels at once",
        ),
        (lambda X: fit_logistic_regression(64), "expects 64 features"),
    ],
)
def test_predict_rejects_models_without_probabilities_of_classes(
    predict, save_model, tmp_path, fit, message
):
    draw(tmp_path / "seven.png")
    model = save_model(fit(np.eye(2, 784)))
    status, stdout, stderr = predict("seven.png", model=model)
    assert (status, stdout) == (2, "")
    assert re.fullmatch(rf"sk_mnist: error: .*{message}.*", stderr.splitlines()[-1])


def test_predict_table_escapes_control_characters(predict, tmp_path):
    try:
        draw(tmp_path / "red\x1b[31m.png")
    except OSError:
        pytest.skip("the file system does not take such names")
    _, stdout, _ = predict("red\x1b[31m.png")
    assert "\x1b" not in stdout
    assert r"red\x1b[31m.png" in stdout


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode elsewhere")
def test_predict_takes_names_that_are_not_unicode(predict, tmp_path):
    draw(tmp_path / "seven.png").rename(os.fsdecode(os.fsencode(tmp_path / "seven") + b"\xff.png"))
    for option in ([], ["--csv"]):
        status, stdout, _ = predict(".", *option)
        assert status == 0
        assert "seven\ufffd.png" in stdout
    status, stdout, _ = predict(".", "--json")
    assert os.fsencode(json.loads(stdout)[0]["file"]).endswith(b"seven\xff.png")


@pytest.mark.slow
def test_predict_never_imports_tensorflow(model, offline, tmp_path):
    draw(tmp_path / "seven.png")
    script = (
        "import sys; from sk_mnist.cli import main; status = main(sys.argv[1:]);"
        "print({'tensorflow', 'keras'} & set(sys.modules)); sys.exit(status)"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, "predict", model, "seven.png"],
        env=offline,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1] == "set()"


def test_predict_loads_pickles_of_the_same_network(records, network, model, tmp_path):
    draw(tmp_path / "one.png", ONE)
    joblib.dump(network, tmp_path / "model.joblib")
    assert records("one.png", model="model.joblib") == records("one.png", model=model)
