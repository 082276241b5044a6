"""Where in the vectors of the workspace the rows of a layer lie."""

from __future__ import annotations

from sk_mnist.engines.numba.kernels.compile import inlined
from sk_mnist.engines.numba.kernels.llvm_views import matrix


@inlined
def layer_rows(vector, layer, start, stop, network, workspace):
    """Return some rows of a layer in one of the vectors of the workspace, as a matrix."""
    n_units = network.layer_sizes[layer]
    return matrix(vector, workspace.layer_starts[layer] + start * n_units, stop - start, n_units)
