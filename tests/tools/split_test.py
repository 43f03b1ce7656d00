#!/usr/bin/env python3
"""Splits: what recvae_prepare writes, and what is trained on. Run as support.py says."""
import json
import os
import unittest

from support import HELD_OUT, PREPARED_FILES, ROWS, CommandsTest, read_safetensors, result_of, write_safetensors


# Options of every split but the one that is the default, with times as ROWS have them.
MOMENTS = ["--valid_from", "1990-01-01", "--test_from", "7.7e8"]
SPLITS = {"ratio": ["--split", "ratio"], "ratio-time": ["--split", "ratio", "--ratios", "[0.7,0.1,0.2]", "--order", "TO"],
          "ratio-none": ["--split", "ratio", "--group_by", "none", "--split_seed", 3, "--threshold", 1], "loo": ["--split", "loo", "--min_users_per_item", 5],
          "loo-time": ["--split", "loo", "--order", "TO"], "time": ["--split", "time", *MOMENTS],
          "time-new": ["--split", "time", "--valid_from", 2.5e8, "--test_from", 3.2e8, "--time_users", "new", "--min_items_per_user", 0]}


class SplitsTest(CommandsTest):
    def read_parts(self, folder):
        """[(user, item, rating, time)] of each part"""
        parts = []
        for part in ("train", "valid", "test"):
            header, *lines = (folder / f"{folder.name}.{part}.inter").read_text().splitlines()
            self.assertEqual(header, "user_id:token\titem_id:token\trating:float\ttimestamp:float")
            parts.append([tuple(map(int, line.split("\t"))) for line in lines])
        return parts

    def test_raw_and_prepared_are_one(self):
        for name, options in SPLITS.items():
            with self.subTest(split=name):
                prepared = self.home / "splits" / name
                self.good("recvae_prepare", "--data", self.table, *options, "--out", prepared)
                names = PREPARED_FILES if name == "time-new" else [f"{name}.{part}.inter" for part in ("test", "train", "valid")]
                self.assertEqual(sorted(os.listdir(prepared)), names)
                raw, raw_stdout, _ = self.train("--data", self.table, *options, "--metrics", "[recall@1,recall@5]")
                out, stdout, _ = self.train("--data", prepared, "--metrics", "[recall@1,recall@5]")
                self.assertEqual(self.weights(out, "model.safetensors"), self.weights(raw, "model.safetensors"))
                self.assertEqual(stdout, raw_stdout)
                # The model knows its split, and where to find it is all that is asked.
                for model in (raw, out):
                    for data, more in ((prepared, []), (self.table, options if model == out else [])):
                        evaluate = ["recvae_evaluate", "--model", model / "model.safetensors", "--data", data, *more]
                        self.assertEqual(self.good(*evaluate, "--metrics", "[recall@1,recall@5]")[0].splitlines(), stdout.splitlines()[-2:])
                self.bad(2, "recvae_train", "--data", prepared, *options, names="already split")
                rows, _ = self.good("recvae_recommend", "--model", out / "model.safetensors", "--data", prepared, "--topk", 1)
                self.assertGreater(len(rows.splitlines()), 20)

    def test_rows_of_parts(self):
        for name, options in SPLITS.items():
            if name == "time-new":
                continue
            out = self.fresh()
            self.good("recvae_prepare", "--data", self.table, *options, "--out", out)
            parts = self.read_parts(out)
            rows = [row for row in ROWS if name != "ratio-none" or row[2] > 1]
            self.assertEqual(sorted(sum(parts, [])), sorted(rows), name)
            for part in parts:
                self.assertEqual(part, [row for row in rows if row in part])  # in the order of the data
            train, valid, test = parts
            if name == "time":
                self.assertLess(max(row[3] for row in train), 631152000)
                self.assertTrue(all(631152000 <= row[3] < 7.7e8 for row in valid))
                self.assertGreaterEqual(min(row[3] for row in test), 7.7e8)
            if name == "loo-time":
                for user in {row[0] for row in rows}:
                    *_, before, last = sorted((row for row in rows if row[0] == user), key=lambda row: row[3])
                    self.assertIn(before, valid)
                    self.assertIn(last, test)

    def test_seeds_of_the_random_order(self):
        prepared = {}
        for name, options in {"default": [], "seed": ["--split_seed", 98765], "other": ["--split_seed", 5]}.items():
            self.good("recvae_prepare", "--data", self.table, "--split", "ratio", *options, "--out", self.home / "seeds" / name)
            prepared[name] = self.read_parts(self.home / "seeds" / name)
        self.assertEqual(prepared["seed"], prepared["default"])
        self.assertNotEqual(prepared["other"], prepared["default"])
        for command in ("recvae_prepare", "recvae_evaluate"):  # of a training alone
            self.bad(2, command, "--data", self.table, "--seed", 5, names="unknown option '--seed'")
        options = ["--metrics", "recall@5", "--seed", 3, "--split_seed", 5]  # a model is evaluated by its own
        out, stdout, _ = self.train("--data", self.table, "--split", "ratio", *options)
        self.assertEqual(self.good("recvae_evaluate", "--model", out / "model.safetensors", "--data", self.table, "--metrics", "recall@5")[0], stdout.splitlines(True)[-1])
        self.assertEqual(self.trained("--data", self.table, "--split", "ratio", *options), self.trained("--data", self.home / "seeds/other", *options[:4]))

    def test_what_a_model_says_of_its_split(self):
        out, stdout, _ = self.train("--data", self.table, *SPLITS["ratio-time"], "--test_history", "train", "--metrics", "recall@5")
        settings = json.loads(read_safetensors(out / "model.safetensors")[1]["settings"])
        self.assertEqual({name: settings[name] for name in ("split", "ratios", "order", "group_by", "valid_from", "test_from", "time_users", "test_history")},
                         {"split": "ratio", "ratios": [0.7, 0.1, 0.2], "order": "TO", "group_by": "", "valid_from": "", "test_from": "", "time_users": "", "test_history": "train"})
        evaluate = ["recvae_evaluate", "--model", out / "model.safetensors", "--data", self.table, "--json", "--metrics", "recall@5"]
        expected, _ = self.good(*evaluate)
        self.assertEqual(f"{json.loads(expected)['recall@5']:.4f}", result_of(stdout)["recall@5"])
        self.assertNotEqual(self.good(*evaluate, "--test_history", "all")[0], expected)
        again = SPLITS["ratio-time"] + ["--group_by", "user"]
        self.assertEqual(self.good(*evaluate, *again)[0], expected)
        # Another kind of split that is given is all there is; an option alone changes the model's.
        self.assertEqual(self.good(*evaluate, "--ratios", "[0.7,0.1,0.2]")[0], expected)
        for other in (["--ratios", "[0.1,0.1,0.8]"], ["--split", "loo"]):
            stdout, stderr = self.good(*evaluate, *other)
            self.assertNotEqual(stdout, expected)
            self.assertIn("was not trained on this data's training part", stderr)
        self.assertEqual(self.good(*evaluate, "--split", "ratio")[0], expected)
        self.bad(1, *evaluate, "--heldout_users", 5, names="--split ratio")
        header, metadata, tensors = read_safetensors(out / "model.safetensors")
        for wrong in ({"split": "foo"}, {"ratios": [1, 2]}, {"recall_denominator": "foo"}, {"metrics": ["foo@3"]}, {"topk": "x"}):
            changed = write_safetensors(self.home / "wrong.safetensors", header, tensors, {**metadata, "settings": json.dumps({**settings, **wrong})})
            self.bad(1, "recvae_evaluate", "--model", changed, "--data", self.table, names=next(iter(wrong)))

    def test_options_that_do_not_belong(self):
        data = ["--data", self.table]
        for command in ("recvae_train", "recvae_prepare"):
            self.bad(2, command, *data, "--ratios", "0.8,0.1,0.1", names="--split ratio")
            self.bad(2, command, *data, "--split", "loo", "--group_by", "None", names="--split ratio")
            self.bad(2, command, *data, "--split", "loo", "--heldout_users", 3, names="--heldout_users")
            self.bad(2, command, *data, "--split", "time", "--valid_from", 5, names="--test_from")
            self.bad(2, command, *data, "--split", "time", "--valid_from", 5, "--test_from", 4, names="--valid_from")
            self.bad(1, command, *data, "--split", "time", "--valid_from", "1999-01-01", "--test_from", 4, names="--valid_from")  # what a date is, the data say
            self.bad(1, command, *data, "--split", "time", "--valid_from", 5, "--test_from", "1999-01-01", names="before 5")
            self.bad(1, command, "--data", self.put("bare.csv", "userId,movieId\n1,2\n"), "--split", "loo", "--order", "TO", names="'timestamp'")
        self.bad(2, "recvae_prepare", *data, "--test_history", "train", names="unknown option '--test_history'")
        self.bad(2, "recvae_evaluate", *data, "--baseline", "popularity", "--order", "TO", names="--split")
        self.assertNotEqual(self.good("recvae_evaluate", *data, "--baseline", "popularity", "--split", "loo")[0], "")
        stdout, _ = self.good("recvae_prepare", "--help")
        for text in ("train.csv", ".train.inter", "--split_seed"):
            self.assertIn(text, stdout)


