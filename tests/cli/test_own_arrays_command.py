"""Arrays in .npz files: trained on, evaluated, and refused in one sentence."""

import io
import json
import re
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import Pipeline

from sk_mnist import load, load_mnist_sample
from sk_mnist.cli import main
from sk_mnist.cli.console import CommandError, ResultConsole
from sk_mnist.cli.data.array_files import read_arrays, read_features
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.data.split import held_out
from sk_mnist.cli.data.training import load_training_data

TRAIN = ["train", "--epochs", "3", "--hidden", "16", "--quiet"]
X = np.arange(60.0).reshape(20, 3)
y = np.arange(20) % 2


@pytest.mark.slow
def test_own_arrays_are_trained_into_a_network_alone(capsys):
    images, labels = load_digits(return_X_y=True)
    np.savez("digits.npz", X=images.reshape(-1, 8, 8), kind=labels)
    assert main([*TRAIN, "--data", "digits.npz", "--target", "kind", "--json"]) == 0
    trained = json.loads(capsys.readouterr().out)
    clf = load("sk_mnist_run/model.safetensors")
    is_test = held_out(labels, 0.2)
    assert clf.score(images[is_test], labels[is_test]) == trained["accuracy"]
    # The safe file remembers as well which rows these are.
    evaluate = ["evaluate", "sk_mnist_run/model.safetensors", "--data", "digits.npz"]
    assert main([*evaluate, "--json", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["confusion_matrix"] == trained["confusion_matrix"]
    assert captured.err == ""


@pytest.mark.slow
def test_own_arrays_with_missing_values_are_imputed(capsys):
    some_missing = np.where(X % 7 == 0, np.nan, X)
    np.savez("all.npz", X=X, y=y)
    np.savez("some.npz", X=some_missing, y=y)
    assert main([*TRAIN, "--data", "all.npz", "--test", "some.npz"]) == 0
    model = joblib.load("sk_mnist_run/model.joblib")
    assert isinstance(model, Pipeline)
    assert not Path("sk_mnist_run/model.safetensors").exists()
    assert model.predict(some_missing).shape == (20,)


def test_own_table_of_pixels_is_an_array_of_images():
    pixels, labels = load_mnist_sample(return_X_y=True)
    table = pd.DataFrame(pixels[:100], columns=[f"pixel{i}" for i in range(784)])
    table.assign(label=labels[:100], row=1).to_csv("kaggle.csv", index=False)
    request = DataRequest("kaggle.csv", "label", ignored=("row",))
    data = load_training_data(request, ResultConsole(quiet=True))
    assert data.preparation is None
    assert data.train[0].dtype == np.uint8
    np.testing.assert_array_equal(data.test[0], pixels[:100][held_out(labels[:100], 0.2)])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": X}, "has no array 'y'; it has X"),
        ({"y": y}, "has no array 'X'; it has y"),
        ({"X": X, "y": y[:3]}, "one label for each of the 20 rows of X, but has the shape .3,."),
        ({"X": X, "y": np.array([None] * 20)}, "Python objects, which would have to run code"),
        ({"X": X[:, 0], "y": y}, "must have numbers and the shape .rows, columns."),
        ({"X": X.astype(str), "y": y}, "must have numbers"),
        ({"X": X[:0], "y": y[:0]}, "X in arrays.npz is empty"),
        ({"X": np.where(X == 3, np.inf, X), "y": y}, "infinite values; NaN is taken for missing"),
    ],
)
def test_own_arrays_error_names_the_array(tmp_path, arrays, message):
    np.savez(tmp_path / "arrays.npz", **arrays)
    with pytest.raises(CommandError, match=message):
        read_arrays(Path("arrays.npz"), (tmp_path / "arrays.npz").read_bytes(), None)


def test_own_arrays_without_a_label_are_left_out(capsys, tmp_path):
    np.savez(tmp_path / "some.npz", X=X, y=np.where(y == 1, 1.0, np.nan))
    rows, labels = read_arrays(Path("some.npz"), (tmp_path / "some.npz").read_bytes(), None)
    np.testing.assert_array_equal(rows, X[y == 1])
    assert labels.tolist() == [1.0] * 10
    assert "10 of 20 rows of some.npz have no 'y' and are left out" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04garbage"])
def test_own_arrays_file_that_is_none_is_refused(content):
    with pytest.raises(CommandError, match=r"arrays.npz is not an .npz file"):
        read_arrays(Path("arrays.npz"), content, None)


def zip_of(member, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("X.npy", member)
    return buffer.getvalue()


def npy_of_header(header):
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def damaged(content, at, *, flips=0xFF):
    return content[:at] + bytes([content[at] ^ flips]) + content[at + 1 :]


HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (SHAPE, 3)}"
NPY = npy_of_header(HEADER.replace("SHAPE", "20")) + X.tobytes()


@pytest.mark.parametrize(
    "content",
    [
        damaged(zip_of(NPY), 60),
        damaged(zip_of(NPY, zipfile.ZIP_LZMA), 60),
        zip_of(NPY).replace(b"\x08\x00", b"\x63\x00"),  # an unknown compression
        damaged(zip_of(NPY), zip_of(NPY).index(b"PK\x01\x02") + 8, flips=1),  # encrypted
        zip_of(npy_of_header("{'descr': ((")),
        zip_of(npy_of_header(HEADER.replace("SHAPE", "33_333_333_333_333")) + X.tobytes()),
        zip_of(npy_of_header(HEADER.replace("SHAPE", "100_000_000")) + X.tobytes()),
    ],
    ids=["deflate", "lzma", "compression", "encrypted", "header", "terabytes", "gigabytes"],
)
def test_own_arrays_file_that_is_damaged_is_refused(content):
    with pytest.raises(CommandError, match=r"^(X in )?arrays.npz is (damaged|not an .npz file)"):
        read_features(Path("arrays.npz"), content)


def test_own_arrays_are_never_unpickled(capsys, tmp_path):
    class Malicious:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was here",))

    np.savez("bad.npz", X=X, y=np.array([Malicious()] * 20))
    assert main([*TRAIN, "--data", "bad.npz"]) == 2
    assert re.fullmatch(r"sk_mnist: error: y in bad.npz has Python.*\n", capsys.readouterr().err)
    assert not (tmp_path / "was here").exists()


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.99])
def test_split_holds_out_the_same_share_of_each_class(share):
    labels = np.repeat(["a", "b", "c"], [2, 10, 100])
    chosen = held_out(labels, share)
    for name, n_rows in (("a", 2), ("b", 10), ("c", 100)):
        n_chosen = chosen[labels == name].sum()
        assert n_chosen == min(max(round(share * n_rows), 1), n_rows - 1)
    np.testing.assert_array_equal(held_out(labels, share), chosen)
