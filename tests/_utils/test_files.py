"""Files appear complete or not at all, and those that belong together are never mixed."""

import os
import random
import stat
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from sk_mnist._utils.files import remove_file, write_file, write_files

posix = pytest.mark.skipif(sys.platform == "win32", reason="uses what POSIX systems have")


@contextmanager
def full_disk(n_bytes):
    """Let no file grow beyond so many bytes, as if the disk were full."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_write_file_replaces_a_file(tmp_path):
    for content in (b"old", b"new"):
        write_file(tmp_path / "a", content)
    assert contents(tmp_path) == {"a": b"new"}


@posix
def test_write_file_keeps_the_old_file_on_a_full_disk(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with full_disk(10), pytest.raises(OSError, match="too large"):
        write_file(tmp_path / "a", b"much too long")
    assert contents(tmp_path) == {"a": b"old"}


@posix
def test_write_file_follows_links_and_keeps_permissions(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


@posix
def test_write_file_gives_new_files_the_usual_permissions(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    write_file(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


@posix
def test_write_file_writes_to_pipes():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from pathlib import Path; from sk_mnist._utils.files import write_file;"
            "write_file(Path('/dev/stdout'), b'page')",
        ],
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"page"


@posix
def test_write_files_leaves_no_old_file_beside_new_ones(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "b").write_bytes(b"old")
    with full_disk(10):
        new = {tmp_path / "a": b"new", tmp_path / "b": b"much too long"}
        failures = write_files(new, overwrite=True)
    assert list(failures) == [tmp_path / "b"]
    assert contents(tmp_path) == {"a": b"new"}


@posix
def test_write_files_keeps_the_old_files_if_no_new_one_can_be_written(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "b").write_bytes(b"old")
    with full_disk(10):
        new = dict.fromkeys([tmp_path / "a", tmp_path / "b"], b"much too long")
        failures = write_files(new, overwrite=True)
    assert len(failures) == 2
    assert contents(tmp_path) == {"a": b"old", "b": b"old"}


def test_write_files_without_overwrite_keeps_existing_files(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    failures = write_files({tmp_path / "a": b"new", tmp_path / "b": b"new"}, overwrite=False)
    assert [error.strerror for error in failures.values()] == ["File exists"]
    assert contents(tmp_path) == {"a": b"old", "b": b"new"}


WRITER = """
import sys
from itertools import count
from pathlib import Path
from sk_mnist._utils.files import write_files
print("starts", flush=True)
for number in count():
    content = str(number % 10).encode() * 1_000_000
    write_files({Path(sys.argv[1], name): content for name in "abc"}, overwrite=True)
"""


def test_remove_file_removes_what_killed_writers_have_left_of_it(tmp_path):
    left = [".a[1].0f.part", "a[1]"]
    others = [".a[1].0f", ".a1.0f.part", ".b.0f.part", "b"]
    for name in left + others:
        (tmp_path / name).touch()
    remove_file(tmp_path / "a[1]")
    remove_file(tmp_path / "a[1]")  # is not there any more
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


@pytest.mark.slow
def test_write_files_killed_at_any_moment_leaves_files_of_one_set(tmp_path):
    rng = random.Random(0)
    for _ in range(25):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE
        ) as process:
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.05))  # the moment of the kill, on which nothing depends
            process.kill()
        found = {name: c for name, c in contents(tmp_path).items() if not name.endswith(".part")}
        assert {len(content) for content in found.values()} <= {1_000_000}
        assert len({content[:1] for content in found.values()}) <= 1
        for path in tmp_path.iterdir():
            os.unlink(path)
