"""The demo command: the page that it writes, and the browser that it opens."""

import re
import stat
import sys

import pytest
from cli_checks import assert_one_line_error, fit_logistic_regression

from sk_mnist import KerasMLPClassifier, load_mnist_sample
from sk_mnist.cli import main
from sk_mnist.export.html_page import page

# There is no screen, and none of these browsers.
NO_BROWSER = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": "no-such-browser", "TERM": "dumb"}


@pytest.fixture(scope="module")
def clf():
    X, y = load_mnist_sample(return_X_y=True)
    return KerasMLPClassifier((8,), random_state=0).partial_fit(X[:500], y[:500], range(10))


@pytest.fixture
def model(clf, tmp_path):
    clf.save(tmp_path / "model.safetensors")
    return str(tmp_path / "model.safetensors")


def test_demo_writes_the_page_of_a_model(clf, model, tmp_path, capsys):
    assert main(["demo", model, "--no-open", "--output", "new/page.html", "--title", "Mine"]) == 0
    assert capsys.readouterr().out == "Saved new/page.html (0.1 MB)\n"
    assert (tmp_path / "new" / "page.html").read_bytes() == page(clf, title="Mine")


def test_demo_overwrites_only_its_own_page(model, tmp_path, capsys):
    for _ in range(2):
        assert main(["demo", model, "--no-open"]) == 0
    assert (tmp_path / "sk_mnist_run" / "demo.html").exists()
    (tmp_path / "page.html").write_text("precious")
    arguments = ["demo", model, "--no-open", "--output", "page.html"]
    assert main(arguments) == 2
    assert re.fullmatch(
        "sk_mnist: error: page.html already exists; .* --output\n", capsys.readouterr().err
    )
    assert (tmp_path / "page.html").read_text() == "precious"
    assert main([*arguments, "--force"]) == 0
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.skipif(sys.platform == "win32", reason="the browser is a shell script")
def test_demo_opens_the_page_in_the_browser(model, tmp_path, monkeypatch):
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "$1" > opened\n')
    browser.chmod(browser.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    assert main(["demo", model, "--output", "two words.html"]) == 0
    expected = (tmp_path / "two words.html").as_uri()
    assert (tmp_path / "opened").read_text().strip() == expected


@pytest.mark.slow
def test_demo_says_where_the_page_is_if_there_is_no_browser(run, model, tmp_path):
    process = run("demo", model, "--output", "page.html", PATH="", **NO_BROWSER)
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1] == (
        f"No browser can be opened here. Open the file in one: {tmp_path / 'page.html'}"
    )


@pytest.mark.slow
def test_demo_trains_first_without_a_model(run, tmp_path):
    process = run("demo", "--no-open")
    assert process.returncode == 0, process.stderr
    lines = process.stdout.splitlines()
    assert lines[0] == "Data: MNIST sample, 4,000 training digits"
    assert re.fullmatch(r"Saved sk_mnist_run/demo.html \(1.3 MB\)", lines[-1])
    assert [path.name for path in (tmp_path / "sk_mnist_run").iterdir()] == ["demo.html"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (fit_logistic_regression, "A page can be made of a KerasMLPClassifier, got LogisticReg"),
        (lambda: KerasMLPClassifier(), "contains a KerasMLPClassifier, not a fitted classifier"),
        (lambda: fit_logistic_regression(n_features=64), "expects 64 features, but MNIST images"),
    ],
    ids=["other class", "not fitted", "features"],
)
def test_demo_refuses_models_that_no_page_can_be_made_of(save_model, capsys, make, message):
    assert main(["demo", str(save_model(make())), "--no-open"]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("sk_mnist: error: ")
    assert message in last


@pytest.mark.parametrize("option", [("--data", "sample"), ("--seed", "0")], ids=lambda o: o[0])
def test_demo_refuses_options_for_training_with_a_model(model, tmp_path, capsys, option):
    assert main(["demo", model, "--no-open", *option]) == 2
    assert capsys.readouterr().err == (
        f"sk_mnist: error: {option[0]} is for training, and MODEL is trained already. "
        "Leave out one of them.\n"
    )
    assert not (tmp_path / "sk_mnist_run").exists()


@pytest.mark.slow
def test_demo_needs_an_existing_model(run):
    assert_one_line_error(
        run("demo", "nowhere.safetensors"), "'nowhere.safetensors' does not exist"
    )