class PrepareTest(CommandsTest):
    def read(self, name):
        lines = (self.prepared / name).read_text().splitlines()
        self.assertEqual(lines[0], "uid,sid")
        return [tuple(map(int, line.split(","))) for line in lines[1:]]

    def test_parts_hold_every_row_once(self):
        users, items = ((self.prepared / f"unique_{x}id.txt").read_text().split() for x in "us")
        parts = {name: self.read(f"{name}.csv") for name in ("train", "validation_tr", "validation_te", "test_tr", "test_te")}
        rows = [(users[uid], items[sid]) for part in parts.values() for uid, sid in part]
        self.assertEqual(sorted(rows), sorted((str(user), str(item)) for user, item, *_ in ROWS))
        self.assertEqual(max(uid for uid, _ in parts["train"]), 63)
        for kind, first in (("validation", 64), ("test", 72)):
            for part in ("tr", "te"):
                self.assertEqual({uid for uid, _ in parts[f"{kind}_{part}"]}, set(range(first, first + 8)))

    def test_out(self):
        self.bad(1, "recvae_prepare", "--data", self.table, "--out", self.prepared, out=False)
        self.assertEqual(sorted(os.listdir(self.prepared)), PREPARED_FILES)
        again = self.fresh() / "deeper"
        stdout, _ = self.good("recvae_prepare", "--data", self.table, *HELD_OUT, "--out", again)
        self.assertEqual(stdout, "")
        for name in PREPARED_FILES:
            self.assertEqual((again / name).read_bytes(), (self.prepared / name).read_bytes())


if __name__ == "__main__":
    unittest.main()
