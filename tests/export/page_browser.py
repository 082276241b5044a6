"""A headless browser for the page to draw on, and what tests do in it."""

import base64
import importlib.util
import io
import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

HAS_BROWSER = bool(shutil.which("chromium") and shutil.which("chromedriver"))
ROOT = Path(__file__).resolve().parents[2]


def load_example(name):
    """Return a module of examples/handwriting."""
    path = ROOT / "examples" / "handwriting" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"handwriting_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def start_chromium():
    """Start Chromium without a network; it logs what pages print and request."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "host-resolver-rules=MAP * ~NOTFOUND",
        "window-size=1280,900",
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))


class DrawingPage:
    """The page in a browser, as a user has it."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, path):
        """Open a file."""
        self.browser.get(path.as_uri())

    def element(self, name):
        """Return the element of an id."""
        return self.browser.find_element(By.ID, name)

    def text(self, name):
        """Return the text of an element, also of one that only screen readers read."""
        return self.element(name).get_property("textContent").strip()

    def run(self, script, *arguments):
        """Run a script in the page; it may return a promise."""
        return self.browser.execute_async_script(
            f"""
            const done = arguments[arguments.length - 1];
            (async (...args) => {{ {script} }})(...Array.from(arguments).slice(0, -1))
                .then((value) => done([value, null]), (error) => done([null, String(error)]));
            """,
            *arguments,
        )

    def value(self, script, *arguments):
        """Run a script in the page, and return its value."""
        value, error = self.run(script, *arguments)
        assert error is None, error
        return value

    def wait(self, condition):
        """Wait until a function returns something true, and return that."""
        return WebDriverWait(self.browser, 10, 0.05).until(lambda _: condition())

    def settle(self):
        """Wait for the next two frames, in which the page has followed the paper."""
        self.value(
            "await new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
        )

    def draw(self, curves):
        """Draw curves, in parts of the paper, with the mouse."""
        pad = self.element("pad")
        side = pad.size["width"]
        actions = ActionChains(self.browser, duration=0)
        for curve in curves:
            for i, (x, y) in enumerate(np.asarray(curve)):
                actions.move_to_element_with_offset(
                    pad, round((x - 0.5) * side), round((y - 0.5) * side)
                )
                if i == 0:
                    actions.click_and_hold()
            actions.release()
        actions.perform()
        self.settle()

    def pixels(self):
        """Return what the network saw last; None if there is nothing."""
        latest = self.value("return skMnist.latest() && Array.from(skMnist.latest().pixels)")
        return None if latest is None else np.array(latest, dtype=np.uint8)

    def drawing(self):
        """Return what the network is given of the drawing, as a PNG file."""
        width, height, data = self.value(
            """const { width, height, data } = skMnist.drawing();
            return [width, height, btoa(String.fromCharCode(...data))]"""
        )
        rgba = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)
        file = io.BytesIO()
        Image.fromarray(rgba[..., :3].copy()).save(file, "PNG")
        return file.getvalue()

    def probabilities(self, X):
        """Predict rows of pixels in the page."""
        answer = self.value(
            """const bytes = Uint8Array.from(atob(args[0]), (c) => c.charCodeAt(0));
            const rows = [];
            for (let i = 0; i < bytes.length; i += 784) {
                rows.push(skMnist.probabilities(bytes.subarray(i, i + 784)));
            }
            return JSON.stringify(rows)""",
            base64.b64encode(np.ascontiguousarray(X, np.uint8).tobytes()).decode(),
        )
        return np.array(json.loads(answer))

    def prepare(self, content):
        """Return the 28 x 28 pixels of a file."""
        pixels = self.value(
            """const bytes = Uint8Array.from(atob(args[0]), (c) => c.charCodeAt(0));
            return Array.from((await skMnist.readPhoto(new Blob([bytes]))).pixels)""",
            base64.b64encode(content).decode(),
        )
        return np.array(pixels, dtype=np.uint8)

    def give(self, event, name, content, kind):
        """Drop or paste a file; return whether the page keeps the browser from handling it."""
        return self.value(
            """const [type, name, content, kind] = args;
            const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type: kind }));
            const options = { bubbles: true, cancelable: true };
            const event = type === "drop"
                ? new DragEvent("drop", { dataTransfer: transfer, ...options })
                : new ClipboardEvent("paste", { clipboardData: transfer, ...options });
            return !document.getElementById("paper").dispatchEvent(event)""",
            event,
            name,
            base64.b64encode(content).decode(),
            kind,
        )

    @contextmanager
    def emulated(self, width=1280, height=900, scheme="light"):
        """Give the page another window, or dark colors."""
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.settle()
        try:
            yield
        finally:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
            self.settle()
