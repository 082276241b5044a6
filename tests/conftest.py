"""What several test modules share: quiet TensorFlow, small problems, the command line."""

import os
import signal
import subprocess
import sys
from importlib.util import find_spec

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
from optional_features import needs_callbacks
from sklearn.datasets import load_digits

from sk_mnist import KerasMLPClassifier

HAS_TENSORFLOW = find_spec("tensorflow") is not None


def pytest_collection_modifyitems(items):
    """Skip what needs a library, or a version of it, that is not installed."""
    for item in items:
        if not HAS_TENSORFLOW and item.get_closest_marker("keras"):
            item.add_marker(pytest.mark.skip(reason="needs TensorFlow"))
        if item.name == "sk_mnist.callbacks.checkpoint.Checkpoint":  # an example
            item.add_marker(needs_callbacks)


# Not as modules with doctests: several files have this name.
collect_ignore_glob = ["*conftest.py"]

# A shell has what it starts in the background ignore Ctrl-C, which some tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def digits():
    """Return 500 digits of 64 pixels from 0 to 16, float32, and their labels."""
    X, y = load_digits(return_X_y=True)
    return X[:500].astype(np.float32), y[:500]


# A plain network: what the default recipe adds has tests of its own.
SMALL = {
    "hidden_layer_sizes": (16,),
    "epochs": 3,
    "batch_size": 32,
    "dropout": 0.0,
    "input_scaling": "rms",
    "label_smoothing": 0.0,
    "random_state": 0,
}


@pytest.fixture(scope="session")
def small():
    """Return a factory of classifiers that train in a blink and share compiled programs."""

    def make(**params):
        return KerasMLPClassifier(**(SMALL | params))

    return make


@pytest.fixture(scope="session")
def offline(tmp_path_factory):
    """An environment in which MNIST is not available: no files, an empty cache, no network."""
    home = str(tmp_path_factory.mktemp("home"))
    environment = os.environ | {"HOME": home, "XDG_CACHE_HOME": home, "LOCALAPPDATA": home}
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        environment[name] = environment[name.upper()] = "http://127.0.0.1:9"
    for name in ("SK_MNIST_DATA", "no_proxy", "NO_PROXY", "COLUMNS", "TF_CPP_MIN_LOG_LEVEL"):
        environment.pop(name, None)
    return environment


@pytest.fixture(scope="session")
def run(offline):
    """Return a function that runs the command line in a process of its own."""

    def run(*arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", "sk_mnist", *map(str, arguments)],
            env=offline | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )

    return run
