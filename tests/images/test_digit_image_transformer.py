import pickle
import warnings
from inspect import signature

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from PIL import Image
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks, get_tags

from sk_mnist import DigitImageTransformer, ImageError, KerasMLPClassifier, load_mnist_sample
from sk_mnist.images import prepare_digit


@pytest.fixture(scope="module")
def drawings(ink_of):
    """Return the ten digits, black on white, of shape (10, 200, 200)."""
    return np.stack([np.uint8(255 - 255 * ink_of(digit)) for digit in range(10)])


@pytest.fixture(scope="module")
def rows(drawings):
    return np.stack([prepare_digit(drawing).pixels.ravel() for drawing in drawings])


@pytest.fixture(scope="module")
def paths(drawings, tmp_path_factory):
    directory = tmp_path_factory.mktemp("digits")
    paths = [directory / f"{digit}.png" for digit in range(10)]
    for path, drawing in zip(paths, drawings, strict=True):
        Image.fromarray(drawing).save(path)
    return paths


@pytest.fixture(scope="module")
def classifier():
    X, y = load_mnist_sample(return_X_y=True)
    return KerasMLPClassifier((128,), epochs=5, random_state=0).fit(X[:4000], y[:4000])


def kinds_of_x(drawings, paths):
    strings = [str(path) for path in paths]
    return {
        "array": drawings,
        "color": np.stack([drawings] * 3, axis=-1),
        "list of arrays": list(drawings),
        "other sizes": [drawing[i:, 2 * i :] for i, drawing in enumerate(drawings)],
        "paths": paths,
        "strings": strings,
        "tuple": tuple(strings),
        "generator": (path for path in paths),
        "array of strings": np.array(strings),
        "column of strings": np.array(strings)[:, np.newaxis],
        "array of objects": np.array(paths, dtype=object),
        "Series": pd.Series(strings, index=list("abcdefghij")),
        "DataFrame": pd.DataFrame({"path": strings}),
        "polars": pl.DataFrame({"path": strings}),
        "bytes": [path.read_bytes() for path in paths],
        "PIL": [Image.open(path) for path in paths],
        "mixed": [*paths[:5], *drawings[5:]],
    }


def test_transformer_takes_pictures_of_all_kinds(drawings, paths, rows):
    for name, X in kinds_of_x(drawings, paths).items():
        transformed = DigitImageTransformer().transform(X)
        assert transformed.dtype == np.uint8
        assert_array_equal(transformed, rows, err_msg=name)


def test_transformer_takes_rows_of_784_pixels(rows):
    images = rows.reshape(-1, 28, 28)
    expected = DigitImageTransformer().transform(images)
    kinds_of_rows = {
        "array": rows,
        "floats": rows.astype(float) / 255,
        "DataFrame": pd.DataFrame(rows),
        "DataFrame of Int64": pd.DataFrame(rows).astype("Int64"),
        "lists": rows.tolist(),
        "list of arrays": list(rows),
        "Series": pd.Series(list(rows)),
        "polars": pl.DataFrame(rows),
    }
    for name, X in kinds_of_rows.items():
        assert_array_equal(DigitImageTransformer().transform(X), expected, err_msg=name)


def test_transformer_row_with_a_missing_pixel_is_one_bad_picture(rows):
    X = pd.DataFrame(rows).astype("Int64")
    X.iloc[2, 3] = pd.NA
    with pytest.warns(UserWarning, match="1 of 10 pictures became rows of zeros: Picture 2"):
        transformed = DigitImageTransformer(errors="blank").transform(X)
    assert transformed.any(axis=1).tolist() == [i != 2 for i in range(10)]


def test_transformer_in_a_pipeline_predicts_without_fit(paths, classifier):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predicted = make_pipeline(DigitImageTransformer(), classifier).predict(paths)
    assert (predicted == range(10)).sum() >= 9


def test_transformer_is_transparent_to_mnist(classifier):
    X, y = load_mnist_sample(return_X_y=True)
    X, y = X[4000:4500], y[4000:4500]
    accuracy = make_pipeline(DigitImageTransformer(), classifier).score(X, y)
    assert accuracy > classifier.score(X, y) - 0.01


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_mixin_order,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_set_params,
        estimator_checks.check_valid_tag_types,
    ],
    ids=lambda check: check.__name__,
)
def test_transformer_passes_scikit_learns_checks(check):
    check("DigitImageTransformer", DigitImageTransformer())


@pytest.mark.parametrize("method", ["fit", "transform", "fit_transform"])
@pytest.mark.parametrize("params", [{"polarity": "gray"}, {"errors": "ignore"}])
def test_transformer_validates_parameters(method, params, drawings):
    (name,) = params
    with pytest.raises(ValueError, match=f"The '{name}' parameter of DigitImageTransformer must"):
        getattr(DigitImageTransformer(**params), method)(drawings)


def test_transformer_tags_say_that_it_takes_pictures_and_needs_no_fit():
    tags = get_tags(DigitImageTransformer())
    assert not tags.requires_fit
    assert not tags.input_tags.two_d_array
    assert tags.input_tags.three_d_array
    assert tags.input_tags.string


