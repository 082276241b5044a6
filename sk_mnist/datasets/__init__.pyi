from .mnist import fetch_mnist
from .sample import load_mnist_sample

__all__ = ["fetch_mnist", "load_mnist_sample"]
