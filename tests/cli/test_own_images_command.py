"""A folder of images with a sub-folder for each class."""

import json
from pathlib import Path

import joblib
import numpy as np
import pytest
from PIL import Image
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from sk_mnist import DigitImageTransformer, KerasMLPClassifier, load, load_mnist_sample
from sk_mnist.cli import main
from sk_mnist.cli.console import CommandError, ResultConsole
from sk_mnist.cli.data.evaluation import load_evaluation_data
from sk_mnist.cli.data.image_folder import read_images
from sk_mnist.cli.data.record import TrainingRecord
from sk_mnist.cli.data.request import DataRequest
from sk_mnist.cli.predicting import predict_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of digits, dark on light, with two files that are none."""
    folder = tmp_path_factory.mktemp("images") / "digits"
    X, y = load_mnist_sample(return_X_y=True)
    for digit in (0, 1, 7):
        (folder / str(digit)).mkdir(parents=True)
        for i in np.flatnonzero(y == digit)[:20]:
            picture = Image.fromarray(255 - X[i].reshape(28, 28)).resize((56, 56))
            picture.save(folder / str(digit) / f"{i}.png")
    (folder / "1" / "notes.txt").write_text("no picture")
    (folder / "7" / ".hidden").write_text("no picture")
    Image.new("L", (40, 40), 255).save(folder / "7" / "blank.png")
    return folder


def test_own_images_are_read_as_the_transformer_prepares_them(capsys, folder):
    samples = read_images(folder)
    assert samples.X.shape == (60, 784)
    assert samples.y.dtype.kind == "i"
    assert np.unique(samples.y).tolist() == [0, 1, 7]
    paths = sorted(path for path in folder.glob("0/*.png"))
    expected = DigitImageTransformer().transform(paths)
    np.testing.assert_array_equal(samples.X[samples.y == 0], expected)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "2 of 62 images are left out: " in error
    assert "notes.txt is not a picture" in error
    assert "blank.png has no" in error


@pytest.mark.slow
def test_own_images_are_trained_on_and_evaluated_with_a_network_of_pixels(capsys, folder):
    train = ["train", "--data", str(folder), "--hidden", "32", "--json"]
    assert main(train) == 0
    stdout, stderr = capsys.readouterr()
    trained = json.loads(stdout)
    assert "Data: digits, 48 training images, 12 test images" in stderr
    assert trained["accuracy"] > 0.7
    path = Path("sk_mnist_run/model.safetensors")
    assert load(path).n_features_in_ == 784
    assert main(["evaluate", str(path), "--data", str(folder), "--json", "--quiet"]) == 0
    tested = json.loads(capsys.readouterr().out)
    assert tested["confusion_matrix"] == trained["confusion_matrix"]
    assert main(["predict", str(path), str(folder / "0"), "--json"]) == 0
    predicted = json.loads(capsys.readouterr().out)
    assert sum(entry["prediction"] == 0 for entry in predicted) > 15


def test_own_images_are_evaluated_with_a_pipeline_that_takes_pictures(folder):
    X, y = load_mnist_sample(return_X_y=True)
    pipeline = make_pipeline(DigitImageTransformer(polarity="dark"), GaussianNB().fit(X, y))
    request = DataRequest(str(folder))
    data = load_evaluation_data(request, pipeline, Path("nb.joblib"), ResultConsole(quiet=True))
    assert data.model.predict(data.X).shape == (60,)
    assert set(data.model.predict(data.X)) <= set(range(10))


def test_own_images_of_words_have_the_names_of_the_folders(folder, tmp_path):
    for name, digit in (("one", "1"), ("7", "7")):
        (tmp_path / "mixed" / name).mkdir(parents=True)
        for path in [*(folder / digit).glob("*.png")][:3]:
            (tmp_path / "mixed" / name / path.name).write_bytes(path.read_bytes())
    assert set(read_images(tmp_path / "mixed").y) == {"one", "7"}


def test_own_images_of_numbers_beyond_64_bits_have_the_names_of_the_folders(folder, tmp_path):
    for name in ("7", "99999999999999999999"):
        (tmp_path / "large" / name).mkdir(parents=True)
        for path in [*(folder / "7").glob("1*.png")][:3]:
            (tmp_path / "large" / name / path.name).write_bytes(path.read_bytes())
    assert set(read_images(tmp_path / "large").y) == {"7", "99999999999999999999"}


def test_own_images_are_not_compared_with_mnist(capsys, folder):
    X, y = np.repeat(np.eye(2, 784, dtype=np.uint8), 20, axis=0), np.repeat([0, 1], 20)
    model = KerasMLPClassifier((4,), epochs=1, batch_size=1, random_state=0).fit(X, y)
    joblib.dump(model, "mnist.joblib")
    TrainingRecord("shapes", "0" * 64, None, 0.2, []).attach(model)
    joblib.dump(model, "own.joblib")
    pictures = [str(path) for path in [*(folder / "0").glob("*.png")][:2]]
    of_mnist = predict_files(Path("mnist.joblib"), pictures, None).records
    of_own = predict_files(Path("own.joblib"), pictures, None).records
    assert [record.unfamiliar for record in of_mnist] == [False, False]
    assert [record.unfamiliar for record in of_own] == [None, None]


def test_own_images_are_known_again_whatever_their_names(folder, tmp_path):
    copy = tmp_path / "copy"
    for path in folder.glob("*/*.png"):
        target = copy / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    assert read_images(copy).sha256 == read_images(folder).sha256
    next(copy.glob("0/*.png")).unlink()
    assert read_images(copy).sha256 != read_images(folder).sha256


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "has no sub-folders: .* one for each class"),
        (["a.png"], "has no sub-folders"),
        (["a/.hidden"], "the sub-folders of .* have no images"),
        (["train/a/1.png"], "have no images; give one of them, such as --data .*train"),
        (["a/1.png"], "none of the 1 images in .* can be read"),
    ],
)
def test_own_images_error_says_how_folders_have_to_be(tmp_path, files, message):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("no picture")
    with pytest.raises(CommandError, match=message):
        read_images(tmp_path)
