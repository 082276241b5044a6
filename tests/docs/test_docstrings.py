"""Public docstrings are valid numpydoc, as in scikit-learn."""

import inspect
from dataclasses import is_dataclass

import pytest
from numpydoc.validate import validate

import sk_mnist
import sk_mnist.displays
import sk_mnist.evaluation
import sk_mnist.export

# Extended summaries, "See Also" and an example per method are optional.
OPTIONAL = {"ES01", "EX01", "SA01"}


def public_objects():
    for module in (sk_mnist, sk_mnist.displays, sk_mnist.evaluation, sk_mnist.export):
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.ismodule(found):
                continue
            if not is_dataclass(found):  # its parameters are documented as attributes
                yield f"{module.__name__}.{name}"
            # scikit-learn generates and documents the methods that end in _request.
            methods = (m for m in vars(found) if m[0] != "_" and callable(getattr(found, m)))
            own = (method for method in methods if not method.endswith("_request"))
            yield from (f"{module.__name__}.{name}.{method}" for method in own)


@pytest.mark.parametrize("name", sorted(public_objects()))
def test_docstring_is_valid_numpydoc(name):
    errors = [error for error in validate(name)["errors"] if error[0] not in OPTIONAL]
    assert errors == []
