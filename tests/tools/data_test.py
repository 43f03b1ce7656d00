#!/usr/bin/env python3
"""What the commands do with data, from outside: whose rows count for what, and what is said of them.

  data_test.py TOOLS [TEST...]     TOOLS: the folder with the built commands; TEST: as unittest names them
"""
import shutil
import tempfile
import unittest
from pathlib import Path

from support import HEADER, HELD_OUT, ROWS, TABLE, TINY, run


class DataTest(unittest.TestCase):
    def setUp(self):
        self.home = Path(tempfile.mkdtemp(prefix="data-test-"))
        self.addCleanup(shutil.rmtree, self.home)
        self.table = self.put("ratings.csv", TABLE)

    def put(self, name, content):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def good(self, *command):
        """stdout and stderr"""
        code, stdout, stderr = run(*command)
        self.assertEqual(code, 0, stderr)
        return stdout, stderr

    def train(self, *options):
        """The model of a short training, and stderr."""
        out = self.home / "run"
        _, stderr = self.good("recvae_train", *options, *TINY, "--epochs", 1, "--baselines", "none", "--out", out, "--overwrite")
        return out / "model.safetensors", stderr

    def test_nothing_that_a_user_has_rated_is_recommended(self):
        seen = {}
        for user, item, *_ in ROWS:
            seen.setdefault(str(user), set()).add(str(item))
        for filters in ([], ["--threshold", 3.5], ["--min_users_per_item", 12], ["--threshold", 1.5, "--min_items_per_user", 9]):
            model, _ = self.train("--data", self.table, *HELD_OUT, *filters)
            recommend = ["recvae_recommend", "--model", model, "--data", self.table, "--topk", 50]
            for more in ([], ["--threshold", 4, "--min_items_per_user", "none"]):
                rows = [line.split("\t") for line in self.good(*recommend, *more)[0].splitlines()]
                self.assertEqual({row[0] for row in rows}, set(seen))  # those who lose all their rows by the filters, too
                self.assertEqual([row for row in rows if row[2] in seen[row[0]]], [])
            rows = [line.split("\t") for line in self.good(*recommend, "--include_seen")[0].splitlines()]
            self.assertTrue(any(row[2] in seen[row[0]] for row in rows))


if __name__ == "__main__":
    unittest.main()
