"""Measure the page of `sk-mnist demo` in Chromium, and take the picture of it in the README.

Prints the figures of docs/demo.md: the size of the page and what half precision costs, on the test
digits of MNIST, and the time from the pen to the bars, while digits are drawn with the mouse. Needs
the extra `test`, Chromium and its driver.

    python examples/handwriting/demo_page.py [--model FILE] [--screenshot docs/images/demo.png]

`--quick` only tries it: on digits of the sample, and with a shape of three digits.
"""

import argparse
import base64
import io
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from strokes import SHAPES, points_of, smooth

from sk_mnist import KerasMLPClassifier, fetch_mnist, load, load_mnist_sample
from sk_mnist.export import to_html_page

BETWEEN_4_AND_9 = "50,4 34,14 28,36 42,50 62,40 74,12 74,12 68,56 62,100"

PREDICT = """
const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));
const rows = [];
for (let i = 0; i < bytes.length; i += 784) {
    rows.push(skMnist.probabilities(bytes.subarray(i, i + 784)));
}
return JSON.stringify(rows);
"""


def start_chromium() -> webdriver.Chrome:
    """Start Chromium without a window and without a network."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for name in ("headless", "no-sandbox", "disable-gpu", "host-resolver-rules=MAP * ~NOTFOUND"):
        options.add_argument(f"--{name}")
    return webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))


def draw(browser: webdriver.Chrome, shape: list[str]) -> str:
    """Draw a digit with the mouse on a clear sheet; return what is read."""
    pad = browser.find_element(By.ID, "pad")
    browser.find_element(By.ID, "clear").click()
    actions = ActionChains(browser, duration=0)
    for stroke in shape:
        curve = (smooth(points_of(stroke), 4) / 100 - 0.5) * 0.6 * pad.size["width"]
        for i, (x, y) in enumerate(curve):
            actions.move_to_element_with_offset(pad, round(x), round(y))
            if i == 0:
                actions.click_and_hold()
        actions.release()
    actions.perform()
    # Two frames later, the page has followed the last movement; a second later, all is explained.
    browser.execute_async_script("setTimeout(arguments[0], 1000)")
    return browser.find_element(By.ID, "digit").text


def compare(
    browser: webdriver.Chrome, clf: KerasMLPClassifier, X: np.ndarray, path: Path, dtype: str
) -> None:
    """Print the size of the page, and how much its predictions differ from those of Python."""
    to_html_page(clf, path, weight_dtype=dtype)
    browser.get(path.as_uri())
    found = json.loads(browser.execute_script(PREDICT, base64.b64encode(X.tobytes()).decode()))
    expected = clf.predict_proba(X)
    n_changed = np.count_nonzero(np.argmax(found, axis=1) != expected.argmax(axis=1))
    print(
        f"{dtype}: {path.stat().st_size / 1e6:.2f} MB, largest difference of a probability "
        f"{np.abs(found - expected).max():.1e}, {n_changed} of {len(X):,} predictions changed"
    )


def time_strokes(browser: webdriver.Chrome, shapes: list[tuple[int, list[str]]]) -> None:
    """Draw digits; print how many are read right, and how long the page has taken."""
    n_right = sum(draw(browser, shape) == str(digit) for digit, shape in shapes)
    print(f"{n_right} of {len(shapes)} drawn digits are read right")
    timings = browser.execute_script("return skMnist.timings")
    names = ("prepare", "predict", "show", "saliency")
    table = np.array([[np.nan if t[name] is None else t[name] for name in names] for t in timings])
    parts = {name: table[:, i] for i, name in enumerate(names)}
    parts["from pen to bars"] = table[:, :3].sum(axis=1)
    parts["all"] = table.sum(axis=1)
    print(f"milliseconds of {len(table)} updates: median (90% are below)")
    for name, values in parts.items():
        print(f"  {name:18}{np.nanmedian(values):5.1f} ({np.nanquantile(values, 0.9):.1f})")


def take_picture(browser: webdriver.Chrome, path: Path) -> None:
    """Save a picture of the page with a digit between 4 and 9."""
    metrics = {"width": 1200, "height": 780, "deviceScaleFactor": 1.5, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    draw(browser, [BETWEEN_4_AND_9])
    picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    picture.save(path, optimize=True)


def main() -> None:
    """Train, or load a model, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="Instead of training the default classifier.")
    parser.add_argument("--screenshot", type=Path, help="PNG file to write.")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if arguments.model is None:
        clf = KerasMLPClassifier(random_state=0).fit(*fetch_mnist(subset="train", return_X_y=True))
    else:
        clf = load(arguments.model)
    X = load_mnist_sample().data[:500] if arguments.quick else fetch_mnist(subset="test").data
    shapes = [(digit, shape) for digit, shapes in SHAPES.items() for shape in shapes]
    if arguments.quick:
        shapes = shapes[::10]
    with tempfile.TemporaryDirectory() as directory, start_chromium() as browser:
        for dtype in ("float16", "float32"):
            compare(browser, clf, X, Path(directory) / f"{dtype}.html", dtype)
        time_strokes(browser, shapes)
        if arguments.screenshot is not None:
            take_picture(browser, arguments.screenshot)


if __name__ == "__main__":
    main()
