"""The package: fast imports, lazy public names and their type stubs."""

import ast
import importlib.metadata
import importlib.resources
import subprocess
import sys

import pytest

import sk_mnist

pytestmark = pytest.mark.slow

KERAS = {"keras", "tensorflow"}
PLOTTING = {"matplotlib", "seaborn"}


def list_loaded_modules(statement, after="pass"):
    """Return the top-level modules that a statement loads in a new process, after another one."""
    code = f"""
import sys
{after}
before = set(sys.modules)
{statement}
print(*{{name.partition(".")[0] for name in set(sys.modules) - before}})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_of_package_loads_no_library():
    loaded = list_loaded_modules("import sk_mnist")
    assert "sk_mnist" in loaded
    assert not loaded & {"numpy", "scipy", "sklearn", "pandas", *KERAS, *PLOTTING}


def test_import_of_classifier_loads_neither_keras_nor_plotting():
    loaded = list_loaded_modules("from sk_mnist import KerasMLPClassifier")
    assert "sklearn" in loaded
    assert not loaded & {*KERAS, *PLOTTING}


def test_import_of_transformer_loads_neither_keras_nor_numba_nor_plotting():
    loaded = list_loaded_modules("from sk_mnist import DigitImageTransformer")
    assert "PIL" in loaded
    assert not loaded & {"numba", *KERAS, *PLOTTING}


def test_import_of_classifier_loads_no_pandas():
    # If pandas is installed, scikit-learn itself loads it.
    loaded = list_loaded_modules(
        "from sk_mnist import KerasMLPClassifier", after="import sklearn.base"
    )
    assert "sk_mnist" in loaded
    assert "pandas" not in loaded


@pytest.mark.parametrize("name", sk_mnist.__all__)
def test_public_name_resolves(name):
    assert getattr(sk_mnist, name) is not None
    assert name in dir(sk_mnist)


def test_classifier_is_a_public_name():
    assert "KerasMLPClassifier" in sk_mnist.__all__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = sk_mnist.no_such_name


def test_version_equals_version_of_distribution():
    assert sk_mnist.__version__ == importlib.metadata.version("sk_mnist")


def test_py_typed_marker_ships():
    assert importlib.resources.files("sk_mnist").joinpath("py.typed").is_file()


@pytest.mark.parametrize(
    "name", ["", ".cli", ".datasets", ".evaluation", ".export", ".images", ".metrics"]
)
def test_type_stub_has_the_names_of_the_package(name):
    package = importlib.import_module(f"sk_mnist{name}")
    stub = ast.parse(importlib.resources.files(package).joinpath("__init__.pyi").read_text())
    (names,) = (
        ast.literal_eval(node.value)
        for node in stub.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    assert names == sorted(package.__all__)
