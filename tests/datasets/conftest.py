"""Fixtures of the dataset tests: no network, an empty cache and a small MNIST."""

import gzip
import hashlib

import numpy as np
import pooch
import pytest
from mirror import TEST_FILES, TRAIN_FILES, Mirror, make_idx, write_files

from sk_mnist.datasets import download, idx


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep the tests from the user's cache, settings and network."""
    monkeypatch.delenv("SK_MNIST_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "MIRRORS", ())
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "caches" / project)
    return tmp_path / "caches" / "sk_mnist"


@pytest.fixture
def small_mnist(monkeypatch):
    """Four IDX files of 20 training and 10 test images that count as MNIST in this test."""
    rng = np.random.default_rng(0)
    contents = {}
    for (images, labels), n_samples in ((TRAIN_FILES, 20), (TEST_FILES, 10)):
        pixels = rng.integers(0, 256, size=(n_samples, 28, 28), dtype=np.uint8)
        contents[images] = make_idx(pixels)
        contents[labels] = make_idx(np.arange(n_samples, dtype=np.uint8) % 10)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(idx, "IDX_SHA256", sums)
    monkeypatch.setattr(idx, "IDX_SIZES", {name: len(contents[name]) for name in contents})
    return contents


@pytest.fixture
def archives(small_mnist):
    return {f"{name}.gz": gzip.compress(content) for name, content in small_mnist.items()}


@pytest.fixture
def empty_mirrors(monkeypatch):
    """Two mirrors that have nothing to deliver yet."""
    pair = Mirror(), Mirror()
    monkeypatch.setattr(download, "MIRRORS", tuple(mirror.url for mirror in pair))
    yield pair
    for mirror in pair:
        mirror.close()


@pytest.fixture
def mirrors(empty_mirrors, archives):
    """Two mirrors that deliver the small MNIST."""
    for mirror in empty_mirrors:
        mirror.files = dict(archives)
    return empty_mirrors


@pytest.fixture
def home(tmp_path, archives):
    """A directory that holds the small MNIST."""
    return write_files(tmp_path / "home", archives)
