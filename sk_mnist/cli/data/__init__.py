"""What the commands train and test on: the digits, or a file or folder of the user's own.

`request` says what options ask for, and imports nothing slow. `training` loads it for train and
search, and `evaluation` for evaluate. Below them, `digits` loads MNIST and the sample, `own_data`
what is the user's own. `reading` reads it by `table_files`, `array_files` and `image_folder`, and
`labels` makes classes of it. `split` draws the rows to test on, `record` keeps in the model which
these are, and `features` finds out what a model takes of a file.
"""

from __future__ import annotations

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
