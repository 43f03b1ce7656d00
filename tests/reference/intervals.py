"""Intervals over seeds and users, and how tables print them. Needs NumPy."""
import numpy as np

SAMPLES = 10_000


class Draws:
    """Bootstrap samples of the users, the same for all that is compared, and of the seeds."""

    def __init__(self, users):
        self.random = np.random.default_rng(1)
        drawn = self.random.integers(users, size=(SAMPLES, users))
        self.users = np.stack([np.bincount(row, minlength=users) for row in drawn]) / users

    def seeds(self, count):
        drawn = self.random.integers(count, size=(SAMPLES, count))
        return np.stack([np.bincount(row, minlength=count) for row in drawn]) / count

    def samples(self, values, seeds=None):
        """[samples, metrics] of [seeds, users, metrics]; `seeds`: samples of the seeds, else of its own."""
        share = self.seeds(len(values)) if seeds is None else seeds
        return np.stack([np.einsum("bs,bs->b", share, self.users @ values[:, :, m].T) for m in range(values.shape[2])], axis=1)


def interval(samples, level=0.95):
    return np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)


def short(value, sign=""):
    return f"{value:{sign}.4f}".replace("0.", ".", 1)
