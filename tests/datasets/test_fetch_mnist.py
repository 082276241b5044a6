"""fetch_mnist: its return values, and the directories that it searches."""

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mirror import IMAGES, LABELS, TEST_FILES, TRAIN_FILES, make_idx, write_files

from sk_mnist.datasets import fetch_mnist, idx, load_mnist_sample

REAL_DIRECTORY = os.environ.get("SK_MNIST_DATA")
needs_real_files = pytest.mark.skipif(
    not REAL_DIRECTORY, reason="SK_MNIST_DATA does not name a directory with the four MNIST files"
)


# The real MNIST


@needs_real_files
@pytest.mark.parametrize(
    ("subset", "counts"),
    [
        ("train", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("test", [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
    ],
)
def test_mnist_subsets_have_published_label_counts(subset, counts):
    data, target = fetch_mnist(subset=subset, data_home=REAL_DIRECTORY, return_X_y=True)
    assert data.shape == (sum(counts), 784)
    np.testing.assert_array_equal(np.bincount(target), counts)


@needs_real_files
def test_mnist_subset_all_is_train_followed_by_test():
    data, target = fetch_mnist(data_home=REAL_DIRECTORY, return_X_y=True)
    train = fetch_mnist(subset="train", data_home=REAL_DIRECTORY)
    test = fetch_mnist(subset="test", data_home=REAL_DIRECTORY)
    assert len(data) == len(target) == 70_000
    np.testing.assert_array_equal(data[:60_000], train.data)
    np.testing.assert_array_equal(data[60_000:], test.data)
    np.testing.assert_array_equal(target[:60_000], train.target)
    np.testing.assert_array_equal(target[60_000:], test.target)


@needs_real_files
def test_mnist_files_pass_the_checksum_of_a_download(tmp_path, empty_mirrors):
    local = fetch_mnist(subset="test", data_home=REAL_DIRECTORY)
    images = make_idx(local.data.reshape(-1, 28, 28))
    labels = make_idx(local.target.astype(np.uint8))
    empty_mirrors[0].files = {
        f"{IMAGES}.gz": gzip.compress(images, compresslevel=1),
        f"{LABELS}.gz": gzip.compress(labels, compresslevel=1),
    }
    downloaded = fetch_mnist(subset="test", data_home=tmp_path / "home")
    np.testing.assert_array_equal(downloaded.data, local.data)
    np.testing.assert_array_equal(downloaded.target, local.target)


@needs_real_files
def test_sample_is_first_500_per_digit_of_training_set():
    data, target = fetch_mnist(subset="train", data_home=REAL_DIRECTORY, return_X_y=True)
    first_500 = np.concatenate([np.flatnonzero(target == digit)[:500] for digit in range(10)])
    shuffled = first_500[np.random.RandomState(0).permutation(5000)]
    sample = load_mnist_sample()
    np.testing.assert_array_equal(sample.data, data[shuffled])
    np.testing.assert_array_equal(sample.target, target[shuffled])


@needs_real_files
def test_sample_is_disjoint_from_test_set():
    test_images = {
        image.tobytes() for image in fetch_mnist(subset="test", data_home=REAL_DIRECTORY).data
    }
    assert not any(image.tobytes() in test_images for image in load_mnist_sample().data)


# Return values


def test_fetch_mnist_rows_are_images_in_row_major_order(home, small_mnist):
    data = fetch_mnist(subset="test", data_home=home).data
    pixels = np.frombuffer(small_mnist[IMAGES], dtype=np.uint8, offset=16).reshape(10, 28, 28)
    np.testing.assert_array_equal(data, [image.ravel(order="C") for image in pixels])


def test_fetch_mnist_dtypes(home):
    digits = fetch_mnist(data_home=home)
    assert digits.data.dtype == np.uint8
    assert digits.target.dtype == np.int64


def test_fetch_mnist_bunch_has_attributes_of_sklearn_loaders(home):
    digits = fetch_mnist(data_home=home)
    assert set(digits) == {"data", "target", "frame", "feature_names", "target_names", "DESCR"}
    assert digits.frame is None
    assert digits.feature_names == [f"pixel_{index}" for index in range(784)]
    assert digits.target_names == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
    assert "LeCun" in digits.DESCR


@pytest.mark.parametrize("subset", ["train", "test", "all"])
def test_fetch_mnist_arrays_are_writable(home, subset):
    data, target = fetch_mnist(subset=subset, data_home=home, return_X_y=True)
    data[0, 0] = 1
    target[0] = 1


def test_fetch_mnist_return_X_y(home):  # noqa: N802
    digits = fetch_mnist(data_home=home)
    data, target = fetch_mnist(data_home=home, return_X_y=True)
    np.testing.assert_array_equal(data, digits.data)
    np.testing.assert_array_equal(target, digits.target)


def test_fetch_mnist_as_frame_has_the_same_values(home):
    arrays = fetch_mnist(data_home=home)
    frames = fetch_mnist(data_home=home, as_frame=True)
    expected = pd.DataFrame(arrays.data, columns=arrays.feature_names)
    pd.testing.assert_frame_equal(frames.data, expected)
    pd.testing.assert_series_equal(frames.target, pd.Series(arrays.target, name="target"))
    pd.testing.assert_frame_equal(frames.frame, expected.assign(target=arrays.target))


def test_fetch_mnist_as_frame_with_return_X_y(home):  # noqa: N802
    data, target = fetch_mnist(data_home=home, as_frame=True, return_X_y=True)
    assert isinstance(data, pd.DataFrame)
    assert isinstance(target, pd.Series)


def test_fetch_mnist_rejects_unknown_subset():
    with pytest.raises(ValueError, match="'subset' parameter of fetch_mnist must be a str among"):
        fetch_mnist(subset="validation")


# Search for the files


@pytest.mark.parametrize(("subset", "files"), [("train", TRAIN_FILES), ("test", TEST_FILES)])
def test_fetch_mnist_needs_only_files_of_subset(subset, files, tmp_path, small_mnist):
    home = write_files(tmp_path / "home", {name: small_mnist[name] for name in files})
    assert len(fetch_mnist(subset=subset, data_home=home, download_if_missing=False).data) > 0


@pytest.mark.parametrize("separator", ["-idx", ".idx"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_fetch_mnist_finds_all_spellings_of_file_names(separator, suffix, tmp_path, small_mnist):
    pack = gzip.compress if suffix else bytes
    home = write_files(
        tmp_path / "home",
        {
            name.replace("-idx", separator) + suffix: pack(content)
            for name, content in small_mnist.items()
        },
    )
    assert fetch_mnist(data_home=home, download_if_missing=False).data.shape == (30, 784)


def test_fetch_mnist_reads_plain_file_with_gz_suffix(tmp_path, small_mnist):
    home = write_files(tmp_path, {f"{name}.gz": data for name, data in small_mnist.items()})
    assert fetch_mnist(data_home=home, download_if_missing=False).data.shape == (30, 784)


def test_fetch_mnist_ignores_directory_named_like_a_file(home):
    (home / IMAGES).mkdir()
    assert fetch_mnist(subset="test", data_home=home).data.shape == (10, 784)


@pytest.mark.parametrize("as_path", [str, Path])
def test_data_home_can_be_string_or_path(as_path, home):
    assert len(fetch_mnist(data_home=as_path(home), download_if_missing=False).data) == 30


def test_data_home_expands_tilde(home, monkeypatch):
    monkeypatch.setenv("HOME", str(home.parent))
    monkeypatch.setenv("USERPROFILE", str(home.parent))
    assert len(fetch_mnist(data_home=f"~/{home.name}", download_if_missing=False).data) == 30


@pytest.mark.parametrize("first", ["data_home", "SK_MNIST_DATA", "cache"])
def test_search_order_is_data_home_environment_cache(first, tmp_path, cache, archives, monkeypatch):
    directories = {"data_home": tmp_path / "h", "SK_MNIST_DATA": tmp_path / "e", "cache": cache}
    order = list(directories)
    for place in order[order.index(first) :]:
        write_files(directories[place], {f"{name}.gz": place.encode() for name in TEST_FILES})
    for directory in directories.values():
        directory.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("SK_MNIST_DATA", str(directories["SK_MNIST_DATA"]))

    # Every directory from `first` on has invalid files; the error shows which one was opened.
    with pytest.raises(ValueError, match="is not MNIST's") as error:
        fetch_mnist(subset="test", data_home=directories["data_home"])
    assert str(directories[first] / IMAGES) in str(error.value)


def test_invalid_files_in_later_directories_are_ignored(home, cache):
    write_files(cache, {f"{name}.gz": b"foreign" for name in TEST_FILES})
    assert len(fetch_mnist(subset="test", data_home=home).data) == 10


def test_environment_variable_names_directory(home, monkeypatch):
    monkeypatch.setenv("SK_MNIST_DATA", str(home))
    assert len(fetch_mnist(download_if_missing=False).data) == 30


def test_files_can_be_spread_over_directories(tmp_path, cache, archives):
    home = write_files(tmp_path / "home", {f"{IMAGES}.gz": archives[f"{IMAGES}.gz"]})
    write_files(cache, {f"{LABELS}.gz": archives[f"{LABELS}.gz"]})
    assert len(fetch_mnist(subset="test", data_home=home, download_if_missing=False).data) == 10


def test_environment_directory_without_files_falls_through_to_cache(
    tmp_path, cache, archives, monkeypatch
):
    write_files(cache, archives)
    monkeypatch.setenv("SK_MNIST_DATA", str(tmp_path))
    assert len(fetch_mnist(download_if_missing=False).data) == 30


def test_environment_directory_that_does_not_exist_is_an_error(
    tmp_path, cache, archives, monkeypatch
):
    write_files(cache, archives)
    monkeypatch.setenv("SK_MNIST_DATA", str(tmp_path / "misspelled"))
    with pytest.raises(
        OSError, match=r"SK_MNIST_DATA is set to .*misspelled, which is not a directory"
    ):
        fetch_mnist()


def test_complete_data_home_ignores_environment_variable(home, monkeypatch):
    monkeypatch.setenv("SK_MNIST_DATA", str(home / "misspelled"))
    assert len(fetch_mnist(data_home=home).data) == 30


def test_missing_files_error_lists_files_and_directories(
    tmp_path, cache, archives, mirrors, monkeypatch
):
    environment = write_files(tmp_path / "environment", {f"{IMAGES}.gz": archives[f"{IMAGES}.gz"]})
    monkeypatch.setenv("SK_MNIST_DATA", str(environment))
    with pytest.raises(OSError, match="`download_if_missing` is False") as error:
        fetch_mnist(subset="test", data_home=tmp_path / "home", download_if_missing=False)
    assert f"Missing, plain or with .gz: {LABELS}." in str(error.value)
    assert f"Searched in: {tmp_path / 'home'}, {environment}, {cache}." in str(error.value)
    assert mirrors[0].requested == []


# Damaged files


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda archive: archive[:-100], "a truncated gzip file of"),
        (lambda archive: archive[:10] + b"\xff" * 20 + archive[30:], "a damaged gzip file"),
        (lambda archive: archive[:-8] + bytes(8), "a damaged gzip file"),
        (lambda archive: archive + b"more", "a damaged gzip file"),
        (lambda archive: gzip.compress(b"another"), "a gzip file with 7 bytes"),
        (lambda archive: b"<html>Log in</html>", "a plain file with 19 bytes"),
        (lambda archive: gzip.decompress(archive)[:-1], "a plain file with"),
        (lambda archive: b"", "a plain file with 0 bytes"),
    ],
    ids=["cut", "garbled", "checksum", "appended", "foreign", "html", "unpacked-cut", "empty"],
)
def test_damaged_file_is_an_error_and_not_replaced(damage, found, home, archives, cache, mirrors):
    write_files(cache, archives)
    damaged = home / f"{IMAGES}.gz"
    damaged_bytes = damage(archives[damaged.name])
    damaged.write_bytes(damaged_bytes)

    with pytest.raises(ValueError, match=f"found {found}") as error:
        fetch_mnist(subset="test", data_home=home)

    assert str(damaged) in str(error.value)
    expected = f"content of 7,856 bytes with the SHA-256 {idx.IDX_SHA256[IMAGES]}"
    assert f"expected {expected}" in str(error.value)
    assert "Delete it" in str(error.value)
    assert damaged.read_bytes() == damaged_bytes
    assert mirrors[0].requested == []


def test_checksum_error_shows_the_checksum_found(home):
    (home / f"{IMAGES}.gz").write_bytes(b"foreign")
    with pytest.raises(ValueError, match=hashlib.sha256(b"foreign").hexdigest()):
        fetch_mnist(subset="test", data_home=home)


def test_damaged_file_in_cache_is_not_downloaded_again(cache, mirrors):
    write_files(cache, {f"{IMAGES}.gz": b"damaged"})
    with pytest.raises(ValueError, match="is not MNIST's"):
        fetch_mnist(subset="test")
    assert (cache / f"{IMAGES}.gz").read_bytes() == b"damaged"


def test_image_file_named_like_label_file_is_rejected(home, archives):
    (home / f"{LABELS}.gz").write_bytes(archives[f"{IMAGES}.gz"])
    with pytest.raises(ValueError, match=f"is not MNIST's {LABELS}"):
        fetch_mnist(subset="test", data_home=home)