def test_transformer_fit_learns_nothing(drawings):
    transformer = DigitImageTransformer(errors="blank")
    assert transformer.fit(drawings) is transformer
    assert vars(transformer) == transformer.get_params()


def test_transformer_clones_and_pickles(drawings, rows):
    transformer = DigitImageTransformer(polarity="dark", errors="blank")
    for other in (clone(transformer), pickle.loads(pickle.dumps(transformer))):
        assert other.get_params() == transformer.get_params()
        assert_array_equal(other.transform(drawings), rows)


def test_transformer_parameters_can_be_searched(drawings):
    pipeline = make_pipeline(DigitImageTransformer(errors="blank"), KNeighborsClassifier(1))
    X, y = np.tile(drawings, (2, 1, 1)), np.tile(np.arange(10), 2)
    grid = {"digitimagetransformer__polarity": ["auto", "dark"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    assert search.best_score_ == 1


def test_transformer_feature_names_are_those_of_mnist(drawings):
    names = DigitImageTransformer().get_feature_names_out()
    assert names.tolist() == load_mnist_sample().feature_names


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_transformer_set_output(library, paths, rows):
    frame = DigitImageTransformer().set_output(transform=library).transform(paths)
    assert type(frame).__module__.startswith(library)
    assert list(frame.columns) == load_mnist_sample().feature_names
    assert_array_equal(frame.to_numpy(), rows)


def test_transformer_set_output_keeps_the_index(paths):
    X = pd.DataFrame({"path": list(map(str, paths))}, index=range(5, 15))
    frame = DigitImageTransformer().set_output(transform="pandas").transform(X)
    assert frame.index.tolist() == list(range(5, 15))


def test_transformer_of_a_column_of_paths(paths, rows):
    X = pd.DataFrame({"weight": np.arange(10.0), "path": list(map(str, paths))})
    columns = ColumnTransformer([("digit", DigitImageTransformer(), ["path"])])
    assert_array_equal(columns.fit_transform(X), rows)


def test_transformer_has_an_html_representation():
    html = DigitImageTransformer(errors="blank")._repr_html_()
    assert "DigitImageTransformer" in html
    assert "fitted" in html


def test_transformer_parameters_are_documented_keywords():
    for name, parameter in signature(DigitImageTransformer).parameters.items():
        assert parameter.kind == parameter.KEYWORD_ONLY
        assert f"{name} : {{" in DigitImageTransformer.__doc__


def test_transformer_error_names_the_first_bad_picture(paths, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(paths[0].read_bytes()[:100])
    with pytest.raises(ImageError, match=r"bad\.png is (damaged|not a picture)"):
        DigitImageTransformer().transform([paths[0], bad, tmp_path])
    with pytest.raises(ImageError, match=r"^Picture 1 has no ink"):
        DigitImageTransformer().transform(np.array([np.eye(50), np.zeros((50, 50))]))


def test_transformer_blank_keeps_the_other_rows(paths, rows, tmp_path):
    X = [paths[3], tmp_path / "none.png", b"", paths[4]]
    transformer = DigitImageTransformer(errors="blank")
    with pytest.warns(UserWarning, match="2 of 4 pictures became rows of zeros") as caught:
        transformed = transformer.transform(X)
    assert_array_equal(transformed[[0, 3]], rows[[3, 4]])
    assert not transformed[1:3].any()
    (warning,) = caught
    assert warning.filename == __file__
    assert f"{tmp_path / 'none.png'} does not exist. Picture 2 is empty." in str(warning.message)


def test_transformer_blank_warning_is_short():
    with pytest.warns(UserWarning, match=r"Picture 9 is empty\. And 90 more\.$"):
        DigitImageTransformer(errors="blank").transform([b""] * 100)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("3.png", r"one of type str. Put it into a list"),
        (b"3", r"one of type bytes"),
        (Image.new("L", (9, 9)), r"one of type Image"),
        (csr_array(np.eye(784)), r"X.toarray\(\)"),
        (np.zeros((100, 100)), r"shape \(100, 100\).*put a single picture into a list"),
        (np.zeros((60, 80, 3)), r"shape \(60, 80, 3\).*Put it into a list"),
        (np.zeros((5, 1)), r"shape \(5, 1\)"),
        (np.array(3.0), "must be a sequence of pictures"),
        (None, "must be a sequence of pictures, got None"),
    ],
    ids=["path", "bytes", "PIL", "sparse", "one array", "color", "column", "number", "None"],
)
def test_transformer_error_of_what_is_no_sequence(X, message):
    with pytest.raises(ValueError, match=message):
        DigitImageTransformer().transform(X)


def test_transformer_of_no_picture():
    for X in ([], pd.DataFrame({"path": []}), pd.Series([], dtype=object), np.zeros((0, 784))):
        assert DigitImageTransformer().transform(X).shape == (0, 784)


@pytest.mark.parametrize("value", [-1.0, -5, 0.0, 1e-110])
def test_transformer_blank_keeps_the_batch_with_arrays_of_one_value(drawings, rows, value):
    with pytest.warns(UserWarning, match="1 of 2 pictures"):
        transformed = DigitImageTransformer(errors="blank").transform(
            [np.full((30, 30), value), drawings[4]]
        )
    assert_array_equal(transformed[1], rows[4])
