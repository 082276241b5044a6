"""Model files that are safe to open: arrays and one JSON text, in the safetensors format."""

from sk_mnist.persistence.json_values import ModelFileError
from sk_mnist.persistence.model_file import read, read_note, save, to_bytes

__all__ = ["ModelFileError", "read", "read_note", "save", "to_bytes"]
