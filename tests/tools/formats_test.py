#!/usr/bin/env python3
"""Data and weight files that are read, and those that are refused. Run as support.py says."""
import datetime
import gzip
import json
import os
import random
import struct
import unittest

from support import HEADER, HELD_OUT, PREPARED_FILES, ROWS, TABLE, TINY, CommandsTest, adjacency, inter, read_safetensors, result_of, write_safetensors


class FormatsTest(CommandsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expected = cls.weights(cls.run_dir)

    def same(self, path, *options, stdin=b""):
        with self.subTest(path=str(path), options=options):
            self.assertEqual(self.trained("--data", path, *HELD_OUT, "--epochs", 3, *options, stdin=stdin), self.expected)

    def test_tables(self):
        self.same(self.put("order.csv", "timestamp,rating,movieId,userId\n" + "".join("%d,%d,%d,%d\n" % row[::-1] for row in ROWS)))
        self.same(self.put("short.csv", "userId,movieId\n" + "".join("%d,%d\n" % row[:2] for row in ROWS)))
        self.same(self.put("tabs.csv", TABLE.replace(",", "\t")))
        quoted = '"userId","movieId",rating,timestamp\n' + "".join('"%d","%d",%d,%d\n' % row for row in ROWS)
        self.same(self.put("windows.csv", "\ufeff" + quoted.replace("\n", "\r\n")))
        self.same(self.put("unended.csv", TABLE[:-1]))
        self.same(self.put("names.csv", TABLE.replace("userId", "who").replace("movieId", "what")), "--user_field", "who", "--item_field", "what")
        self.same(self.put("packed.csv.gz", gzip.compress(TABLE.encode())))
        half = len(TABLE) // 2
        self.same(self.put("members.csv.gz", gzip.compress(TABLE[:half].encode()) + gzip.compress(TABLE[half:].encode())))

    def test_usual_names_and_separators(self):
        for user, item in (("user_id", "item_id"), ("user", "item"), ("UID", "sid"), ("userid", "product_id")):
            self.same(self.put("usual.csv", TABLE.replace("userId", user).replace("movieId", item)))
        for separator in ";|":
            self.same(self.put("separated.csv", TABLE.replace(",", separator)))
        odd = TABLE.replace("userId", "who")
        for path in (self.put("odd.csv", odd), self.put("odd2.csv", odd.replace("who", "user").replace("timestamp", "uid"))):
            stderr = self.bad(1, "recvae_train", "--data", path, *TINY, names="--user_field")
            self.assertIn(path.read_text().splitlines()[0], stderr)

    def test_times_in_iso_8601(self):
        def iso(time, form):
            return datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime(form)

        def written(path, *options):
            out = self.fresh() / "x"
            self.good("recvae_prepare", "--data", path, *options, "--out", out)
            return {file.name: file.read_bytes() for file in out.iterdir()}

        with_times = {form: "userId,movieId,rating,timestamp\n" + "".join(f"{u},{i},{r},{iso(t, form)}\n" for u, i, r, t in ROWS)
                      for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.000Z", "%Y-%m-%dT%H:%M:%S+00:00")}
        median = sorted(row[3] for row in ROWS)[len(ROWS) // 2]
        moments = [("--valid_from", median, "--test_from", median + 10**7)]
        moments += [("--valid_from", iso(median, form), "--test_from", iso(median + 10**7, form)) for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%SZ")]
        for split in (["--split", "loo", "--order", "TO"], *(["--split", "time", *times] for times in moments)):
            expected = written(self.table, *split)
            self.assertIn(b"timestamp:float", expected["x.train.inter"])
            for text in with_times.values():
                self.assertEqual(written(self.put("iso.csv", text), *split), expected)
        lines = with_times["%Y-%m-%dT%H:%M:%S"].splitlines(keepends=True)
        lines[4] = "1,2,3,881250949\n"
        self.bad(1, "recvae_prepare", "--data", self.put("mixed.csv", "".join(lines)), "--split", "loo", "--order", "TO", names="mixed.csv:5: expected an ISO 8601")

    def test_standard_input(self):
        self.same("-", stdin=TABLE)
        self.same("-", stdin=gzip.compress(TABLE.encode()))
        self.same("-", "--data_format", "inter", stdin=inter(ROWS))
        self.same("-", "--data_format", "u.data", stdin="".join("%d\t%d\t%d\t%d\n" % row for row in ROWS))

    def test_other_formats(self):
        self.same(self.put("x.inter", inter(ROWS)))
        self.same(self.put("atomic/x.inter", inter(ROWS)).parent)
        self.same(self.put("x.inter.gz", gzip.compress(inter(ROWS).encode())))
        self.same(self.put("u.data", "".join("%d\t%d\t%d\t%d\n" % row for row in ROWS)))
        self.same(self.put("ratings.dat", "".join("%d::%d::%d::%d\n" % row for row in ROWS)))
        self.same(self.put("odd-name", "".join("%d::%d::%d::%d\n" % row for row in ROWS)), "--data_format", "ratings.dat")
        self.same(self.put("lists/train.txt", adjacency(ROWS)))
        self.same(self.home / "lists")

    def test_duplicates_collapse_and_are_counted(self):
        lines = TABLE.splitlines(keepends=True)
        out, _, stderr = self.train("--data", self.put("twice.csv", TABLE + "".join(lines[1:31])), *HELD_OUT, "--epochs", 3)
        self.assertIn("30 repeated", stderr)
        self.assertEqual(self.weights(out), self.expected)

    def test_prepared_directory(self):
        self.assertEqual(sorted(os.listdir(self.prepared)), PREPARED_FILES)
        self.assertEqual(self.trained("--data", self.prepared, "--epochs", 3), self.expected)
        packed = self.home / "prepared-gz"
        for name in PREPARED_FILES:
            self.put(f"prepared-gz/{name}.gz", gzip.compress((self.prepared / name).read_bytes()))
        self.assertEqual(self.trained("--data", packed, "--epochs", 3), self.expected)
        # With filters, too; and the filters and seeds do change something.
        filters = ["--threshold", "2.5", "--min_users_per_item", 6, "--min_items_per_user", 3, "--split_seed", 4, *HELD_OUT]
        out = self.fresh()
        self.good("recvae_prepare", "--data", self.table, *filters, "--out", out)
        filtered = self.trained("--data", out)
        self.assertEqual(filtered, self.trained("--data", self.table, *filters))
        filters[-3] = 5
        self.assertNotEqual(filtered, self.trained("--data", self.table, *filters))

    def test_given_parts(self):
        last_two = {user: [row for row in ROWS if row[0] == user][-2:] for user, *_ in ROWS}
        train = [row for row in ROWS if row not in last_two[row[0]]]
        valid, test = ([rows[k] for rows in last_two.values()] for k in (0, 1))
        for part, rows in (("train", train + valid), ("test", test)):
            self.put(f"adjacency/{part}.txt", adjacency(rows))
            # In the order of the adjacency lists, so that both are the same data.
            self.put(f"parts/x.{part}.inter", inter(sorted(rows, key=lambda row: list(last_two).index(row[0]))))
        out, stdout, _ = self.train("--data", self.home / "adjacency", "--epochs", 2)
        weights = self.weights(out)
        self.assertEqual(self.trained("--data", self.home / "parts", "--epochs", 2), weights)
        self.assertNotEqual(self.trained("--data", self.home / "parts", "--epochs", 2, "--validation_ratio", 0.3), weights)
        self.assertIn("ndcg@100", result_of(stdout))

        for part, rows in (("train", train), ("valid", valid), ("test", test)):
            self.put(f"three/y.{part}.inter", inter(rows))
        out, stdout, stderr = self.train("--data", self.home / "three", "--metrics", "[recall@1,recall@5]")
        self.assertRegex(stderr, r"test of epoch 1 on 80 users")
        evaluated, _ = self.good("recvae_evaluate", "--model", out / "model.safetensors", "--data", self.home / "three", "--metrics", "[recall@1,recall@5]")
        self.assertEqual(evaluated.splitlines(), stdout.splitlines()[-2:])
        self.bad(2, "recvae_train", "--data", self.home / "three", "--threshold", 3, names="threshold")

        # What has no meaning for the data is refused, the default's value too.
        self.bad(2, "recvae_train", "--data", self.home / "three", "--validation_ratio", 0.1, names="validation_ratio")
        self.bad(2, "recvae_train", "--data", self.home / "three", "--split_seed", 98765, names="split_seed")

        # A model is evaluated by the validation part it was trained without.
        options = ["--validation_ratio", 0.3, "--split_seed", 5]
        out, stdout, _ = self.train("--data", self.home / "parts", "--epochs", 2, *options)
        evaluate = ["recvae_evaluate", "--data", self.home / "parts", "--model", out / "model.safetensors"]
        last = json.loads((out / "metrics.jsonl").read_text().splitlines()[-1])["valid"]["ndcg@100"]
        evaluate[-1] = out / "checkpoint/model.safetensors"
        on_validation = lambda *more: json.loads(self.good(*evaluate, "--on", "validation", "--json", *more)[0])["ndcg@100"]
        self.assertAlmostEqual(on_validation(), last, places=12)
        self.assertAlmostEqual(on_validation(*options), last, places=12)
        self.assertNotEqual(on_validation("--split_seed", 6), on_validation())
        self.assertNotEqual(on_validation("--validation_ratio", 0.2), on_validation())
        self.bad(2, *evaluate, "--split_seed", -1, names="split_seed")

        # A baseline of the test learns from training and validation items: how they are parted changes nothing.
        popularity = ["recvae_evaluate", "--data", self.home / "adjacency", "--baseline", "popularity", "--json"]
        expected, _ = self.good(*popularity, "--validation_ratio", 0)
        for ratio in (0.1, 0.5):
            self.assertEqual(self.good(*popularity, "--validation_ratio", ratio, "--split_seed", 3)[0], expected)
            _, stdout, _ = self.train("--data", self.home / "adjacency", "--validation_ratio", ratio, "--metrics", "recall@5")
            self.assertEqual(result_of(stdout)["popularity recall@5"], result_of(self.good(*popularity[:-1], "--metrics", "recall@5")[0])["recall@5"])

        # Nothing to choose by: the last epoch is kept.
        out, _, _ = self.train("--data", self.home / "adjacency", "--validation_ratio", 0, "--epochs", 3)
        records = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual([record["valid"] for record in records], [None] * 3)
        self.assertEqual(self.weights(out, "model.safetensors"), self.weights(out))


class BadDataTest(CommandsTest):
    def with_line(self, number, line):
        lines = TABLE.splitlines(keepends=True)
        lines[number - 1] = line
        return "".join(lines)

    def test_raw_data(self):
        packed = gzip.compress(TABLE.encode())
        no_rating = "userId,movieId\n" + "".join("%d,%d\n" % row[:2] for row in ROWS)
        junk = random.Random(1).randbytes(4000)
        cases = (
            ("empty.csv", "", "empty.csv"), ("header.csv", HEADER, "header.csv"), ("wrong.csv", TABLE.replace("movieId", "film"), "movieId"),
            ("short.csv", self.with_line(17, "3,4\n"), "short.csv:17: expected 4 columns, found 2"), ("long.csv", self.with_line(17, "3,4,5,6,7\n"), "long.csv:17"),
            ("number.csv", self.with_line(9, "3,4,five,6\n"), "number.csv:9"), ("blank.csv", self.with_line(9, "3,4,,6\n"), "blank.csv:9"),
            ("junk.csv", junk, "junk.csv"), ("junk2.csv", HEADER.encode() + junk, "junk2.csv"), ("nul.csv", self.with_line(30, "3,4\0,5,6\n"), "nul.csv:30"),
            ("quote.csv", self.with_line(20, '3,"4,5,6\n'), "quote.csv:20"), ("cut.csv.gz", packed[:len(packed) // 2], "cut.csv.gz"), ("cut2.csv.gz", packed[:-4], "cut2.csv.gz"),
            ("damaged.csv.gz", packed[:-8] + b"\1\2\3\4" + packed[-4:], "damaged.csv.gz"), ("x.inter", "user_id\titem_id\n1\t2\n", "x.inter:1"),
            ("z.inter", "user_id:token\titem_id:token\trating:float\n1\t2\t3\n1\t2\n", "z.inter:3"), ("b/u.data", "1\t2\t3\t4\n1\t2\n", "u.data:2"),
            ("b/ratings.dat", "1::2::3::4\n1::2\n", "ratings.dat:2"), ("c/train.txt", "0 1 2\n1 x 3\n", "train.txt:2"), ("d/train.txt", "0 1 2\n1 2147483648\n", "train.txt:2"),
            ("e/train.txt", "0 1 2\n18446744073709551617 3\n", "train.txt:2"), ("f/train.txt", "0 1 2\n1 -3\n", "train.txt:2"))
        empty = self.home / "empty-directory"
        empty.mkdir()
        for command in ("recvae_train", "recvae_prepare"):
            tiny = TINY if command == "recvae_train" else []
            self.bad(1, command, "--data", self.home / "missing.csv", *tiny, names="missing.csv: No such file")
            self.bad(1, command, "--data", empty, *tiny)
            for name, content, where in cases:
                self.bad(1, command, "--data", self.put(f"bad/{name}", content), *tiny, "--heldout_users", 2, names=where)
            self.bad(1, command, "--data", "-", *tiny, stdin=self.with_line(12, "3,4\n"), names=":12")
            self.bad(1, command, "--data", self.table, *tiny, "--threshold", 99, names="filters")
            self.bad(1, command, "--data", self.table, *tiny, "--min_items_per_user", 500, names="filters")
            self.bad(1, command, "--data", self.table, *tiny, "--heldout_users", 81)
            self.bad(1, command, "--data", self.table, *tiny, "--heldout_users", 40)  # none left to train on
            self.bad(1, command, "--data", self.put("norating.csv", no_rating), *tiny, "--threshold", 3)
        latin = TABLE.encode().replace(b",100,", b",caf\xe9,")
        self.bad(1, "recvae_train", "--data", self.put("latin.csv", latin), *TINY, *HELD_OUT, names="UTF-8")

    def test_prepared_directories(self):
        files = {name: (self.prepared / name).read_text() for name in PREPARED_FILES}
        train = files["train.csv"]
        cases = ({"train.csv": ""}, {"train.csv": "uid,sid\n"}, {"train.csv": train.replace("uid,sid", "user,item")}, {"train.csv": train + "3\n"}, {"train.csv": train + "3,4,5\n"},
                 {"train.csv": train + "x,3\n"}, {"train.csv": train + "2147483648,3\n"}, {"train.csv": train + "3,4294967297\n"}, {"train.csv": train + "-1,3\n"},
                 {"train.csv": train + "3,40\n"}, {"test_tr.csv": files["test_tr.csv"] + "73,41\n"}, {"train.csv": train + "3,4\0\n"}, {"train.csv": train + "3.0,4\n"},
                 {"validation_te.csv": "uid,sid\n\x7f\x01,\x03\n"}, {"unique_sid.txt": ""}, {"unique_sid.txt": None}, {"test_te.csv": None})
        for k, changed in enumerate(cases):
            for name, text in (files | changed).items():
                if text is not None:
                    self.put(f"broken{k}/{name}", text)
            # An item list without items shows only where an item is named.
            names = "" if changed == {"unique_sid.txt": ""} else next(iter(changed))
            self.bad(1, "recvae_train", "--data", self.home / f"broken{k}", *TINY, names=names)
        for option in (["--threshold", 3], ["--heldout_users", 5], ["--min_items_per_user", 2], ["--split", "strong"], ["--split_seed", 98765], ["--validation_ratio", 0.1]):
            self.bad(2, "recvae_train", "--data", self.prepared, *option, names=option[0])
        self.bad(1, "recvae_prepare", "--data", self.prepared)
        self.bad(2, "recvae_train", "--data", self.table, *TINY, "--validation_ratio", 0.1, names="validation_ratio")

    def test_weight_files(self):
        header, metadata, tensors = read_safetensors(self.model)
        good = self.model.read_bytes()

        def broken(name, without=(), **changes):
            """A copy of the model file with other shapes, extra tensors or fewer of them."""
            shapes = {key: dict(entry) for key, entry in header.items()} | changes.get("header", {})
            data = {key: value for key, value in (tensors | changes.get("tensors", {})).items() if key not in without}
            return write_safetensors(self.home / name, shapes, data, metadata)
        vector = {"dtype": "F32", "shape": [3]}
        cases = [self.put("cut.safetensors", good[:len(good) // 2]), self.put("cut1.safetensors", good[:-1]), self.put("more.safetensors", good + b"x"), self.put("four.safetensors", good[:4]),
                 self.put("none.safetensors", b""), self.put("text.safetensors", "this is no safetensors file\n"), self.put("length.safetensors", struct.pack("<Q", 2**63) + good[8:]),
                 write_safetensors(self.home / "foreign.safetensors", {"weight": vector}, {"weight": bytes(12)}),
                 broken("lacking.safetensors", without=["encoder.fc2.weight"]), broken("surplus.safetensors", header={"surplus": vector}, tensors={"surplus": bytes(12)}),
                 broken("shape.safetensors", header={"decoder.weight": {"dtype": "F32", "shape": [6, 40]}})]
        for path in cases:
            self.bad(1, "recvae_evaluate", "--model", path, "--data", self.table, names=path.name)
            self.bad(1, "recvae_recommend", "--model", path, stdin="100\n", names=path.name)
            self.bad(1, "recvae_train", "--init_from", path, "--data", self.table, *TINY, *HELD_OUT, names=path.name)
        # The constants of the prior may be absent.
        constants = ["prior.mu_prior", "prior.logvar_prior", "prior.logvar_uniform_prior"]
        self.good("recvae_evaluate", "--model", broken("without.safetensors", without=constants), "--data", self.table)


if __name__ == "__main__":
    unittest.main()
