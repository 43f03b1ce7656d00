#!/usr/bin/env python3
"""What the commands do with data, from outside: whose rows count for what, and what is said of them.

  data_test.py TOOLS [TEST...]     TOOLS: the folder with the built commands; TEST: as unittest names them
"""
import json
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from support import HEADER, HELD_OUT, ROWS, TABLE, TINY, adjacency, read_safetensors, run, write_safetensors


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

    def test_the_split_is_one_whatever_the_seed(self):
        """And metadata say by what it was drawn."""
        for name, rows in (("train", ROWS[::2]), ("test", ROWS[1::2])):
            self.put(f"lists/{name}.txt", adjacency(rows))
        for data in (["--data", self.table, "--split", "ratio"], ["--data", self.home / "lists", "--validation_ratio", 0.3]):
            weights = set()
            for seed in (1, 2):
                of_training = [*data, "--seed", seed]
                model, _ = self.train(*of_training)
                weights.add(found := model.read_bytes())
                settings = json.loads(read_safetensors(model)[1]["settings"])
                self.assertEqual((settings["seed"], settings["split_seed"]), (seed, 98765))
                self.assertEqual(self.train(*of_training, "--split_seed", 98765)[0].read_bytes(), found)
                self.assertNotEqual(self.train(*of_training, "--split_seed", seed)[0].read_bytes(), found)
            self.assertEqual(len(weights), 2)
            evaluate = ["recvae_evaluate", "--model", self.train(*data, "--seed", 2, "--split_seed", 2)[0], *data[:2], "--on", "validation", "--json"]
            self.assertEqual(self.good(*evaluate), self.good(*evaluate, "--split_seed", 2))
            self.assertNotEqual(self.good(*evaluate, "--split_seed", 98765), self.good(*evaluate))

    def test_what_became_of_the_rows(self):
        table = self.put("some.csv", TABLE + ",100,3,5\n7,,3,5\n" + "%d,%d,%d,%d\n" % ROWS[0])
        out = self.home / "run"
        for options in (HELD_OUT, ["--split", "ratio", "--threshold", 1.5], ["--threshold", 1.5, "--min_users_per_item", 6, "--min_items_per_user", 8, *HELD_OUT],
                        ["--split", "time", "--valid_from", 7 * 10**8, "--test_from", 85 * 10**7, "--min_items_per_user", 3],
                        ["--split", "time", "--valid_from", 2 * 10**8, "--test_from", 25 * 10**7, "--time_users", "new", "--min_items_per_user", 1]):
            _, stderr = self.train("--data", table, *options)
            said = json.loads((out / "data.json").read_text())
            self.assertEqual(said["rows_read"], len(ROWS) + 3)
            self.assertEqual(said["dropped"]["unreadable"], 2)
            self.assertEqual(said["rows_read"], sum(said["dropped"].values()) + sum(said[part]["rows"] for part in ("train", "validation", "test")), said)
            for cause, words in (("unreadable", "without a user"), ("threshold", "--threshold"), ("rare_items", "--min_users_per_item"), ("repeated", "repeated pairs")):
                line = f"{said['dropped'][cause]} rows dropped: .*{words}"
                self.assertEqual(said["dropped"][cause] > 0, bool(re.search(line, stderr)), line)
            self.assertRegex(stderr, f"test +{said['test']['users']} +{said['test']['rows']} +{said['test']['targets']} +{said['test']['empty_histories']} +{said['test']['unknown_targets']}\n")
            self.assertFalse(any(line.startswith("recvae_train:") for line in stderr.splitlines()))
            self.assertNotIn("overlaps", stderr)
            prepared = self.home / "prepared"
            shutil.rmtree(prepared, ignore_errors=True)
            _, of_prepare = self.good("recvae_prepare", "--data", table, *options, "--out", prepared)
            self.assertEqual([line for line in of_prepare.splitlines() if " dropped: " in line], [line for line in stderr.splitlines() if " dropped: " in line])
            self.assertIn(len(list(prepared.iterdir())), (3, 7))

    def test_parts_that_overlap(self):
        """Half of the test is in training, too: every scorer misses it."""
        for name, rows in (("train", ROWS[::2]), ("test", ROWS[1::2] + ROWS[::4])):
            self.put(f"lists/{name}.txt", adjacency(rows))
        model, stderr = self.train("--data", self.home / "lists")
        there = json.loads((model.parent / "data.json").read_text())["test"]
        self.assertEqual(there["masked_targets"], len(ROWS[::4]))
        warning = f"warning: {len(ROWS[::4])} of {there['targets']} test targets are in their user's history, too"
        self.assertIn(warning, stderr)
        self.assertIn(warning, self.good("recvae_evaluate", "--model", model, "--data", self.home / "lists")[1])

    def test_held_out_users_who_are_trained_on(self):
        """Half of a prepared directory's test targets are training rows of the same users."""
        prepared = self.home / "leaky"
        self.good("recvae_prepare", "--data", self.table, *HELD_OUT, "--out", prepared)
        _, before = self.good("recvae_evaluate", "--baseline", "popularity", "--data", prepared)
        self.assertNotIn("overlap", before)
        leaked = (prepared / "test_te.csv").read_text().splitlines()[1::2]
        with open(prepared / "train.csv", "a") as file:
            file.write("".join(line + "\n" for line in leaked))
        model, stderr = self.train("--data", prepared)
        there = json.loads((model.parent / "data.json").read_text())["test"]
        self.assertEqual((there["trained_targets"], there["masked_targets"]), (len(leaked), 0))
        self.assertIn(f"warning: {len(leaked)} of {there['targets']} test targets are training rows, too", stderr)


if __name__ == "__main__":
    unittest.main()
