"""Without TensorFlow, as on Python 3.14, everything works but what is trained by it."""

import pytest
from processes import run_python

pytestmark = pytest.mark.slow

WITHOUT = """
from importlib.machinery import PathFinder

find_spec = PathFinder.find_spec

def find_all_else(name, path=None, target=None):
    return None if name == "tensorflow" else find_spec(name, path, target)

PathFinder.find_spec = find_all_else  # as if TensorFlow were not installed

import warnings
import numpy as np
from sklearn.datasets import load_iris
import sk_mnist
from sk_mnist import KerasMLPClassifier

warnings.simplefilter("ignore")
X, y = load_iris(return_X_y=True)
clf = KerasMLPClassifier((8,), random_state=0).fit(X, y)

def message(call):
    try:
        call()
    except ImportError as error:
        return str(error)
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    file = str(tmp_path_factory.mktemp("without") / "model.safetensors")
    code = f"""
clf.save({file!r})
loaded = sk_mnist.load({file!r})
print(np.array_equal(loaded.predict_proba(X), clf.predict_proba(X)))
print(np.allclose(clf.to_sklearn().predict_proba(X), clf.predict_proba(X)))
print(clf.to_onnx().graph.output[0].name)
print(sk_mnist.evaluate(clf, X, y).accuracy > 0.9)
sgd = KerasMLPClassifier(activation="tanh", optimizer="sgd", learning_rate=0.1).fit(X, y)
print(sgd.score(X, y) > 0.9)
print(message(lambda: KerasMLPClassifier((8,), optimizer="nadam").fit(X, y)))
print(message(clf.to_keras))
"""
    return run_python(WITHOUT + code).splitlines()


def test_all_that_does_not_train_by_tensorflow_works_without_it(printed):
    assert printed[:-2] == ["True", "True", "label", "True", "True"]


def test_what_needs_tensorflow_says_so_in_one_sentence(printed):
    optimizer, keras = printed[-2:]
    assert "needs TensorFlow, which is not installed" in optimizer
    assert "Keras cannot be imported without tensorflow. Install tensorflow, or" in keras


def test_keras_views_work_with_another_backend():
    code = """
model = clf.to_keras()
print(np.allclose(model(X), clf.predict_proba(X), atol=1e-5))
"""
    environment = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    assert run_python(WITHOUT + code, **environment).split() == ["True"]


def test_the_command_line_works_without_it(tmp_path):
    code = f"""
from sk_mnist.cli import main

arguments = ["--data", "sample", "--epochs", "1", "--hidden", "8", "--output", {str(tmp_path)!r}]
print(main(["train", *arguments]))
"""
    assert run_python(WITHOUT + code).splitlines()[-1] == "0"
    assert (tmp_path / "model.safetensors").exists()
