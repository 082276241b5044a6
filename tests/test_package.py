"""Importing the package is cheap, and it shows what it has."""

import importlib.metadata
import importlib.resources
import subprocess
import sys

import pytest

import sk_mnist

KERAS = {"keras", "tensorflow"}
PLOTTING = {"matplotlib", "seaborn"}


def modules_loaded_by(statement, after="pass"):
    """Return the top-level modules that a new process loads for a statement, after another."""
    code = f"""
import sys
{after}
before = set(sys.modules)
{statement}
print(*{{name.partition(".")[0] for name in set(sys.modules) - before}})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_no_library():
    loaded = modules_loaded_by("import sk_mnist")
    assert "sk_mnist" in loaded
    assert not loaded & {"numpy", "scipy", "sklearn", "pandas", *KERAS, *PLOTTING}


def test_importing_the_classifier_loads_neither_keras_nor_plotting():
    loaded = modules_loaded_by("from sk_mnist import KerasMLPClassifier")
    assert "sklearn" in loaded
    assert not loaded & {*KERAS, *PLOTTING}


def test_importing_the_classifier_loads_no_pandas_of_its_own():
    # Where pandas is installed, scikit-learn itself loads it.
    loaded = modules_loaded_by(
        "from sk_mnist import KerasMLPClassifier", after="import sklearn.base"
    )
    assert "sk_mnist" in loaded
    assert "pandas" not in loaded


@pytest.mark.parametrize("name", sk_mnist.__all__)
def test_every_public_name_resolves(name):
    assert getattr(sk_mnist, name) is not None
    assert name in dir(sk_mnist)


def test_the_classifier_is_a_public_name():
    assert "KerasMLPClassifier" in sk_mnist.__all__


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = sk_mnist.no_such_name


def test_the_version_is_that_of_the_distribution():
    assert sk_mnist.__version__ == importlib.metadata.version("sk_mnist")


def test_the_marker_of_type_hints_ships():
    assert importlib.resources.files("sk_mnist").joinpath("py.typed").is_file()
