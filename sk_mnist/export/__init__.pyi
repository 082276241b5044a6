from .html_page import to_html_page
from .keras import to_keras
from .onnx import register_onnx_converter, to_onnx
from .sklearn import to_sklearn

__all__ = ["register_onnx_converter", "to_html_page", "to_keras", "to_onnx", "to_sklearn"]
