"""What the tests of the Python package share: data with some taste in it, and the commands."""
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import scipy.sparse

TOOLS = Path(os.environ["RECVAE_TOOLS"])  # where the commands were built
DATASETS = os.environ.get("RECVAE_DATASETS", "")

SMALL = {"hidden_dimension": 24, "latent_dimension": 8, "epochs": 3, "train_batch_size": 64}


def tastes(users=400, items=90, seed=5, per_user=12):
    """A matrix of users who mostly like items of their own kind; CSR of float32 with int32 indices."""
    random = np.random.default_rng(seed)
    kinds = random.integers(0, 5, users)
    rows, columns = [], []
    for user in range(users):
        weight = np.where(np.arange(items) % 5 == kinds[user], 6.0, 1.0) / (1 + np.arange(items) / 20)
        found = random.choice(items, size=random.integers(6, per_user + 6), replace=False, p=weight / weight.sum())
        rows += [user] * len(found)
        columns += found.tolist()
    matrix = scipy.sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(users, items))
    matrix.sort_indices()
    return matrix


def hide(matrix, share=0.25, seed=6):
    """(shown, hidden): a random part of each row is hidden."""
    entries = matrix.tocoo()
    hidden = np.random.default_rng(seed).random(matrix.nnz) < share

    def part(chosen):
        return scipy.sparse.csr_matrix((entries.data[chosen], (entries.row[chosen], entries.col[chosen])), shape=matrix.shape)

    return part(~hidden), part(hidden)


def run(command, *arguments, stdin=None):
    """What a command prints."""
    found = subprocess.run([TOOLS / command, *map(str, arguments)], capture_output=True, text=True, input=stdin)
    assert found.returncode == 0, found.stderr
    return found.stdout


def options(settings):
    """Settings as options of a command."""
    return [text for name, value in settings.items() for text in (f"--{name}", str(value))]


def write_ratings(path, matrix):
    """A table of a matrix, rows by user: users and items named by their numbers, from 1000 on."""
    entries = matrix.tocoo()
    order = np.lexsort((entries.col, entries.row))
    with open(path, "w", encoding="utf-8") as file:
        file.write("user_id,item_id,rating,timestamp\n")
        for k in order:
            file.write(f"{1000 + entries.row[k]},{1000 + entries.col[k]},{1 + (entries.row[k] + entries.col[k]) % 5},{k}\n")


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def assert_raises(self, kind, text, call, *arguments, **keywords):
        """Raises that kind of exception, whose text has all these parts, in order."""
        with self.assertRaises(kind) as caught:
            call(*arguments, **keywords)
        self.assertRegex(str(caught.exception), text)
