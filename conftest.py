"""What to collect where TensorFlow is not installed, as on Python 3.14."""

import re
from importlib.util import find_spec

_IMPORTS = re.compile(r"^(import|from) (keras|tensorflow|jobs|sk_mnist\.engines\.xla)\b", re.M)
HAS_TENSORFLOW = find_spec("tensorflow") is not None


def pytest_ignore_collect(collection_path):
    """Leave out the modules that import TensorFlow or Keras, of the tests and of the package."""
    if HAS_TENSORFLOW or collection_path.suffix != ".py":
        return None
    source = collection_path.read_text(encoding="utf-8")
    return True if _IMPORTS.search(source) else None
