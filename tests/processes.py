"""Code that tests run in a new process."""

import os
import signal
import subprocess
import sys
import time

import psutil

# A shell has what it starts in the background ignore Ctrl-C.
TAKES_CTRL_C = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
"""


def environment_without_limits():
    """Return the environment of a quiet process without limits of threads.

    Dask, in tests before, limits them in the environment, and NumPy's sums depend on their number.
    GOTO_NUM_THREADS, which only OpenBLAS reads, was set before this process began.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_NUM_THREADS") or name == "GOTO_NUM_THREADS"
    }
    return {**inherited, "TF_CPP_MIN_LOG_LEVEL": "3"}


def run_python(code, **environment):
    """Run code in a new process, quiet and without limits of threads; return its output."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment_without_limits(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_until_it_has_computed(process, seconds):
    """Return when the process has used so many seconds of CPU time from now on, or has ended."""
    times = psutil.Process(process.pid).cpu_times
    begun = times().user
    while times().user < begun + seconds and process.poll() is None:
        time.sleep(0.01)


def interrupt_python(code):
    """Run code in a new process, press Ctrl-C when it has computed; return the rest of its output.

    The code prints a line before it computes for long. Where the interrupt is lost, this fails
    after ten seconds, and ends the process.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", f"{TAKES_CTRL_C}{code}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment_without_limits(),
    )
    try:
        assert process.stdout.readline(), process.stderr.read()
        wait_until_it_has_computed(process, seconds=1)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    return output
