import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from sklearn.naive_bayes import GaussianNB

from sk_mnist import load_mnist_sample
from sk_mnist.evaluation import evaluate

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver")),
        reason="needs Chromium and its driver",
    ),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    X, y = load_mnist_sample(return_X_y=True)
    classifier = GaussianNB(var_smoothing=0.1).fit(X[::2], y[::2])
    path = tmp_path_factory.mktemp("page") / "report.html"
    evaluate(classifier, X[1::2], y[1::2]).to_html(path)
    return path.as_uri()


@pytest.fixture(scope="module", params=[390, 1280], ids=["phone", "desktop"])
def browser(request, page):
    """Return Chromium without a network, with the page open in a window of the given width."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "host-resolver-rules=MAP * ~NOTFOUND",
    ):
        options.add_argument(f"--{argument}")
    metrics = {"width": request.param, "height": 844, "pixelRatio": 2.0}
    options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    with webdriver.Chrome(options, service) as browser:
        browser.get(page)
        yield browser


def test_report_html_shows_all_figures(browser):
    images = browser.find_elements(By.TAG_NAME, "img")
    widths = [browser.execute_script("return arguments[0].naturalWidth", i) for i in images]
    assert len(widths) == 3
    assert min(widths) > 500


def test_report_html_fits_the_window(browser):
    script = "return [document.documentElement.scrollWidth, window.innerWidth]"
    content, window = browser.execute_script(script)
    assert content <= window


def test_report_html_scores_do_not_scroll(browser):
    box = browser.find_element(By.CSS_SELECTOR, ".table .scroll")
    assert box.get_property("scrollWidth") <= box.get_property("clientWidth")


def test_report_html_logs_no_errors(browser):
    assert browser.get_log("browser") == []
