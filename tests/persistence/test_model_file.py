"""Files of `save`: they bring everything back, and a damaged or foreign one is refused."""

import json
import struct
import tracemalloc

import keras
import numpy as np
import pytest
import safetensors.numpy
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError

import sk_mnist
from sk_mnist import KerasMLPClassifier
from sk_mnist.persistence import ModelFileError, model_file, read_note, to_bytes

X, Y = load_iris(return_X_y=True)
LABELS = {
    "int64": Y,
    "int8": Y.astype("int8") - 1,
    "uint64": Y.astype("uint64") + np.uint64(2**63 - 1),
    "float": Y.astype("float64"),
    "float32": Y.astype("float32"),
    "bool": Y > 1,
    "text": np.array(["Iris setosa", "versicolor", "Virginica ü"])[Y],
    "text objects": np.array(["a", "bb", "ccc"], dtype=object)[Y],
    "one class": np.zeros(150, int),
    "several labels": np.c_[Y > 0, Y > 1, Y == 1].astype(int),
}


def make(**parameters):
    return KerasMLPClassifier((8,), epochs=2, random_state=0, **parameters)


def saved_and_loaded(clf, path):
    clf.save(path)
    return sk_mnist.load(path)


def assert_same_state(found, wanted):
    first, second = vars(found), vars(wanted)
    assert first.keys() == second.keys()
    for name, value in second.items():
        if name == "_resume":
            assert first[name] is None
        elif isinstance(value, list) and isinstance(value[0], np.ndarray):
            for a, b in zip(first[name], value, strict=True):
                assert_array_equal(a, b, strict=True)
        elif isinstance(value, np.ndarray):
            assert_array_equal(first[name], value, strict=True)
        else:
            np.testing.assert_equal(first[name], value)
            assert type(first[name]) is type(value), name


@pytest.mark.parametrize("kind", LABELS)
def test_file_brings_back_all_kinds_of_labels(tmp_path, kind):
    clf = make().fit(X, LABELS[kind])
    loaded = saved_and_loaded(clf, tmp_path / "model.safetensors")
    assert_same_state(loaded, clf)
    assert_array_equal(loaded.predict(X), clf.predict(X), strict=True)


@pytest.mark.parametrize(
    "parameters",
    [
        {"input_scaling": "standard", "activation": "tanh"},
        {"early_stopping": True, "n_iter_no_change": np.inf, "verbose": True},
        {"class_weight": {0: 2.0, 2: 0.5}, "alpha": np.float32(0.1)},
        {"optimizer": "sgd", "learning_rate_schedule": "cosine", "callbacks": []},
    ],
    ids=str,
)
def test_file_brings_back_parameters(tmp_path, parameters):
    parameters = {"optimizer": "adam", **parameters}
    clf = make(**{**parameters, "verbose": 0}).fit(X, Y).set_params(**parameters)
    loaded = saved_and_loaded(clf, tmp_path / "model.safetensors")
    found, wanted = loaded.get_params(), clf.get_params()
    wanted["callbacks"] = None
    assert found == wanted
    assert_array_equal(loaded.predict_proba(X), clf.predict_proba(X))


def test_file_brings_back_names_of_features(tmp_path):
    frame, y = load_iris(return_X_y=True, as_frame=True)
    clf = make().fit(frame, y)
    loaded = saved_and_loaded(clf, tmp_path / "model.safetensors")
    assert_array_equal(loaded.feature_names_in_, clf.feature_names_in_, strict=True)
    with pytest.warns(UserWarning, match="valid feature names"):
        loaded.predict(X)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_file_brings_back_networks_of_all_inputs(tmp_path, dtype):
    clf = make().fit(X.astype(dtype), Y)
    loaded = saved_and_loaded(clf, tmp_path / "model.safetensors")
    assert_same_state(loaded, clf)
    assert_array_equal(
        loaded.predict_proba(sparse.csr_array(X)), clf.predict_proba(sparse.csr_array(X))
    )


def test_a_loaded_classifier_goes_on_training(tmp_path):
    loaded = saved_and_loaded(make().fit(X, Y), tmp_path / "model.safetensors")
    assert loaded.partial_fit(X, Y).n_iter_ == 3
    assert loaded.set_params(warm_start=True, epochs=5).fit(X, Y).n_iter_ == 5


def test_history_after_early_stopping_and_partial_fit_is_brought_back(tmp_path):
    clf = make(early_stopping=True).fit(X, Y).partial_fit(X, Y)
    assert_same_state(saved_and_loaded(clf, tmp_path / "model.safetensors"), clf)


def test_file_needs_a_fitted_classifier(tmp_path):
    with pytest.raises(NotFittedError):
        make().save(tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("random_state", np.random.RandomState(0)),
        ("callbacks", [keras.callbacks.Callback()]),
        ("optimizer", keras.optimizers.SGD()),
    ],
)
def test_objects_as_parameters_are_refused_by_name(tmp_path, name, value):
    clf = make().fit(X, Y).set_params(**{name: value})
    with pytest.raises(TypeError, match=rf"^{name}=.* cannot be saved .* Set {name} to"):
        clf.save(tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())


def test_dates_as_labels_are_refused(tmp_path):
    clf = make().fit(X, np.datetime64("2026-01-01") + Y)
    with pytest.raises(TypeError, match=r"datetime64.*joblib\.dump"):
        clf.save(tmp_path / "model.safetensors")


def test_a_subclass_is_refused(tmp_path):
    class Other(KerasMLPClassifier):
        def __init__(self):
            super().__init__()

    with pytest.raises(TypeError, match="Other is a subclass"):
        Other().fit(X, Y).save(tmp_path / "model.safetensors")


