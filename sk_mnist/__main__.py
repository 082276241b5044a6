"""Entry point of ``python -m sk_mnist``."""

import sys

from sk_mnist.cli import main

sys.exit(main())
