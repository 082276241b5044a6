"""Contents of files are verified, and no more of them is read than they can have."""

import gzip
import hashlib
import os
import sys
from subprocess import run

import pytest

from sk_mnist.datasets.checksum import largest_file, verified_content

CONTENT = bytes(range(200)) * 50
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_verified_content_is_uncompressed(pack):
    assert verified_content(pack(CONTENT), SHA256, len(CONTENT)) == CONTENT


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("content", "found"),
    [
        (CONTENT[:-1], "9,999 bytes of content and the SHA-256"),
        (CONTENT[::-1], "10,000 bytes of content and the SHA-256"),
        (CONTENT + b"x", "more than 10,000 bytes of content"),
    ],
)
def test_verified_content_rejects_other_content(pack, content, found):
    with pytest.raises(ValueError, match=f"{found}.*expected content of 10,000 bytes"):
        verified_content(pack(content), SHA256, len(CONTENT))


@pytest.mark.parametrize("size", [0, 1, 10_000, 10**6])
def test_largest_file_has_room_for_what_cannot_be_compressed(size):
    stored = gzip.compress(os.urandom(size), compresslevel=0)
    assert size < len(stored) <= largest_file(size)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits memory as POSIX systems do")
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"])
def test_a_file_that_unpacks_to_gigabytes_is_an_error_of_one_line(tmp_path, name):
    opened = gzip.open if name.endswith(".gz") else open
    with opened(tmp_path / name, "wb") as file:
        for _ in range(1_000):
            file.write(bytes(2**20))
    code = """
import resource, sys
from sk_mnist import fetch_mnist
resource.setrlimit(resource.RLIMIT_DATA, (600 << 20,) * 2)
try:
    fetch_mnist(subset="train", data_home=sys.argv[1])
except ValueError as error:
    print(error)
"""
    done = run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False)
    assert "more than 47,040,016 bytes of content" in done.stdout, done.stderr
