"""The user's browser."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path


def open_page(path: Path) -> bool:
    """Open an HTML file in the user's browser.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        Whether there is a browser that shows it. One in the terminal cannot, unless the user has
        chosen it by the environment variable BROWSER.
    """
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    in_terminal = type(browser) is webbrowser.GenericBrowser
    if in_terminal and "BROWSER" not in os.environ:
        return False
    return browser.open(path.resolve().as_uri())
