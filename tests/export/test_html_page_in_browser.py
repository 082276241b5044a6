"""The page to draw on, in a real browser: drawing, photos, keyboard, looks, and no connection."""

import base64
import io
import json
import re

import numpy as np
import pytest
from page_browser import HAS_BROWSER, DrawingPage, load_example, start_chromium
from PIL import Image, ImageDraw
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.export import to_html_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not HAS_BROWSER, reason="needs Chromium and its driver"),
]

strokes = load_example("strokes")
ONE = [[(0.5, 0.2), (0.5, 0.8)]]


def curves_of(digit):
    """Return the first shape of a digit, in the middle of the paper."""
    curves = [strokes.smooth(strokes.points_of(stroke), 2) for stroke in strokes.SHAPES[digit][0]]
    return [0.2 + 0.6 * curve / 100 for curve in curves]


@pytest.fixture(scope="module")
def clf():
    X, y = load_mnist_sample(return_X_y=True)
    return KerasMLPClassifier((128, 64), random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def opened(clf, tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "page.html"
    to_html_page(clf, path)
    with start_chromium() as browser:
        page = DrawingPage(browser)
        page.open(path)
        yield page


@pytest.fixture
def page(opened):
    """The page with blank paper."""
    if opened.element("clear").get_attribute("aria-disabled") == "false":
        opened.element("clear").click()
    opened.settle()
    return opened


@pytest.fixture(scope="module")
def photo():
    """A photo of a 5 as a PNG file."""
    ink = np.zeros((300, 240))
    digit = np.asarray(load_mnist_sample(return_X_y=True)[0][0].reshape(28, 28))
    ink[60:228, 30:198] = np.kron(digit, np.ones((6, 6))) / 255
    paper = 200 + np.linspace(-30, 30, 240)
    levels = paper * (1 - 0.8 * ink)
    file = io.BytesIO()
    Image.fromarray(levels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def bars(page):
    return [bar.text for bar in page.browser.find_elements(By.CSS_SELECTOR, ".bars .value")]


def read_digit(page):
    return page.text("digit")


def test_page_reads_digits_drawn_with_the_mouse(page):
    read = []
    for digit in range(10):
        page.draw(curves_of(digit))
        read.append(read_digit(page))
        page.element("clear").click()
    right = [str(digit) == label for digit, label in enumerate(read)]
    assert sum(right) >= 9, read


def test_page_bars_show_what_python_predicts_of_the_drawing(page, clf):
    page.draw(curves_of(3))
    (expected,) = clf.predict_proba(page.pixels()[np.newaxis])
    shown = [
        float(text.strip("<>%")) / 100 if text[0] not in "<>" else round(float(p), 3)
        for text, p in zip(bars(page), expected, strict=True)
    ]
    np.testing.assert_allclose(shown, expected, atol=0.00051)
    widths = page.value(
        """const widthOf = (part) => part.getBoundingClientRect().right;
        await new Promise((resolve) => setTimeout(resolve, 150));
        return [...document.querySelectorAll(".bars .fill")].map((fill) => {
            const track = fill.parentElement.getBoundingClientRect();
            return (fill.getBoundingClientRect().right - track.left) / track.width;
        })"""
    )
    np.testing.assert_allclose(widths, expected, atol=0.01)


def test_page_follows_the_pen_before_it_is_lifted(page):
    pad = page.element("pad")
    held = ActionChains(page.browser, duration=0).move_to_element_with_offset(pad, 0, -100)
    held.click_and_hold().move_by_offset(0, 200).perform()
    page.settle()
    assert read_digit(page) == "1"
    ActionChains(page.browser).release().perform()


def test_page_is_drawn_on_with_a_finger_and_does_not_scroll(page):
    with page.emulated(360, 500):
        x, y, side = page.value(
            """const { left, top, width } = pad.getBoundingClientRect();
            return [left, top, width]"""
        )
        for kind, part in [
            ("Start", 0.8),
            *[("Move", 0.8 - 0.05 * i) for i in range(1, 13)],
            ("End", None),
        ]:
            points = [] if part is None else [{"x": x + 0.5 * side, "y": y + part * side}]
            event = {"type": f"touch{kind}", "touchPoints": points}
            page.browser.execute_cdp_cmd("Input.dispatchTouchEvent", event)
        page.settle()
        assert read_digit(page) == "1"
        assert page.value("return scrollY") == 0


def test_page_clear_empties_bars_and_undo_brings_strokes_back(page):
    page.draw([*curves_of(7), [(0.3, 0.5), (0.7, 0.5)]])
    with_bar = page.pixels()
    page.element("undo").click()
    page.settle()
    seven = page.pixels()
    assert (seven != with_bar).any()
    page.element("clear").click()
    page.settle()
    assert page.pixels() is None
    assert bars(page) == [""] * 10
    assert read_digit(page) == "?"
    assert page.value("return new Set(skMnist.drawing().data).size") == 1  # white
    page.element("undo").click()
    page.settle()
    np.testing.assert_array_equal(page.pixels(), seven)


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_page_takes_a_photo(page, photo, event):
    was_taken = page.give(event, "five.png", photo, "image/png")
    assert was_taken or event == "paste"  # else the browser leaves the page for the file
    label = str(load_mnist_sample(return_X_y=True)[1][0])
    assert page.wait(lambda: read_digit(page) == label)
    page.draw(ONE)  # begins a new sheet
    assert read_digit(page) == "1"
    page.element("undo").click()
    page.settle()
    assert read_digit(page) == label


def test_page_takes_a_chosen_file_by_keyboard_too(page, photo, tmp_path):
    (tmp_path / "five.png").write_bytes(photo)
    page.element("file").send_keys(str(tmp_path / "five.png"))
    assert page.wait(lambda: page.pixels() is not None)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.png", b"Buy milk.", "notes.png is not a picture that this browser can read."),
        ("nothing.png", b"", "nothing.png is empty."),
        ("<b>.png", b"no", "<b>.png is not a picture that this browser can read."),
    ],
)
def test_page_says_what_is_wrong_with_a_file(page, name, content, message):
    page.draw(ONE)
    page.give("drop", name, content, "image/png")
    assert page.wait(lambda: page.text("message")) == message
    assert read_digit(page) == "1"  # the drawing stays
    assert page.element("message").get_attribute("role") == "alert"


def test_page_says_that_a_photo_has_no_digit(page):
    file = io.BytesIO()
    Image.new("L", (90, 90), 200).save(file, "PNG")
    page.give("drop", "wall.png", file.getvalue(), "image/png")
    assert page.wait(lambda: page.text("message")) == (
        "wall.png has no ink that differs enough from the background."
    )


@pytest.fixture
def slow_photos(page):
    """Decode photos only when the test says so: one after the other, by their names."""
    page.value(
        """const decode = window.createImageBitmap;
        window.releases = {};
        window.restore = () => { window.createImageBitmap = decode; };
        window.createImageBitmap = async (file, options) => {
            await new Promise((resolve) => { window.releases[file.name] = resolve; });
            return decode(file, options);
        };"""
    )

    def release(name):
        page.value(
            """releases[args[0]]();
            await new Promise((resolve) => setTimeout(resolve, 150));""",
            name,
        )
        page.settle()

    yield release
    page.value("restore()")


ACTIONS = {
    "pointer": lambda page: page.draw(ONE),
    "keyboard": lambda page: page.element("pad").send_keys(Keys.SPACE, *[Keys.ARROW_DOWN] * 9),
    "undo": lambda page: page.element("undo").click(),
    "clear": lambda page: page.element("clear").click(),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_page_drops_a_photo_that_comes_after_the_user_went_on(page, photo, slow_photos, action):
    page.draw(ONE)
    page.give("drop", "late.png", photo, "image/png")
    ACTIONS[action](page)
    page.settle()
    before = page.pixels()
    slow_photos("late.png")
    np.testing.assert_array_equal(page.pixels(), before)


def test_page_does_not_complain_of_a_photo_once_another_is_there(page, photo, slow_photos):
    page.give("drop", "bad.png", b"no", "image/png")
    page.give("drop", "good.png", photo, "image/png")
    slow_photos("good.png")
    slow_photos("bad.png")
    assert page.pixels() is not None
    assert page.text("message") == ""


def picture(width, height, digit_at=None):
    """Return a white PNG file, with a black ring around a place, a quarter of the height."""
    image = Image.new("L", (width, height), 255)
    if digit_at is not None:
        (x, y), r = digit_at, height / 8
        ring = [x - r, y - r, x + r, y + r]
        ImageDraw.Draw(image).ellipse(ring, outline=0, width=height // 25)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("side", [800, 4200], ids=["small", "above 16 megapixels"])
def test_page_draws_the_frame_where_the_digit_is(page, side):
    page.give("drop", "ring.png", picture(side, side, (0.7 * side, 0.6 * side)), "image/png")
    assert page.wait(lambda: page.pixels() is not None)
    page.settle()
    left, top, right, bottom = page.value(
        """const context = new OffscreenCanvas(pad.width, pad.height).getContext("2d");
        context.drawImage(pad, 0, 0);
        const { data } = context.getImageData(0, 0, pad.width, pad.height);
        const box = [1, 1, 0, 0];
        for (let i = 0; i < pad.width * pad.height; i++) {
            if (data[4 * i + 2] - data[4 * i] < 60) continue; // not as blue as the frame
            const [x, y] = [(i % pad.width) / pad.width, Math.floor(i / pad.width) / pad.width];
            box[0] = Math.min(box[0], x);
            box[1] = Math.min(box[1], y);
            box[2] = Math.max(box[2], x);
            box[3] = Math.max(box[3], y);
        }
        return box"""
    )
    margin, radius = 4 / 280, 1 / 8
    expected = [0.7 - radius - margin, 0.6 - radius - margin]
    expected += [0.7 + radius + margin, 0.6 + radius + margin]
    np.testing.assert_allclose([left, top, right, bottom], expected, atol=0.012)


def test_page_reads_pictures_that_are_longer_than_a_canvas(page):
    page.give("drop", "strip.png", picture(70_000, 50), "image/png")
    assert page.wait(lambda: page.text("message")) == (
        "strip.png has no ink that differs enough from the background."
    )


def test_page_keeps_only_small_copies_of_photos(page):
    sides = page.value(
        """const decode = window.createImageBitmap;
        const bitmaps = [];
        window.createImageBitmap = async (...all) => {
            bitmaps.push(await decode(...all));
            return bitmaps.at(-1);
        };
        try {
            const bytes = Uint8Array.from(atob(args[0]), (c) => c.charCodeAt(0));
            const { view } = await skMnist.readPhoto(new Blob([bytes]));
            return [bitmaps[0].width, view.width, view.height];
        } finally {
            window.createImageBitmap = decode;
        }""",
        base64.b64encode(picture(2000, 1500, (900, 700))).decode(),
    )
    assert sides == [0, 1000, 750]  # a bitmap that was closed has no width


def test_page_undoes_the_last_50_steps(page):
    page.element("pad").send_keys(*[Keys.SPACE, Keys.SPACE, Keys.ARROW_DOWN] * 53)
    page.settle()
    page.value("for (let i = 0; i < 49; i++) document.getElementById('undo').click()")
    page.settle()
    assert page.element("undo").get_attribute("aria-disabled") == "false"
    page.element("undo").click()
    page.settle()
    assert page.element("undo").get_attribute("aria-disabled") == "true"
    assert page.element("clear").get_attribute("aria-disabled") == "false"


def test_page_says_if_the_browser_fails_at_a_photo(page, photo):
    page.value(
        """const { drawImage } = CanvasRenderingContext2D.prototype;
        window.restore = () => { CanvasRenderingContext2D.prototype.drawImage = drawImage; };
        CanvasRenderingContext2D.prototype.drawImage = () => { throw new Error("no memory"); };"""
    )
    try:
        page.give("drop", "five.png", photo, "image/png")
        assert page.wait(lambda: page.text("message")) == (
            "five.png cannot be read by this browser."
        )
    finally:
        page.value("restore()")
    assert "no memory" in page.browser.get_log("browser")[-1]["message"]


def test_page_says_if_the_browser_fails_at_a_drawing(page):
    page.draw(ONE)
    page.value(
        """const { prototype } = CanvasRenderingContext2D;
        const { getImageData } = prototype;
        window.restore = () => { prototype.getImageData = getImageData; };
        prototype.getImageData = () => { throw new Error("no memory"); };"""
    )
    try:
        page.draw([[(0.3, 0.4), (0.7, 0.4)]])
        assert page.text("confidence") == "Cannot be read here"
        assert bars(page) == [""] * 10
    finally:
        page.value("restore()")
    page.browser.get_log("browser")  # has the error


def test_page_explains_again_after_a_failure(page):
    page.value(
        """const { log } = Math;
        window.restore = () => { Math.log = log; };
        Math.log = () => { throw new Error("failed"); };"""
    )
    try:
        page.draw(ONE)
        page.wait(lambda: page.browser.get_log("browser"))
    finally:
        page.value("restore()")
    page.draw([[(0.3, 0.8), (0.7, 0.8)]])
    assert page.wait(lambda: page.value("return skMnist.timings.at(-1).saliency >= 0"))


def test_page_announces_that_there_is_nothing_to_read(page):
    page.draw(ONE)
    page.element("clear").click()
    assert page.wait(lambda: page.text("announcement") == "Nothing to read yet")


def test_page_announces_where_the_keyboard_moved_the_pen(page):
    pad = page.element("pad")
    pad.send_keys(*[Keys.ARROW_UP] * 40, *[Keys.ARROW_LEFT] * 40)
    pad.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert page.wait(lambda: page.text("announcement") == "Pen up, row 2, column 3 of 28")
    pad.send_keys(Keys.SPACE, *[Keys.ARROW_DOWN] * 9)
    expected = r"Pen down, row 11, column 3 of 28\. \d, \S+%\. Next: \d, \S+%"
    assert page.wait(lambda: re.fullmatch(expected, page.text("announcement")))
    pad.send_keys(Keys.SPACE, *[Keys.ARROW_UP] * 4, *[Keys.ARROW_RIGHT] * 11)


def test_page_is_drawn_on_by_keyboard(page):
    browser = page.browser
    browser.execute_script("document.body.tabIndex = -1; document.body.focus()")
    focused = []
    for _ in range(5):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        active = browser.switch_to.active_element
        focused.append(active.get_attribute("id") or active.text)
    assert focused == ["pad", "undo", "clear", "file", "Keyboard"]
    page.element("pad").send_keys(Keys.ARROW_LEFT, Keys.SPACE, *[Keys.ARROW_DOWN] * 14)
    assert page.text("announcement") == "Pen down"
    page.element("pad").send_keys(Keys.SPACE)
    page.settle()
    assert read_digit(page) == "1"
    page.element("pad").send_keys(Keys.BACKSPACE)
    page.settle()
    assert page.pixels() is None
    page.draw(ONE)
    page.element("pad").send_keys(Keys.DELETE)
    page.settle()
    assert page.pixels() is None
    ActionChains(browser).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    page.settle()
    assert read_digit(page) == "1"


def test_page_announces_the_digit_to_screen_readers(page):
    page.draw(ONE)
    expected = r"1, (>99\.9%|\d+\.\d%)\. Next: \d, (<0\.1%|\d+\.\d%)"
    assert page.wait(lambda: re.fullmatch(expected, page.text("announcement")))
    assert page.element("announcement").get_attribute("role") == "status"


def test_page_names_everything_that_can_be_operated(page):
    elements = page.browser.find_elements(
        By.CSS_SELECTOR, "canvas, button, input, summary, section, ul"
    )
    assert len(elements) > 8
    assert [e.get_attribute("outerHTML") for e in elements if not e.accessible_name] == []


@pytest.mark.parametrize("width", [360, 800, 1280])
@pytest.mark.parametrize("digit", [None, 8], ids=["blank", "drawn"])
def test_page_fits_the_window(page, width, digit):
    with page.emulated(width):
        if digit is not None:
            page.draw(curves_of(digit))
            assert read_digit(page) == "8"
        script = "return [document.documentElement.scrollWidth, innerWidth]"
        content, window = page.browser.execute_script(script)
        assert content <= window == width
        if width == 360:  # a finger's width
            for button in page.browser.find_elements(By.CSS_SELECTOR, ".tools > *"):
                assert min(button.size.values()) >= 44


def luminance(color):
    parts = np.array([int(part) for part in re.findall(r"\d+", color)[:3]]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_has_enough_contrast(page, scheme):
    with page.emulated(scheme=scheme):
        page.draw(ONE)
        page.value("await new Promise((resolve) => setTimeout(resolve, 50))")
        colors = page.value(
            """const of = (selector, property) =>
                getComputedStyle(document.querySelector(selector))[property];
            const pixel = new OffscreenCanvas(1, 1).getContext("2d");
            pixel.drawImage(pad, -pad.width / 2, -pad.height / 2);
            return {
                page: of("body", "backgroundColor"),
                paper: of(".paper", "backgroundColor"),
                texts: ["h1", "header p", ".digit", ".runner-up", ".bars .value", "figcaption p"]
                    .map((selector) => of(selector, "color")),
                button: of("#undo", "color"),
                ink: String(pixel.getImageData(0, 0, 1, 1).data),
                bar: of(".best .fill", "backgroundColor"),
                track: of(".track", "backgroundColor"),
            }"""
        )
    is_dark = luminance(colors["page"]) < 0.1
    assert is_dark == (scheme == "dark")

    def contrast(a, b):
        high, low = sorted((luminance(a), luminance(b)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    for text in colors["texts"]:
        assert contrast(text, colors["page"]) >= 4.5
    assert contrast(colors["button"], colors["paper"]) >= 4.5
    assert contrast(colors["ink"], colors["paper"]) >= 7
    assert contrast(colors["bar"], colors["track"]) >= 3


def test_page_shows_names_as_they_are(page, tmp_path):
    names = ["</script><script>window.hacked = 1</script>", "<!--<script>", "<i>&amp;\"'"]
    X, y = load_mnist_sample(return_X_y=True)
    few = KerasMLPClassifier((8,)).partial_fit(X[:400], np.array(names)[y[:400] % 3], names)
    opened = page.browser.current_url
    to_html_page(few, tmp_path / "names.html", title=f"{names[0]} & {names[1]}")
    try:
        page.open(tmp_path / "names.html")
        page.draw(ONE)
        shown = [b.text for b in page.browser.find_elements(By.CSS_SELECTOR, ".bars .name")]
        assert shown == sorted(names)
        assert read_digit(page) in names
        assert page.browser.title == f"{names[0]} & {names[1]}"
        assert page.value("return window.hacked ?? null") is None
        with page.emulated(360):
            assert page.value("return document.documentElement.scrollWidth") <= 360
    finally:
        page.browser.get(opened)


def test_page_requests_nothing_and_logs_nothing(page, photo):
    page.draw(curves_of(2))
    page.give("drop", "five.png", photo, "image/png")
    page.wait(lambda: read_digit(page) != "2")
    assert page.browser.get_log("browser") == []
    messages = [
        json.loads(entry["message"])["message"] for entry in page.browser.get_log("performance")
    ]
    requested = {
        message["params"]["request"]["url"].partition(":")[0]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    assert requested <= {"file", "data"}
    assert page.value("return performance.getEntriesByType('resource').length") == 0


def test_page_cannot_connect_even_if_it_wanted_to(page):
    _, error = page.run("await fetch('https://example.org')")
    assert error == "TypeError: Failed to fetch"
    blocked = page.value(
        """return await new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) =>
                resolve(event.effectiveDirective), { once: true });
            new Image().src = "https://example.org/pixel.png";
        })"""
    )
    assert blocked == "img-src"
    page.browser.get_log("browser")  # has the two refusals
