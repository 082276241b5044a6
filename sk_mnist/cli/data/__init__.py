"""What the commands train and test on: the digits, or a file or folder of the user's own.

`request` says what options ask for, and imports nothing slow. `loading` does what it says:
`digits` loads MNIST and the sample, `table_files`, `array_files` and `image_folder` read what is
the user's own, `labels` makes classes of it, `split` draws the test set, and `record` remembers in
the model which rows it was.
"""

from sk_mnist.cli.data.digits import Dataset, Splits, Subset, load_splits, print_splits

__all__ = ["Dataset", "Splits", "Subset", "load_splits", "print_splits"]