def rewritten(clf, change, digest=None):
    """Return the file of a classifier with another text or other arrays, and a right digest."""
    content = model_file.to_bytes(clf)
    arrays = dict(safetensors.numpy.load(content))
    (length,) = struct.unpack_from("<Q", content)
    entries = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["sk_mnist"])
    change(entries, arrays)
    text = entries if isinstance(entries, str) else json.dumps(entries)
    digest = digest or model_file._digest(text, arrays)
    return safetensors.numpy.save(arrays, {"sk_mnist": text, "sha256": digest})


def set_entry(*path, to):
    def change(entries, arrays):
        for key in path[:-1]:
            entries = entries[key]
        entries[path[-1]] = to

    return change


def set_array(name, to):
    def change(entries, arrays):
        arrays[name] = to(arrays[name])

    return change


def one_scale_with_limit(entries, arrays):
    entries["fitted"]["limited"] = True
    for name in ("input_offset", "input_scale"):
        arrays[name] = arrays[name][:1].copy()


WRONG = {
    "later format": (set_entry("format", to=2), "format 2, and sk_mnist .* knows 1"),
    "another entry": (set_entry("code", to="import os"), "other entries than"),
    "another parameter": (set_entry("parameters", "hook", to="os.system"), "parameters has other"),
    "parameter of another type": (
        set_entry("parameters", "epochs", to="many"),
        "a parameter is invalid",
    ),
    "parameter out of range": (set_entry("parameters", "alpha", to=-1), "a parameter is invalid"),
    "huge number": (set_entry("parameters", "epochs", to=10**400), "not JSON|epochs is huge"),
    "weight that is not finite": (
        set_array("coefs.0", lambda a: np.where(a > 0, np.inf, a).astype(a.dtype)),
        "coefs.0 has numbers that are not finite",
    ),
    "shape": (set_array("coefs.1", lambda a: a.T.copy()), "coefs.1 has the shape"),
    "type": (set_array("coefs.1", lambda a: a.astype("float32")), "coefs.1 is of the type float32"),
    "integers": (set_array("coefs.0", lambda a: a.astype("int64")), "neither float32 nor float64"),
    "number of features": (
        set_array("input_scale", lambda a: a[:2].copy()),
        "input_scale has not one number",
    ),
    "one scale, limited": (one_scale_with_limit, "input_scale has not one number"),
    "scale of zero": (set_array("input_scale", lambda a: 0 * a), "input_scale is not positive"),
    "another class": (set_entry("classes", "values", to=[0, 1, 2, 3]), "outputs of its classes"),
    "no order": (set_entry("classes", "values", to=[0, 2, 1]), "classes are not sorted"),
    "type of labels": (set_entry("classes", "dtype", to="O"), "classes are of an unknown type"),
    "large label": (set_entry("classes", "values", to=[0, 1, 2**63]), "no numbers of the type"),
    "activation": (set_entry("fitted", "activation", to="softsign"), "activation is unknown"),
    "history": (set_entry("history", "loss", to=[]), "history has no epochs"),
    "names": (set_entry("feature_names", to=["a"]), "one name for each feature"),
    "temperature": (set_entry("fitted", "temperature", to="inf"), "temperature is not positive"),
}


@pytest.fixture(scope="module")
def fitted():
    return make().fit(X, Y)


@pytest.mark.parametrize("kind", WRONG)
def test_a_file_with_something_wrong_says_what(tmp_path, fitted, kind):
    change, message = WRONG[kind]
    path = tmp_path / "model.safetensors"
    path.write_bytes(rewritten(fitted, change))
    with pytest.raises(ModelFileError, match=rf"model.safetensors is not a model .*({message})"):
        sk_mnist.load(path)


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"\xff" * 100, safetensors.numpy.save({"a": np.ones(2)})]
)
def test_a_foreign_file_is_refused(tmp_path, content):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="no safetensors file of sk_mnist"):
        sk_mnist.load(path)


def test_each_changed_byte_is_noticed(tmp_path, fitted):
    path = tmp_path / "model.safetensors"
    content = model_file.to_bytes(fitted)
    for i in np.random.default_rng(0).integers(len(content), size=300):
        damaged = bytearray(content)
        damaged[i] ^= 1 << (i % 8)
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError):
            sk_mnist.load(path)


def test_a_text_that_expands_is_refused(tmp_path, fitted):
    path = tmp_path / "model.safetensors"
    labels = ["x" * 300_000, *(f"y{i:05d}" for i in range(2_000))]
    path.write_bytes(rewritten(fitted, set_entry("classes", to={"dtype": "str", "values": labels})))
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="differ too much in length"):
        sk_mnist.load(path)
    assert tracemalloc.get_traced_memory()[1] < 50 * path.stat().st_size
    tracemalloc.stop()


def test_file_of_another_version_warns(tmp_path, fitted):
    path = tmp_path / "model.safetensors"
    path.write_bytes(rewritten(fitted, set_entry("version", to="0.0.1")))
    with pytest.warns(InconsistentVersionWarning, match=r"0\.0\.1"):
        sk_mnist.load(path)


def test_a_note_is_kept_beside_the_model(tmp_path, fitted):
    path = tmp_path / "model.safetensors"
    path.write_bytes(to_bytes(fitted, note='{"file": "é"}'))
    assert read_note(path) == '{"file": "é"}'
    assert_same_state(sk_mnist.load(path), fitted)
    path.write_bytes(to_bytes(fitted))
    assert read_note(path) is None
    path.write_bytes(b"garbage")
    with pytest.raises(ModelFileError, match="no safetensors file"):
        read_note(path)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, fitted):
    path = tmp_path / "missing" / "model.safetensors"
    with pytest.raises(FileNotFoundError):
        fitted.save(path)
