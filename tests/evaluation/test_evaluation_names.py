import ast
from pathlib import Path

import pytest

import sk_mnist.displays
import sk_mnist.evaluation
import sk_mnist.metrics


@pytest.mark.parametrize(
    "package",
    [sk_mnist.displays, sk_mnist.evaluation, sk_mnist.metrics],
    ids=lambda package: package.__name__,
)
def test_stubs_have_the_public_names(package):
    stub = Path(package.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    imported, listed = set(), set()
    for node in ast.parse(stub).body:
        if isinstance(node, ast.ImportFrom):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            listed = set(ast.literal_eval(node.value))
    assert imported == listed == set(package.__all__) == set(dir(package))
    assert all(callable(getattr(package, name)) for name in listed)


def test_evaluation_exports_metrics():
    for name in sk_mnist.metrics.__all__:
        assert getattr(sk_mnist.evaluation, name) is getattr(sk_mnist.metrics, name)


def test_evaluation_has_no_other_names():
    with pytest.raises(AttributeError, match="no_such_name"):
        sk_mnist.evaluation.no_such_name  # noqa: B018
