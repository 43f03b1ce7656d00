"""Writes edlae.safetensors: EASE's and EDLAE's weights of a small matrix, by NumPy, in double precision.

Needs numpy and safetensors; run it in this folder.
"""

import numpy as np
from safetensors.numpy import save_file

rng = np.random.default_rng(11)
x = (rng.random((120, 40)) < 0.35 * np.linspace(1.2, 0.1, 40)).astype(np.float64)
pairs = x.T @ x


def weights(lambda_, dropout):
    """Steck, "Autoencoders that don't overfit towards the Identity" (NeurIPS 2020), eq. 7 with a zero diagonal."""
    inverse = np.linalg.inv(pairs + np.diag(lambda_ + dropout / (1 - dropout) * np.diag(pairs)))
    b = -inverse / np.diag(inverse)
    np.fill_diagonal(b, 0)
    return b


save_file({"x": x, "ease_3": weights(3, 0), "edlae_3_0.25": weights(3, 0.25), "edlae_0.5_0.7": weights(0.5, 0.7)},
          "edlae.safetensors")
