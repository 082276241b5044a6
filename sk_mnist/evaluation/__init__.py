"""What a classifier gets right and wrong, in numbers: pandas frames, and a report of them all."""

from __future__ import annotations

from sk_mnist.evaluation.frames import classification_report_frame, confusion_matrix_frame

__all__ = ["classification_report_frame", "confusion_matrix_frame"]
