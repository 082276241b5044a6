"""Machine code of kernels: kept in files, loaded without Numba, and called from Python."""
