"""Public docstrings are valid numpydoc, as in scikit-learn."""

import inspect
from dataclasses import is_dataclass

import pytest
from numpydoc.validate import validate

import sk_mnist
import sk_mnist.displays
import sk_mnist.evaluation
import sk_mnist.export
import sk_mnist.images

# Extended summaries, "See Also" and an example per method are optional.
OPTIONAL = {"ES01", "EX01", "SA01"}


MODULES = (
    sk_mnist,
    sk_mnist.displays,
    sk_mnist.evaluation,
    sk_mnist.export,
    sk_mnist.images,
)


def own_methods(found):
    """Yield the public methods of a function or class that are defined in this package."""
    classes = found.__mro__ if inspect.isclass(found) else [found]
    for cls in classes:
        if cls.__module__.startswith("sk_mnist"):
            for name in vars(cls):
                # scikit-learn generates and documents the methods that end in _request.
                is_own = name[0] != "_" and not name.endswith("_request")
                if is_own and callable(getattr(found, name)):
                    yield name


def public_objects():
    for module in MODULES:
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.ismodule(found):
                continue
            if not is_dataclass(found):  # its parameters are documented as attributes
                yield f"{module.__name__}.{name}"
            yield from (f"{module.__name__}.{name}.{method}" for method in own_methods(found))


@pytest.mark.parametrize("name", sorted(public_objects()))
def test_docstring_is_valid_numpydoc(name):
    errors = [error for error in validate(name)["errors"] if error[0] not in OPTIONAL]
    assert errors == []
