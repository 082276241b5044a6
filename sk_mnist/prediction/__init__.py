"""From a fitted network and X to its outputs: by NumPy or, for many rows, by compiled kernels."""
