"""Whether Ctrl-C ends one fit, or what the fit is a part of."""

from __future__ import annotations

import inspect

# Modules of scikit-learn that call `fit` once, for the user; all others fit several estimators.
_CALL_ONE_FIT = ("sklearn.base", "sklearn.callback", "sklearn.pipeline", "sklearn.utils")


def is_one_of_several_fits() -> bool:
    """Tell whether a search, a cross-validation or an ensemble of scikit-learn calls the fit.

    There, the finished epochs of one fit are of no use: its score would count as that of a whole
    one, and the next fit would begin.
    """
    frame = inspect.currentframe()
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module.startswith("sklearn.") and not module.startswith(_CALL_ONE_FIT):
            return True
        frame = frame.f_back
    return False
