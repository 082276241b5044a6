"""The machine code of kernels on disk, for other processes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from llvmlite import binding
from platformdirs import user_cache_path

from sk_mnist._utils.files import write_file
from sk_mnist.engines.numba import kernels
from sk_mnist.engines.numba.kernels.interface import ObjectCode

_ADVICE = (
    "every process compiles them anew, which takes seconds. Set NUMBA_CACHE_DIR to a directory "
    "that can be written to, and fill it once with `sk-mnist compile`."
)

# Variables that change what Numba compiles.
_VARIABLES = (
    "NUMBA_BOUNDSCHECK",
    "NUMBA_CPU_FEATURES",
    "NUMBA_CPU_NAME",
    "NUMBA_ENABLE_AVX",
    "NUMBA_LOOP_VECTORIZE",
    "NUMBA_OPT",
    "NUMBA_SLP_VECTORIZE",
)

_DIGEST_SIZE = hashlib.sha256().digest_size


def cache_key(*directories: Traversable) -> str:
    """Return what machine code depends on, as a hash.

    That is all modules of some directories, the processor, the versions of Python, Numba and
    llvmlite, and what the environment tells Numba.
    """
    digest = hashlib.sha256()
    for directory in directories:
        for file in sorted(directory.iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                digest.update(file.name.encode())
                digest.update(file.read_bytes())
    facts = [
        *sys.version_info[:2],
        *map(_version, ("numba", "llvmlite")),
        binding.get_process_triple(),
        binding.get_host_cpu_name(),
        _host_cpu_features(),
        *map(os.environ.get, _VARIABLES),
    ]
    digest.update(repr(facts).encode())
    return digest.hexdigest()[:12]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # in frozen applications
        return ""


def _host_cpu_features() -> str:
    try:
        return str(binding.get_host_cpu_features().flatten())
    except RuntimeError:  # on processors that LLVM does not know
        return ""


# Computed on import, as the modules of kernels are imported: the files may change afterwards.
_KEY = cache_key(resources.files(kernels), resources.files(__package__))


def directories() -> Iterator[Path]:
    """Return where code is looked for, and where it is kept: in the first that can be written to.

    These are NUMBA_CACHE_DIR, if it is set, or else the directory for bytecode beside the kernels
    and one in the user's cache.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        yield Path(chosen).absolute() / "sk_mnist"
        return
    yield Path(kernels.__path__[0], "__pycache__")
    with suppress(RuntimeError):  # raised if the user has no home directory
        of_user = user_cache_path("sk_mnist") / "kernels"
        if of_user.is_absolute():
            yield of_user


def file_name(name: str, variant: str) -> str:
    """Return the name of the file for a function, and for what is hashed in `variant`."""
    return f"{name}-{_KEY}-{variant}.o"


def code_directory() -> Path | None:
    """Return the directory that has code of this version for this processor, None if none has."""
    pattern = file_name("*", "*")
    return next((path for path in directories() if any(path.glob(pattern))), None)


def read(path: Path) -> ObjectCode:
    """Read machine code; raise a ValueError if it is not what was written."""
    content = path.read_bytes()
    content, digest = content[:-_DIGEST_SIZE], content[-_DIGEST_SIZE:]
    if hashlib.sha256(content).digest() != digest:
        raise ValueError("not what was written")
    size = int.from_bytes(content[-8:], "little")
    needs = content[len(content) - 8 - size : -8].decode()
    return ObjectCode(content[: len(content) - 8 - size], tuple(needs.split()))


def write(file: str, code: ObjectCode) -> None:
    """Write machine code. If that is not possible, warn: it costs compilation only."""
    failures = []
    for directory in directories():
        try:
            directory.mkdir(parents=True, exist_ok=True)
            write_file(directory / file, _encode(code))
            return
        except OSError as error:
            failures.append(f"{directory} ({_reason(error)})")
    _warn_once(f"Compiled kernels cannot be kept in {' nor in '.join(failures)}: {_ADVICE}")


def warn_of_unusable(path: Path, error: Exception) -> None:
    """Warn, once in a process, that a file is not used."""
    _warn_once(
        f"The compiled code in {path} cannot be read ({_reason(error)}). It is compiled anew, "
        "which takes seconds."
    )


def _encode(code: ObjectCode) -> bytes:
    """Return an object file, with what it needs and a digest of everything behind it.

    Tools for object files, such as objdump, do not mind what is behind it. Without a digest, a file
    that lost a part or a bit, as by a loss of power, would break the process or its results.
    """
    needs = " ".join(code.needs).encode()
    content = code.content + needs + len(needs).to_bytes(8, "little")
    return content + hashlib.sha256(content).digest()


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _warn_once(message: str) -> None:
    """Warn about the first trouble of this process: all kernels are in the same directory."""
    if not _warned:
        _warned.append(message)
        warnings.warn(message, RuntimeWarning, stacklevel=2)


_warned: list[str] = []
