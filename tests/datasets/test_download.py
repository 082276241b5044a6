"""Downloads of MNIST files, from a real HTTP server on this machine."""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from mirror import (
    CLOSED_PORT_MIRROR,
    IMAGES,
    LABELS,
    TEST_FILES,
    TRAIN_FILES,
    list_names,
    write_files,
)

from sk_mnist.datasets import download, fetch_mnist

pytestmark = pytest.mark.slow


def test_download_to_data_home(tmp_path, archives, small_mnist, mirrors):
    home = tmp_path / "new" / "home"
    digits = fetch_mnist(data_home=home)
    assert digits.data.tobytes() == b"".join(
        small_mnist[name][16:] for name in (TRAIN_FILES[0], TEST_FILES[0])
    )
    assert {path.name: path.read_bytes() for path in home.iterdir()} == archives


def test_download_without_data_home_goes_to_cache(tmp_path, cache, archives, mirrors, monkeypatch):
    environment = write_files(tmp_path / "environment", {})
    monkeypatch.setenv("SK_MNIST_DATA", str(environment))
    fetch_mnist()
    assert list_names(cache) == sorted(archives)
    assert list_names(environment) == []


def test_download_is_not_repeated(tmp_path, mirrors):
    fetch_mnist(data_home=tmp_path / "home")
    mirrors[0].requested.clear()
    fetch_mnist(data_home=tmp_path / "home")
    assert mirrors[0].requested == []


def test_download_only_missing_files_of_subset(tmp_path, archives, mirrors):
    home = write_files(tmp_path / "home", {f"{IMAGES}.gz": archives[f"{IMAGES}.gz"]})
    fetch_mnist(subset="test", data_home=home)
    assert mirrors[0].requested == [f"{LABELS}.gz"]


def test_download_uses_second_mirror_only_after_failure(tmp_path, mirrors):
    fetch_mnist(data_home=tmp_path / "home")
    assert mirrors[1].requested == []


def break_by_404(mirror, archives):
    mirror.files.clear()


def break_by_truncated_files(mirror, archives):
    mirror.files = {name: archive[:-50] for name, archive in archives.items()}


def break_by_closed_connection(mirror, archives):
    mirror.headers["Content-Length"] = "1000000"


def break_by_login_page(mirror, archives):
    mirror.files = dict.fromkeys(archives, b"<html>Log in</html>")


BREAKAGES = [
    break_by_404,
    break_by_truncated_files,
    break_by_closed_connection,
    break_by_login_page,
]


@pytest.mark.parametrize("break_mirror", BREAKAGES)
def test_download_falls_back_to_second_mirror(break_mirror, tmp_path, archives, mirrors):
    break_mirror(mirrors[0], archives)
    fetch_mnist(data_home=tmp_path / "home")
    assert sorted(mirrors[1].requested) == sorted(archives)
    assert list_names(tmp_path / "home") == sorted(archives)


def test_download_falls_back_if_first_mirror_is_unreachable(tmp_path, mirrors, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", (CLOSED_PORT_MIRROR, mirrors[1].url))
    assert len(fetch_mnist(data_home=tmp_path / "home").data) == 30


def test_download_falls_back_after_timeout(tmp_path, mirrors, monkeypatch):
    monkeypatch.setattr(download, "DOWNLOAD_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setattr(download, "MIRRORS", (silent_url, mirrors[1].url))
        start = time.perf_counter()
        assert len(fetch_mnist(subset="test", data_home=tmp_path / "home").data) == 10
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("break_mirror", BREAKAGES)
def test_failed_download_leaves_no_files(break_mirror, tmp_path, archives, mirrors):
    for mirror in mirrors:
        break_mirror(mirror, archives)
    with pytest.raises(OSError, match="no mirror delivered it"):
        fetch_mnist(data_home=tmp_path / "home")
    assert list_names(tmp_path / "home") == []


def test_failed_download_error_lists_mirrors_and_solutions(tmp_path, mirrors):
    mirrors[0].files.clear()
    mirrors[1].files = {f"{TRAIN_FILES[0]}.gz": b"foreign"}
    with pytest.raises(OSError, match="no mirror delivered it") as error:
        fetch_mnist(data_home=tmp_path / "home")
    message = str(error.value)
    assert f"{mirrors[0].url}{TRAIN_FILES[0]}.gz: 404" in message
    assert f"{mirrors[1].url}{TRAIN_FILES[0]}.gz: found a plain file with 7 bytes" in message
    assert "SK_MNIST_DATA" in message
    assert "load_mnist_sample()" in message


def test_download_error_names_unreachable_mirrors(tmp_path, small_mnist, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", (CLOSED_PORT_MIRROR, CLOSED_PORT_MIRROR + "second/"))
    with pytest.raises(OSError, match=r"127\.0\.0\.1:1/train.*\n.*127\.0\.0\.1:1/second/train"):
        fetch_mnist(data_home=tmp_path / "home")


def test_unwritable_directory_is_an_error_before_download(tmp_path, mirrors):
    # A file in the directory's place, since permissions do not stop the superuser.
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=r"Cannot write to .*file.home, the directory to download"):
        fetch_mnist(data_home=tmp_path / "file" / "home")
    assert mirrors[0].requested == []


def test_read_only_directory_is_an_error_before_download(tmp_path, mirrors):
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("permissions do not stop this user")
    with pytest.raises(OSError, match="Cannot write to"):
        fetch_mnist(data_home=tmp_path)
    assert mirrors[0].requested == []


def test_data_home_that_is_a_file_is_an_error(tmp_path, mirrors):
    (tmp_path / "file").write_bytes(b"precious")
    with pytest.raises(OSError, match="Cannot write to"):
        fetch_mnist(data_home=tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"precious"


def test_download_that_cannot_be_renamed_leaves_no_temporary_file(tmp_path, mirrors):
    blocked = tmp_path / f"{IMAGES}.gz" / "in the way"
    blocked.mkdir(parents=True)
    with pytest.raises(OSError, match="Cannot write to"):
        fetch_mnist(subset="test", data_home=tmp_path)
    assert not list(tmp_path.glob(".*.part"))


def test_download_with_gzip_content_encoding(tmp_path, small_mnist, mirrors):
    # HTTP clients then unpack what they receive.
    mirrors[0].headers["Content-Encoding"] = "gzip"
    fetch_mnist(data_home=tmp_path / "home")
    stored = {path.name: path.read_bytes() for path in (tmp_path / "home").iterdir()}
    assert stored == small_mnist


@pytest.mark.skipif(os.name != "posix", reason="only POSIX systems have these permissions")
def test_downloaded_files_have_permissions_of_umask(tmp_path, mirrors):
    (tmp_path / "ordinary").touch()
    fetch_mnist(data_home=tmp_path / "home")
    modes = {path.stat().st_mode for path in (tmp_path / "home").iterdir()}
    assert modes == {(tmp_path / "ordinary").stat().st_mode}


def test_concurrent_downloads_to_one_directory(tmp_path, archives, mirrors):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: fetch_mnist(data_home=tmp_path / "home"), range(4)))
    for digits in results:
        np.testing.assert_array_equal(digits.data, results[0].data)
    assert list_names(tmp_path / "home") == sorted(archives)


def test_download_ends_when_more_arrives_than_there_can_be(tmp_path, archives, mirrors):
    for mirror in mirrors:
        mirror.files = {name: bytes(10**6 if "t10k-labels" in name else 0) for name in archives}
    with pytest.raises(OSError, match=r"more than 4,\d{3} bytes were sent"):
        download.download_file(LABELS, tmp_path)
    assert list_names(tmp_path) == []
