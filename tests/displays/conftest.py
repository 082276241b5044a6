"""Draw without a screen."""

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def headless():
    """Draw in memory, and close the figures of a test when it ends."""
    with mpl.rc_context({"backend": "agg"}):
        yield
        plt.close("all")
