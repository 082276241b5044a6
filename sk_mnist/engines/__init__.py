"""What runs the epochs of a fit: compiled kernels (`numba`) or a TensorFlow program (`xla`).

Both implement the protocol in `base`; `select` chooses one of them.
"""
