"""scikit-learn's support of callbacks, which it has from version 1.9 on; without it, none."""

from __future__ import annotations

from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupportMixin
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Has no `set_callbacks`, and calls nothing."""

        def _init_callback_context(self, max_subtasks: int = 0) -> Any:
            return _NoCallbacks(max_subtasks)


class _NoCallbacks:
    """A task, and all tasks within it, without callbacks."""

    def __init__(self, max_subtasks: int) -> None:
        self.max_subtasks = max_subtasks

    def subcontext(self, **_: Any) -> _NoCallbacks:
        return self

    def call_on_fit_task_begin(self, **_: Any) -> bool:
        return False

    def call_on_fit_task_end(self, **_: Any) -> bool:
        return False
