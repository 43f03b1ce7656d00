#!/usr/bin/env python3
"""The commands from outside: formats, options, exit codes, and what they print and write.

  commands_test.py TOOLS [TEST...]     TOOLS: the folder with the built commands; TEST: as unittest names them
"""
import gzip
import json
import math
import os
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TOOLS = Path(sys.argv.pop(1)).resolve()
COMMANDS = ("recvae_train", "recvae_prepare", "recvae_evaluate", "recvae_recommend")
TINY = ["--hidden_dimension", "16", "--latent_dimension", "6", "--train_batch_size", "20", "--threads", "1"]
HELD_OUT = ["--heldout_users", "8"]
PREPARED_FILES = ["test_te.csv", "test_tr.csv", "train.csv", "unique_sid.txt", "unique_uid.txt", "validation_te.csv", "validation_tr.csv"]
TIMEOUT = 60
HEADER = "userId,movieId,rating,timestamp\n"


def random_rows():
    """(user, item, rating, time), grouped by user, as every format can hold them; popular items have small numbers."""
    draw = random.Random(7)
    users = list(range(1, 81))
    draw.shuffle(users)
    rows = []
    for user in users:
        items = sorted({int(40 * draw.random() ** 1.7) for _ in range(16)})
        draw.shuffle(items)
        rows += [(user, 100 + item, draw.randint(1, 5), draw.randint(10**8, 10**9)) for item in items]
    return rows


ROWS = random_rows()
TABLE = HEADER + "".join("%d,%d,%d,%d\n" % row for row in ROWS)


def inter(rows):
    return "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + "".join("%d\t%d\t%d\t%d\n" % row for row in rows)


def adjacency(rows):
    lists = {}
    for user, item, *_ in rows:
        lists.setdefault(user, []).append(item)
    return "".join(f"{user} {' '.join(map(str, items))}\n" for user, items in lists.items())


def run(command, *options, stdin=b""):
    """(exit code, stdout, stderr)"""
    stdin = stdin.encode() if isinstance(stdin, str) else stdin
    result = subprocess.run([TOOLS / command, *map(str, options)], input=stdin, capture_output=True, timeout=TIMEOUT)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def read_safetensors(path):
    """(header without metadata, metadata, {name: bytes})"""
    content = Path(path).read_bytes()
    length, = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    metadata = header.pop("__metadata__", {})
    data = content[8 + length:]
    end = max(entry["data_offsets"][1] for entry in header.values())
    if end != len(data):
        raise ValueError(f"{path}: {len(data)} bytes of data, not {end}")
    return header, metadata, {name: data[slice(*entry["data_offsets"])] for name, entry in header.items()}


def write_safetensors(path, header, tensors, metadata=None):
    """`header` gives dtype and shape of each of `tensors`."""
    out, offset = {}, 0
    if metadata:
        out["__metadata__"] = metadata
    for name, data in tensors.items():
        out[name] = {**header[name], "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(out).encode()
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(tensors.values()))
    return path


def result_of(stdout):
    """{label: printed value} of metric lines, the popularity lines as "popularity ndcg@100"."""
    return dict(line.split(":\t") for line in stdout.splitlines())


class CommandsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="commands-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        cls.count = 0
        cls.table = cls.put("ratings.csv", TABLE)
        cls.prepared = cls.home / "prepared"
        code, _, stderr = run("recvae_prepare", "--data", cls.table, *HELD_OUT, "--out", cls.prepared)
        if code != 0:
            raise RuntimeError(stderr)
        cls.run_dir, cls.run_stdout, cls.run_stderr = cls.train("--data", cls.table, *HELD_OUT, "--epochs", 3)
        cls.model = cls.run_dir / "model.safetensors"

    @classmethod
    def put(cls, name, content):
        path = cls.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    @classmethod
    def fresh(cls):
        cls.count += 1
        return cls.home / f"out{cls.count}"

    @classmethod
    def train(cls, *options, stdin=b"", tiny=TINY):
        """A run that has to work: (its directory, stdout, stderr)."""
        out = cls.fresh()
        code, stdout, stderr = run("recvae_train", *tiny, "--epochs", 1, *options, "--out", out, stdin=stdin)
        if code != 0:
            raise AssertionError(f"recvae_train {options}: exit {code}: {stderr}")
        return out, stdout, stderr

    @staticmethod
    def weights(out, name="checkpoint/model.safetensors"):
        return read_safetensors(out / name)[2]

    def trained(self, *options, **kwargs):
        return self.weights(self.train(*options, **kwargs)[0])

    def good(self, command, *options, stdin=b""):
        code, stdout, stderr = run(command, *options, stdin=stdin)
        self.assertEqual(code, 0, stderr)
        self.assertNotIn(f"{command}:", stderr)
        return stdout, stderr

    def bad(self, code, command, *options, names="", stdin=b"", out=True):
        """The command fails with this code and one line, which holds the text `names`, and leaves no --out."""
        target = self.fresh()
        writes = out and command in ("recvae_train", "recvae_prepare")
        found, stdout, stderr = run(command, *options, *(["--out", target] if writes else []), stdin=stdin)
        with self.subTest(command=command, options=" ".join(map(str, options))):
            lines = stderr.splitlines()
            own = [line for line in lines if line.startswith(f"{command}:")]
            self.assertEqual(found, code, stderr)
            self.assertEqual(len(own), 1, stderr)
            self.assertEqual(lines[-1], own[0])
            self.assertIn(names, own[0])
            if command != "recvae_recommend":  # which answers line by line
                self.assertEqual(stdout, "")
            self.assertFalse(target.exists(), "--out is left behind")
        return stderr


class CommandLineTest(CommandsTest):
    def test_help_and_version(self):
        for command in COMMANDS:
            stdout, stderr = self.good(command, "--help")
            self.assertIn("--threads", stdout)
            self.assertIn("--data", stdout)
            self.assertIn("csv, tsv or table", stdout)
            self.assertEqual(stderr, "")
            stdout, _ = self.good(command, "--version")
            self.assertRegex(stdout, rf"^{command} \d+\.\d+\.\d+\n")

    def test_version_names_slow_kernels(self):
        """Kernels that the environment makes narrower than the processor are named; those it chooses itself are not called slow."""
        def engine(**environment):
            inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_CORETYPE")}
            return subprocess.run([TOOLS / "recvae_train", "--version"], env=inherited | environment, capture_output=True, text=True, check=True).stdout
        self.assertNotIn("slower", engine())
        if "avx2" not in Path("/proc/cpuinfo").read_text():
            self.skipTest("needs a processor with wide vectors")
        narrow = engine(OPENBLAS_CORETYPE="Nehalem")
        if "Nehalem" not in narrow:
            self.skipTest("this BLAS cannot be told which kernels to take")
        self.assertIn("slower than this x86-64-v", narrow)

    def test_usage_errors(self):
        given = {"recvae_train": ["--data", self.table], "recvae_prepare": ["--data", self.table],
                 "recvae_evaluate": ["--data", self.table, "--model", self.model], "recvae_recommend": ["--model", self.model]}
        for command, options in given.items():
            self.bad(2, command, out=False)
            self.bad(2, command, *options, "--no_such_option", 1, names="no_such_option")
            self.bad(2, command, *options, "word", names="word")
            self.bad(2, command, *options, "--threads", out=False, names="threads")
            self.bad(2, command, *options, "--threads", 0, names="threads")
            self.bad(2, command, *options, "--threads", "x", names="threads")
            self.bad(2, command, *options, "--log_level", "loud", names="log_level")
            self.bad(2, command, *options, "--quiet=perhaps", names="quiet")
        self.bad(2, "recvae_train", names="--data")
        self.bad(2, "recvae_prepare", "--data", self.table, out=False, names="--out")
        self.bad(2, "recvae_prepare", "--data", self.table, "--validation_ratio", 0.1, names="unknown option --validation_ratio")
        self.bad(2, "recvae_train", "--data", self.table, "--hiden_dimension", 3, names="--hidden_dimension")  # the nearest one

    def test_spellings_of_options(self):
        expected = self.trained("--data", self.table, *HELD_OUT, "--learning_rate", "0.01")
        for options in (["--learning-rate", "0.01"], ["--learning_rate=0.01"], ["--learning-rate=1e-2"],
                        ["--learning_rate", "5", "--learning-rate", "0.01"], ["--learning_rate=0.01", "--clip_grad_norm=none"],
                        ["--learning_rate=0.01", "--stopping-step", "None"], ["--learning_rate=0.01", "--threshold", "null"],
                        ["--learning_rate=0.01", "--mixture_weights", "0.15,0.75,0.1"],
                        ["--learning_rate=0.01", "--mixture_weights", "[0.15, 0.75, 0.1]"]):
            self.assertEqual(self.trained("--data", self.table, *HELD_OUT, *options), expected, options)
        self.assertNotEqual(self.trained("--data", self.table, *HELD_OUT, "--learning_rate", "0.02"), expected)
        self.assertNotEqual(self.trained("--data", self.table, *HELD_OUT, "--learning_rate=0.01", "--mixture_weights=0.25,0.65,0.1"), expected)

    def test_wrong_values(self):
        wrong = {"preset": ["nonsense"], "hidden_dimension": ["0", "-3", "1.5"], "latent_dimension": ["0"], "dropout_prob": ["1", "-0.1", "nan"],
                 "mixture_weights": ["[0.5,0.4,0.2]", "[0.5,0.5]", "[1.5,-0.5,0]", "x"], "learning_rate": ["inf", "1e-3x"], "epochs": ["0", "99999999999999999999"],
                 "train_batch_size": ["0"], "eval_batch_size": ["-1"], "gamma": ["inf"], "beta": ["nan"], "alternating": ["maybe"], "prior_update": ["sometimes"],
                 "init": ["magic"], "seed": ["1.5"], "metrics": ["nonsense@5", "[ndcg@0]"], "valid_metric": ["nonsense@9"], "heldout_users": ["0", "x"], "threshold": ["x"],
                 "split": ["nonsense"], "validation_ratio": ["1"], "split_seed": ["-1"], "ratios": ["[]", "[1,0]", "x"], "order": ["TS"],
                 "group_by": ["item"], "time_users": ["old"], "valid_from": ["2020-02-30"], "test_from": ["soon"], "test_history": ["some"], "data_format": ["xml"]}
        for option, values in wrong.items():
            for value in values:
                self.bad(2, "recvae_train", "--data", self.table, f"--{option}={value}", names=option)
        self.bad(2, "recvae_prepare", "--data", self.table, "--heldout_users=-1", names="heldout_users")


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
        self.bad(2, "recvae_train", "--data", self.home / "parts", "--split_seed", 98765, names="split_seed")

        # A model is evaluated by the validation part it was trained without.
        options = ["--validation_ratio", 0.3, "--seed", 5]
        out, stdout, _ = self.train("--data", self.home / "parts", "--epochs", 2, *options)
        evaluate = ["recvae_evaluate", "--data", self.home / "parts", "--model", out / "model.safetensors"]
        last = json.loads((out / "metrics.jsonl").read_text().splitlines()[-1])["valid"]["ndcg@100"]
        evaluate[-1] = out / "checkpoint/model.safetensors"
        on_validation = lambda *more: json.loads(self.good(*evaluate, "--on", "validation", "--json", *more)[0])["ndcg@100"]
        self.assertAlmostEqual(on_validation(), last, places=12)
        self.assertAlmostEqual(on_validation(*options), last, places=12)
        self.assertNotEqual(on_validation("--seed", 6), on_validation())
        self.assertNotEqual(on_validation("--validation_ratio", 0.2), on_validation())
        self.bad(2, *evaluate, "--seed", -1, names="seed")

        # A baseline of the test learns from training and validation items: how they are parted changes nothing.
        popularity = ["recvae_evaluate", "--data", self.home / "adjacency", "--baseline", "popularity", "--json"]
        expected, _ = self.good(*popularity, "--validation_ratio", 0)
        for ratio in (0.1, 0.5):
            self.assertEqual(self.good(*popularity, "--validation_ratio", ratio, "--seed", 3)[0], expected)
            _, stdout, _ = self.train("--data", self.home / "adjacency", "--validation_ratio", ratio, "--metrics", "recall@5")
            self.assertEqual(result_of(stdout)["popularity recall@5"], result_of(self.good(*popularity[:-1], "--metrics", "recall@5")[0])["recall@5"])

        # Nothing to choose by: the last epoch is kept.
        out, _, _ = self.train("--data", self.home / "adjacency", "--validation_ratio", 0, "--epochs", 3)
        records = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual([record["valid"] for record in records], [None] * 3)
        self.assertEqual(self.weights(out, "model.safetensors"), self.weights(out))


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
        for name, options in {"default": [], "seed": ["--seed", 1337], "split": ["--split_seed", 1337, "--seed", 5], "other": ["--seed", 5]}.items():
            self.good("recvae_prepare", "--data", self.table, "--split", "ratio", *options, "--out", self.home / "seeds" / name)
            prepared[name] = self.read_parts(self.home / "seeds" / name)
        self.assertEqual(prepared["seed"], prepared["default"])
        self.assertEqual(prepared["split"], prepared["default"])
        self.assertNotEqual(prepared["other"], prepared["default"])
        options = ["--metrics", "recall@5", "--seed", 5]  # a model is evaluated by its own seed
        out, stdout, _ = self.train("--data", self.table, "--split", "ratio", *options)
        self.assertEqual(self.good("recvae_evaluate", "--model", out / "model.safetensors", "--data", self.table, "--metrics", "recall@5")[0], stdout.splitlines(True)[-1])
        self.assertEqual(self.trained("--data", self.table, "--split", "ratio", *options), self.trained("--data", self.home / "seeds/other", *options))

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
        self.bad(1, *evaluate, "--ratios", "[0.1,0.1,0.8]", names="do not match")
        self.assertEqual(self.good(*evaluate, "--split", "ratio")[0], expected)
        self.bad(1, *evaluate, "--split", "loo", names="do not match")
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
        self.bad(2, "recvae_prepare", *data, "--test_history", "train", names="unknown option --test_history")
        self.bad(2, "recvae_evaluate", *data, "--baseline", "popularity", "--order", "TO", names="--split")
        self.assertNotEqual(self.good("recvae_evaluate", *data, "--baseline", "popularity", "--split", "loo")[0], "")
        stdout, _ = self.good("recvae_prepare", "--help")
        for text in ("train.csv", ".train.inter", "--seed"):
            self.assertIn(text, stdout)


class TrainTest(CommandsTest):
    def test_same_bytes_for_any_threads_and_out(self):
        expected = {name: (self.run_dir / name).read_bytes() for name in ("model.safetensors", "checkpoint/model.safetensors")}
        for threads in (1, 2, 4):
            out, stdout, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", 3, "--threads", threads)
            for name, content in expected.items():
                self.assertEqual((out / name).read_bytes(), content, f"{name} with {threads} threads")
            self.assertEqual(stdout, self.run_stdout)
        out, _, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", 3, "--seed", 1)
        self.assertNotEqual(self.weights(out), self.weights(self.run_dir))

    def test_metrics_file(self):
        lines = (self.run_dir / "metrics.jsonl").read_text().splitlines()
        self.assertEqual(len(lines), 3)
        for number, line in enumerate(lines, 1):
            record = json.loads(line)
            self.assertEqual(set(record), {"epoch", "train_loss", "train_mll", "train_kld", "decoder_mll", "valid", "seconds", "valid_seconds", "users_per_second"})
            self.assertEqual(record["epoch"], number)
            self.assertAlmostEqual(record["train_loss"], record["train_kld"] - record["train_mll"], places=9)
            self.assertLess(record["train_mll"], 0)
            self.assertLess(record["decoder_mll"], 0)
            self.assertEqual(set(record["valid"]), {"ndcg@100", "recall@20", "recall@50"})
            visits = 4 * 64  # three encoder passes and a decoder pass over the training users
            self.assertAlmostEqual(record["users_per_second"] * record["seconds"], visits, delta=1e-6 * visits)
        joint, _, _ = self.train("--data", self.table, *HELD_OUT, "--alternating", "false", "--epochs", 3, "--eval_step", 2)
        records = [json.loads(line) for line in (joint / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual([record["decoder_mll"] for record in records], [None] * 3)
        self.assertIsNone(records[0]["valid"])
        self.assertIsNotNone(records[1]["valid"])

    def test_best_epoch_is_kept(self):
        # A learning rate that spoils the model: the best epoch is not the last one.
        out, _, stderr = self.train("--data", self.table, *HELD_OUT, "--epochs", 8, "--learning_rate", 0.3)
        values = [json.loads(line)["valid"]["ndcg@100"] for line in (out / "metrics.jsonl").read_text().splitlines()]
        best = 1 + values.index(max(values))
        self.assertIn(f"test of epoch {best} ", stderr)
        self.assertLess(best, 8, "choose other settings: this test needs a run that gets worse")
        self.assertNotEqual(self.weights(out, "model.safetensors"), self.weights(out))
        as_best, _, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", best, "--learning_rate", 0.3)
        self.assertEqual(self.weights(out, "model.safetensors"), self.weights(as_best))
        evaluated, _ = self.good("recvae_evaluate", "--model", out / "model.safetensors", "--data", self.table, "--on", "validation", "--json", "--metrics", "ndcg@100")
        self.assertAlmostEqual(json.loads(evaluated)["ndcg@100"], max(values), places=12)
        stopped, _, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", 50, "--learning_rate", 0.3, "--stopping_step", 2)
        self.assertLess(len((stopped / "metrics.jsonl").read_text().splitlines()), 50)

    def test_printed_result(self):
        labels = ["ndcg@100", "recall@20", "recall@50"]
        expected = [f"{baseline} {label}" for baseline in ("popularity", "ease") for label in labels] + labels
        lines = self.run_stdout.splitlines()
        self.assertEqual(len(lines), len(expected))
        for label, line in zip(expected, lines):
            self.assertRegex(line, rf"^{label}:\t[01]\.\d{{4}}$")
        _, stdout, stderr = self.train("--data", self.table, *HELD_OUT, "--quiet", "--metrics", "[NDCG@10, recall]", "--topk", "[3,7]")
        self.assertEqual(stderr, "")
        self.assertEqual(list(result_of(stdout))[-3:], ["ndcg@10", "recall@3", "recall@7"])

    def test_baselines(self):
        for chosen in ([], ["popularity"], ["itemknn", "ease"]):
            _, stdout, _ = self.train("--data", self.table, *HELD_OUT, "--baselines", "[" + ",".join(chosen) + "]", "--metrics", "ndcg@10", "--lambda", 20, "--neighbors", 3)
            self.assertEqual(list(result_of(stdout)), [f"{name} ndcg@10" for name in chosen] + ["ndcg@10"])
            for name in chosen:
                evaluated, _ = self.good("recvae_evaluate", "--baseline", name, "--data", self.table, *HELD_OUT, "--metrics", "ndcg@10", "--lambda", 20, "--neighbors", 3)
                self.assertEqual(evaluated, f"ndcg@10:\t{result_of(stdout)[f'{name} ndcg@10']}\n")
        # Without --lambda the one that is best on validation.
        best = max((10, 50, 250, 1250), key=lambda value: json.loads(self.good("recvae_evaluate", "--baseline", "ease", "--lambda", value, "--data", self.table, *HELD_OUT, "--on", "validation", "--metrics", "ndcg@100", "--json")[0])["ndcg@100"])
        self.assertIn(f"ease: lambda {best}.0", self.run_stderr)
        evaluated, _ = self.good("recvae_evaluate", "--baseline", "ease", "--lambda", best, "--data", self.table, *HELD_OUT)
        self.assertIn("".join(f"ease {line}\n" for line in evaluated.splitlines()), self.run_stdout)
        for none in ("none", "None", "null"):
            self.assertEqual(list(result_of(self.train("--data", self.table, *HELD_OUT, "--baselines", none)[1])), ["ndcg@100", "recall@20", "recall@50"])
        # What a baseline lacks is said before the training, or costs the model's own result nothing.
        wide = self.put("wide.csv", HEADER + "".join(f"{user},{item},5,1\n" for user in range(4) for item in range(user, 400000, 4)))
        self.bad(1, "recvae_train", "--data", wide, "--baselines", "ease", "--hidden_dimension", 1, "--latent_dimension", 1, names="of free memory")
        same = self.put("same.csv", HEADER + "".join(f"{user},{item},5,1\n" for user in range(12) for item in range(6)))
        _, stdout, stderr = self.train("--data", same, "--lambda", 1e-30, "--metrics", "ndcg@10")
        self.assertEqual(list(result_of(stdout)), ["popularity ndcg@10", "ndcg@10"])
        self.assertIn("warning: ease: ", stderr)
        self.bad(2, "recvae_train", "--data", self.table, "--baselines", "[nonsense]", names="nonsense")
        self.bad(2, "recvae_train", "--data", self.table, "--lambda", 0, names="lambda")

    def test_smaller_is_better(self):
        out, _, stderr = self.train("--data", self.table, *HELD_OUT, "--epochs", 6, "--valid_metric", "giniindex@5")
        values = [json.loads(line)["valid"]["giniindex@5"] for line in (out / "metrics.jsonl").read_text().splitlines()]
        self.assertIn(f"test of epoch {1 + values.index(min(values))} ", stderr)

    def test_weight_file(self):
        header, metadata, _ = read_safetensors(self.model)
        items, hidden, latent = 40, 16, 6
        encoder = {"fc1.weight": [hidden, items], "fc_mu.weight": [latent, hidden], "fc_mu.bias": [latent], "fc_logvar.weight": [latent, hidden], "fc_logvar.bias": [latent]}
        for k in range(1, 6):
            encoder.setdefault(f"fc{k}.weight", [hidden, hidden])
            encoder.update({f"fc{k}.bias": [hidden], f"ln{k}.weight": [hidden], f"ln{k}.bias": [hidden]})
        expected = {f"{prefix}.{name}": shape for prefix in ("encoder", "prior.encoder_old") for name, shape in encoder.items()}
        expected |= {f"prior.{name}": [1, latent] for name in ("mu_prior", "logvar_prior", "logvar_uniform_prior")}
        expected |= {"decoder.weight": [items, latent], "decoder.bias": [items]}
        self.assertEqual({name: entry["shape"] for name, entry in header.items()}, expected)
        self.assertEqual({entry["dtype"] for entry in header.values()}, {"F32"})
        self.assertEqual(set(metadata), {"format", "settings", "item_tokens"})
        self.assertEqual(metadata["format"], "recvae 1")
        self.assertEqual(json.loads(metadata["item_tokens"]), (self.prepared / "unique_sid.txt").read_text().split())
        settings = json.loads(metadata["settings"])
        self.assertEqual((settings["hidden_dimension"], settings["heldout_users"]), (16, 8))
        self.assertFalse({"threads", "data", "out"} & set(settings))
        self.assertNotIn(str(self.home), json.dumps(metadata))

    def test_existing_out(self):
        out = self.home / "taken"
        self.put("taken/mine.txt", "mine")
        code, stdout, stderr = run("recvae_train", "--data", self.table, *TINY, *HELD_OUT, "--out", out)
        self.assertEqual((code, stdout), (1, ""))
        self.assertRegex(stderr, r"^recvae_train: .*--overwrite.*\n$")
        self.assertEqual(os.listdir(out), ["mine.txt"])
        for _ in range(2):
            self.good("recvae_train", "--data", self.table, *TINY, *HELD_OUT, "--epochs", 2, "--out", out, "--overwrite")
            self.assertEqual((out / "mine.txt").read_text(), "mine")
            self.assertEqual(len((out / "metrics.jsonl").read_text().splitlines()), 2)
        # A run that fails before it begins leaves the earlier one alone.
        before = (out / "model.safetensors").read_bytes()
        self.bad(1, "recvae_train", "--data", self.home / "none.csv", "--out", out, "--overwrite", out=False)
        self.assertEqual((out / "model.safetensors").read_bytes(), before)
        empty = self.fresh()
        empty.mkdir()
        self.good("recvae_train", "--data", self.table, *TINY, *HELD_OUT, "--epochs", 1, "--out", empty)

    def test_unwritable_out(self):
        for command in ("recvae_train", "recvae_prepare"):
            tiny = TINY if command == "recvae_train" else []
            self.bad(1, command, "--data", self.table, *tiny, *HELD_OUT, "--out", self.table / "below", out=False)
            self.bad(1, command, "--data", self.table, *tiny, *HELD_OUT, "--out", self.table, out=False)
            self.assertEqual(self.table.read_text(), TABLE)

    def start(self, out, *options):
        endless = ["--epochs", 1000000, "--data", self.table, *HELD_OUT, *TINY]
        process = subprocess.Popen([TOOLS / "recvae_train", *map(str, [*endless, *options]), "--out", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_until(self, process, condition):
        end = time.monotonic() + TIMEOUT
        while not condition():
            self.assertIsNone(process.poll(), "the run has ended by itself")
            self.assertLess(time.monotonic(), end)
            time.sleep(0.005)

    @staticmethod
    def locked(directory):
        """Is a run writing there? Asked of the kernel: taking the lock to see would turn the run away."""
        if not directory.exists():
            return False
        inode = directory.stat().st_ino
        return any(f":{inode} " in line for line in Path("/proc/locks").read_text().splitlines())

    def test_signals_keep_finished_epochs(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            out = self.fresh()
            process = self.start(out)
            log = out / "metrics.jsonl"
            self.wait_until(process, lambda: log.exists() and log.read_text().count("\n") >= 3)
            process.send_signal(number)
            stdout, stderr = process.communicate(timeout=TIMEOUT)
            self.assertEqual(process.returncode, code)
            self.assertEqual(stdout, b"")
            lines = stderr.decode().splitlines()
            self.assertEqual([line for line in lines if line.startswith("recvae_train:")], lines[-1:])
            records = [json.loads(line) for line in log.read_text().splitlines()]
            self.assertEqual([record["epoch"] for record in records], list(range(1, len(records) + 1)))
            self.assertEqual(sorted(p.name for p in out.rglob("*") if p.is_file()), ["metrics.jsonl", "model.safetensors", "model.safetensors"])
            # The files are whole, and those of the last finished epoch.
            evaluated, _ = self.good("recvae_evaluate", "--model", out / "checkpoint/model.safetensors", "--data", self.table, "--on", "validation", "--json")
            self.assertAlmostEqual(json.loads(evaluated)["ndcg@100"], records[-1]["valid"]["ndcg@100"], places=12)

    def test_stopped_in_the_first_epoch(self):
        empty = self.fresh()
        empty.mkdir()
        for out in (self.fresh(), self.fresh() / "deeper", empty):
            process = self.start(out, "--n_enc_epochs", 1000000)
            self.wait_until(process, lambda: self.locked(out))
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=TIMEOUT)
            self.assertEqual(process.returncode, 130)
            if out == empty:
                self.assertEqual(os.listdir(out), [])
            else:
                self.assertFalse(out.exists())

    def test_one_run_at_a_time(self):
        out = self.fresh()
        process = self.start(out, "--n_enc_epochs", 1000000)
        self.wait_until(process, lambda: self.locked(out))
        self.bad(1, "recvae_train", "--data", self.table, *TINY, "--out", out, "--overwrite", out=False)
        self.assertTrue(out.exists(), "the second run has removed what the first one made")

    def test_overwriting_waits_for_a_result(self):
        out, _, _ = self.train("--data", self.table, *HELD_OUT)
        before = (out / "model.safetensors").read_bytes()
        self.bad(1, "recvae_train", "--data", self.table, *TINY, *HELD_OUT, "--learning_rate", "1e30", "--epochs", 2, "--out", out, "--overwrite", out=False)
        self.assertEqual((out / "model.safetensors").read_bytes(), before)
        (out / "checkpoint/mine").write_text("kept")
        self.good("recvae_train", "--data", self.table, *TINY, *HELD_OUT, "--epochs", 1, "--seed", 9, "--out", out, "--overwrite")
        self.assertEqual((out / "checkpoint/mine").read_text(), "kept")
        self.assertNotEqual((out / "model.safetensors").read_bytes(), before)

    def test_init_from(self):
        _, _, stderr = self.train("--data", self.table, *HELD_OUT, "--init_from", self.model)
        self.assertIn("40 items kept, 0 new, 0 dropped", stderr)
        # Learning nothing shows what the weights start from.
        still = ["--learning_rate", "0", "--prior_update", "never"]
        out, _, _ = self.train("--data", self.table, *HELD_OUT, "--init_from", self.model, *still)
        self.assertEqual(self.weights(out), self.weights(self.run_dir, "model.safetensors"))
        # What learns keeps the old encoder all the same, and nothing but results stays on disk.
        out, _, _ = self.train("--data", self.table, *HELD_OUT, "--init_from", self.model, "--prior_update", "never", "--epochs", "2")
        before, after = self.weights(self.run_dir, "model.safetensors"), self.weights(out)
        for name in before:
            self.assertEqual(before[name] == after[name], name.startswith("prior."), name)
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["checkpoint", "metrics.jsonl", "model.safetensors"])
        # Another catalogue: items 100 to 103 have new names.
        renamed = self.put("renamed.csv", re.sub(r"(?m)^(\d+),10([0-3]),", r"\1,new\2,", TABLE))
        out, _, stderr = self.train("--data", renamed, *HELD_OUT, "--init_from", self.model, *still)
        self.assertIn("36 items kept, 4 new, 4 dropped", stderr)
        fresh = self.weights(self.train("--data", renamed, *HELD_OUT, *still)[0])
        _, metadata, before = read_safetensors(self.model)
        _, metadata_after, after = read_safetensors(out / "checkpoint/model.safetensors")
        old_tokens, tokens = (json.loads(m["item_tokens"]) for m in (metadata, metadata_after))
        row = 4 * 6
        for k, token in enumerate(tokens):
            here = after["decoder.weight"][k * row:(k + 1) * row]
            there = old_tokens.index(token) if token in old_tokens else k
            source = before if token in old_tokens else fresh
            self.assertEqual(here, source["decoder.weight"][there * row:(there + 1) * row], token)
        self.assertEqual(after["encoder.fc3.weight"], before["encoder.fc3.weight"])
        # Without tokens the sizes have to agree.
        header, _, tensors = read_safetensors(self.model)
        bare = write_safetensors(self.home / "bare.safetensors", header, tensors)
        out, _, _ = self.train("--data", self.table, *HELD_OUT, "--init_from", bare, *still)
        self.assertEqual(self.weights(out), tensors)
        fewer = self.put("fewer.csv", "".join(line for line in TABLE.splitlines(keepends=True) if ",100," not in line))
        self.bad(1, "recvae_train", "--data", fewer, *TINY, *HELD_OUT, "--init_from", bare)
        self.bad(1, "recvae_train", "--data", self.table, "--hidden_dimension", 17, "--latent_dimension", 6, "--init_from", self.model)
        self.bad(1, "recvae_train", "--data", self.table, *TINY, "--init_from", self.home / "none.safetensors", names="none.safetensors")

    def test_what_simply_works(self):
        files = {name: (self.prepared / name).read_text() for name in PREPARED_FILES}
        sparse = "".join(line for line in files["train.csv"].splitlines(keepends=True) if not re.match(r"(0|5|6|30),", line))
        for name, text in (files | {"train.csv": sparse}).items():
            self.put(f"sparse/{name}", text)
        for options in (["--data", self.home / "sparse"], ["--data", self.home / "sparse", "--gamma", 0],
                        ["--data", self.prepared, "--metrics", "[ndcg@1000,recall@1000]", "--valid_metric", "ndcg@1000"],
                        ["--data", self.prepared, "--train_batch_size", 100000, "--eval_batch_size", 100000], ["--data", self.prepared, "--train_batch_size", 1],
                        ["--data", self.prepared, "--mixture_weights", "[0.25,0.75,0]"], ["--data", self.prepared, "--dropout_prob", 0.99],
                        ["--data", self.prepared, "--threads", 64], ["--data", self.prepared, "--preset", "wsdm"], ["--data", self.prepared, "--init", "xavier_normal"]):
            out, stdout, _ = self.train(*options, "--epochs", 2)
            for line in (out / "metrics.jsonl").read_text().splitlines():
                record = json.loads(line)
                for value in (record["train_mll"], record["train_kld"], record["decoder_mll"], *record["valid"].values()):
                    self.assertTrue(math.isfinite(value), options)
            for name, data in self.weights(out).items():
                self.assertTrue(all(map(math.isfinite, struct.unpack(f"<{len(data) // 4}f", data))), f"{name}, {options}")
            if "recall@1000" in stdout:
                self.assertEqual(result_of(stdout)["recall@1000"], "1.0000")


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


class EvaluateTest(CommandsTest):
    def test_split_of_the_model(self):
        options = ["--threshold", "1.5", "--heldout_users", 6, "--split_seed", 5]
        out, stdout, _ = self.train("--data", self.table, *options, "--epochs", 2)
        model = out / "model.safetensors"
        evaluated, _ = self.good("recvae_evaluate", "--model", model, "--data", self.table)
        self.assertEqual(evaluated.splitlines(), stdout.splitlines()[-3:])
        self.assertEqual(self.good("recvae_evaluate", "--model", model, "--data", "-", stdin=TABLE)[0], evaluated)
        self.assertEqual(self.good("recvae_evaluate", "--model", model, "--data", self.table, *options, "--threads", 2)[0], evaluated)
        # The same users from a prepared directory.
        prepared = self.fresh()
        self.good("recvae_prepare", "--data", self.table, *options, "--out", prepared)
        self.assertEqual(self.good("recvae_evaluate", "--model", model, "--data", prepared)[0], evaluated)
        self.assertNotEqual(self.good("recvae_evaluate", "--model", model, "--data", prepared, "--on", "validation")[0], evaluated)
        self.bad(1, "recvae_evaluate", "--model", model, "--data", self.table, "--split_seed", 6, names="items do not match")
        self.bad(1, "recvae_evaluate", "--model", model, "--data", self.prepared, names="items do not match")

    def test_json(self):
        printed, _ = self.good("recvae_evaluate", "--model", self.model, "--data", self.table, "--metrics", "[ndcg@7,recall]", "--topk", "5")
        stdout, _ = self.good("recvae_evaluate", "--model", self.model, "--data", self.table, "--metrics", "[ndcg@7,recall]", "--topk", "5", "--json")
        exact = json.loads(stdout)
        self.assertEqual(list(exact), ["ndcg@7", "recall@5"])
        self.assertEqual({label: f"{value:.4f}" for label, value in exact.items()}, result_of(printed))

    def popularity(self, kind):
        """{metric: mean} of recommending what most training users have."""
        def rows(name):
            out = {}
            for line in (self.prepared / name).read_text().splitlines()[1:]:
                uid, sid = map(int, line.split(","))
                out.setdefault(uid, set()).add(sid)
            return out
        counts = [0] * 40
        for items in rows("train.csv").values():
            for item in items:
                counts[item] += 1
        ranking = sorted(range(40), key=lambda item: (-counts[item], item))
        ndcg, recall = [], []
        history = rows(f"{kind}_tr.csv")
        for uid, targets in rows(f"{kind}_te.csv").items():
            best = [item for item in ranking if item not in history[uid]]
            gains = [1 / math.log2(rank + 2) for rank, item in enumerate(best[:100]) if item in targets]
            ndcg.append(sum(gains) / sum(1 / math.log2(rank + 2) for rank in range(len(targets))))
            recall.append(len(targets & set(best[:5])) / min(5, len(targets)))
        return {"ndcg@100": sum(ndcg) / len(ndcg), "recall@5": sum(recall) / len(recall)}

    def test_popularity(self):
        for kind in ("test", "validation"):
            stdout, _ = self.good("recvae_evaluate", "--baseline", "popularity", "--data", self.prepared, "--on", kind, "--metrics", "[ndcg@100,recall@5]", "--json")
            found, expected = json.loads(stdout), self.popularity(kind)
            for label, value in expected.items():
                self.assertAlmostEqual(found[label], value, places=12)
        stdout, _ = self.good("recvae_evaluate", "--baseline", "popularity", "--data", self.table, *HELD_OUT)
        self.assertEqual(["popularity " + line for line in stdout.splitlines()], self.run_stdout.splitlines()[:3])

    ALL = "[ndcg,recall,precision,hit,mrr,map,itemcoverage,averagepopularity,giniindex,shannonentropy,tailpercentage,gauc]"

    def test_all_metrics(self):
        evaluate = ["recvae_evaluate", "--model", self.model, "--data", self.table, "--metrics", self.ALL, "--topk", "[2,10]"]
        expected, _ = self.good(*evaluate, "--json")
        values = json.loads(expected)
        self.assertEqual(len(values), 2 * 11 + 1)
        self.assertIn("gauc", values)
        for options in (["--threads", 1], ["--threads", 4], ["--eval_batch_size", 7]):
            self.assertEqual(self.good(*evaluate, "--json", *options)[0], expected)
        tail = [json.loads(self.good(*evaluate, "--json", "--tail_ratio", ratio)[0])["tailpercentage@10"] for ratio in ("none", 0.5, 1, 1000)]
        self.assertEqual(tail[0], values["tailpercentage@10"])
        self.assertLess(tail[0], tail[1])
        self.assertEqual(tail[2:], [1, 1])
        full = json.loads(self.good(*evaluate, "--json", "--recall_denominator", "all")[0])
        self.assertEqual({label for label in values if values[label] != full[label]}, {"recall@2"})  # nobody has more than ten targets
        printed, _ = self.good(*evaluate)
        self.assertEqual(result_of(printed), {label: f"{value:.4f}" for label, value in values.items()})
        self.bad(2, *evaluate, "--metrics", "gauc@10", names="gauc")
        # A model says how its result was measured.
        out, stdout, _ = self.train("--data", self.table, *HELD_OUT, "--recall_denominator", "all", "--tail_ratio", 0.5, "--metrics", "[recall@2,tailpercentage@10]", "--baselines", "[]")
        self.assertEqual(self.good("recvae_evaluate", "--model", out / "model.safetensors", "--data", self.table)[0], stdout)

    def test_per_user(self):
        path = self.home / "per_user.tsv"
        stdout, _ = self.good("recvae_evaluate", "--model", self.model, "--data", self.table, "--metrics", self.ALL, "--topk", "5", "--json", "--per_user", path)
        means = json.loads(stdout)
        header, *rows = [line.split("\t") for line in path.read_text().splitlines()]
        self.assertEqual(header, ["user", *means])
        users = (self.prepared / "unique_uid.txt").read_text().splitlines()
        targets = {}
        for line in (self.prepared / "test_te.csv").read_text().splitlines()[1:]:
            uid = int(line.split(",")[0])
            targets[users[uid]] = targets.get(users[uid], 0) + 1
        self.assertEqual({row[0] for row in rows}, set(targets))
        for column, label in enumerate(header[1:], 1):
            cells = [row[column] for row in rows]
            if label.split("@")[0] in ("itemcoverage", "giniindex", "shannonentropy"):
                self.assertEqual(set(cells), {""})
                continue
            weights = [targets[row[0]] if label == "gauc" else 1 for row in rows]
            mean = sum(w * float(cell) for w, cell in zip(weights, cells)) / sum(weights)
            self.assertAlmostEqual(mean, means[label], delta=1e-12 * max(1, means[label]))
        per_user = ["recvae_evaluate", "--model", self.model, "--data", self.table, "--per_user"]
        self.bad(1, *per_user, self.home / "none" / "x.tsv", names="x.tsv")
        # What stands beside the file, behind a link or is no file stays what it is.
        folder = self.home / "per_user"
        folder.mkdir()
        (folder / "beside.tsv.tmp").write_text("precious")
        (folder / "behind.tsv").write_text("old")
        (folder / "link.tsv").symlink_to("behind.tsv")
        for name in ("beside.tsv", "link.tsv"):
            self.good(*per_user, folder / name)
        self.assertEqual(sorted(os.listdir(folder)), ["behind.tsv", "beside.tsv", "beside.tsv.tmp", "link.tsv"])
        self.assertEqual((folder / "beside.tsv.tmp").read_text(), "precious")
        self.assertTrue((folder / "link.tsv").is_symlink())
        self.assertEqual((folder / "behind.tsv").read_text(), (folder / "beside.tsv").read_text())
        os.mkfifo(folder / "pipe")
        reader = subprocess.Popen(["cat", folder / "pipe"], stdout=subprocess.PIPE, text=True)
        self.good(*per_user, folder / "pipe")
        self.assertEqual(reader.communicate(timeout=TIMEOUT)[0], (folder / "beside.tsv").read_text())
        tabs = self.put("tabs.csv", HEADER + "".join(f'"u\t{user}",{item},5,1\n' for user in range(5) for item in range(6)))
        self.bad(1, "recvae_evaluate", "--baseline", "popularity", "--data", tabs, "--split", "loo", "--per_user", folder / "x.tsv", names="tabs")
        self.assertFalse((folder / "x.tsv").exists())

    def test_stopped_at_once(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            command = [TOOLS / "recvae_evaluate", "--model", self.model, "--data", self.table, "--bootstrap", "10000000", "--threads", "1"]
            with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
                self.assertIn("test users", process.stderr.readline())  # the drawing begins
                process.send_signal(number)
                stdout, stderr = process.communicate(timeout=TIMEOUT)
            self.assertEqual((process.returncode, stdout, stderr), (128 + number, "", "recvae_evaluate: stopped\n"))
        self.bad(2, "recvae_evaluate", "--model", self.model, "--data", self.table, "--bootstrap", 10**18, names="bootstrap")

    def test_bootstrap(self):
        evaluate = ["recvae_evaluate", "--model", self.model, "--data", self.table, "--metrics", "[ndcg@10,giniindex@10]", "--bootstrap", 500]
        lines = self.good(*evaluate)[0].splitlines()
        self.assertEqual([line.split(":")[0] for line in lines], ["ndcg@10", "giniindex@10", "interval ndcg@10"])
        low, high = map(float, lines[2].split("\t")[1:])
        self.assertLess(low, float(lines[0].split("\t")[1]))
        self.assertGreater(high, float(lines[0].split("\t")[1]))
        exact = json.loads(self.good(*evaluate, "--json")[0])
        self.assertEqual([f"{value:.4f}" for value in exact["intervals"]["ndcg@10"]], lines[2].split("\t")[1:])
        self.assertEqual(exact["intervals"]["giniindex@10"], [None, None])
        self.bad(2, *evaluate[:-1], 0, names="bootstrap")

    def test_compare(self):
        other, _, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", 1, "--seed", 2)
        data = ["--data", self.table, "--metrics", "[ndcg@10,itemcoverage@10]"]
        first, second = (json.loads(self.good("recvae_evaluate", "--model", model, *data, "--json")[0]) for model in (self.model, other / "model.safetensors"))
        evaluate = ["recvae_evaluate", "--model", self.model, "--compare", other / "model.safetensors", *data]
        found = json.loads(self.good(*evaluate, "--json")[0])
        for label in ("ndcg@10", "itemcoverage@10"):
            self.assertEqual(found[label], first[label])
            self.assertEqual(found["compared"][label], second[label])
            self.assertAlmostEqual(found["differences"][label]["mean"], first[label] - second[label], places=12)
        difference = found["differences"]["ndcg@10"]
        self.assertLess(difference["low"], difference["mean"])
        self.assertLess(difference["mean"], difference["high"])
        self.assertGreater(difference["p"], 0)
        self.assertIsNone(found["differences"]["itemcoverage@10"]["p"])
        lines = self.good(*evaluate)[0].splitlines()
        self.assertEqual(lines[-2], "difference ndcg@10:\t" + "\t".join(f"{difference[key]:.4f}" for key in ("mean", "low", "high", "p")))
        self.assertEqual(len(lines[-1].split("\t")), 2)
        # A model with itself, and with a baseline, which takes the split of the model.
        same = json.loads(self.good("recvae_evaluate", "--model", self.model, "--compare", self.model, *data, "--json")[0])
        self.assertEqual(same["differences"]["ndcg@10"], {"mean": 0, "low": 0, "high": 0, "p": 1})
        against = json.loads(self.good("recvae_evaluate", "--baseline", "ease", "--compare", self.model, *data, "--json")[0])
        self.assertEqual(against["compared"], first)
        alone = json.loads(self.good("recvae_evaluate", "--baseline", "ease", *data, *HELD_OUT, "--json")[0])
        self.assertEqual({label: against[label] for label in alone}, alone)
        self.bad(1, "recvae_evaluate", "--model", self.model, "--compare", self.home / "none.safetensors", *data, names="none.safetensors")

    def test_bad_input(self):
        self.bad(2, "recvae_evaluate", "--data", self.table)
        self.bad(2, "recvae_evaluate", "--data", self.table, "--model", self.model, "--baseline", "popularity")
        self.bad(2, "recvae_evaluate", "--data", self.table, "--baseline", "nonsense", names="nonsense")
        self.bad(2, "recvae_evaluate", "--data", self.table, "--model", self.model, "--on", "nonsense", names="nonsense")
        self.bad(2, "recvae_evaluate", "--data", self.table, "--model", self.model, "--metrics", "nonsense@3", names="nonsense")
        self.bad(2, "recvae_evaluate", "--data", self.prepared, "--model", self.model, "--heldout_users", 3, names="heldout_users")
        self.bad(1, "recvae_evaluate", "--data", self.table, "--model", self.home / "none.safetensors", names="none.safetensors")
        self.bad(1, "recvae_evaluate", "--data", self.table, "--model", self.home)
        self.bad(1, "recvae_evaluate", "--data", self.home / "none.csv", "--model", self.model, names="none.csv")

    def test_ease_beyond_memory(self):
        path = self.put("wide/train.txt", "".join(f"{user} {' '.join(map(str, range(1000000)))}\n" for user in range(3)))
        self.bad(1, "recvae_evaluate", "--baseline", "ease", "--data", path, names="4004.1 GB")

    def test_weights_without_metadata(self):
        header, _, tensors = read_safetensors(self.model)
        bare = write_safetensors(self.home / "weights.safetensors", header, tensors)
        expected, _ = self.good("recvae_evaluate", "--model", self.model, "--data", self.prepared, "--json")
        self.assertEqual(self.good("recvae_evaluate", "--model", bare, "--data", self.prepared, "--json")[0], expected)
        wide = {name: struct.pack(f"<{len(data) // 4}d", *struct.unpack(f"<{len(data) // 4}f", data)) for name, data in tensors.items()}
        double = write_safetensors(self.home / "double.safetensors", {name: {**entry, "dtype": "F64"} for name, entry in header.items()}, wide)
        self.assertEqual(self.good("recvae_evaluate", "--model", double, "--data", self.prepared, "--json")[0], expected)
        other_eps, _ = self.good("recvae_evaluate", "--model", bare, "--data", self.prepared, "--json", "--layer_norm_eps", "1e-5")
        self.assertNotEqual(other_eps, expected)
        # Their items are named by the data.
        named, _ = self.good("recvae_recommend", "--model", self.model, "--data", self.prepared)
        self.assertEqual(self.good("recvae_recommend", "--model", bare, "--data", self.prepared)[0], named)
        self.bad(1, "recvae_recommend", "--model", bare, stdin="100\n", names="item tokens")


class RecommendTest(CommandsTest):
    def recommend(self, *options, stdin="101\t102\n"):
        """(item, score) of each line of TSV, and stderr"""
        stdout, stderr = self.good("recvae_recommend", "--model", self.model, *options, stdin=stdin)
        lines = [line.split("\t") for line in stdout.splitlines()]
        return [(line[2], float(line[3])) for line in lines], stderr

    def test_lines(self):
        stdout, stderr = self.good("recvae_recommend", "--model", self.model, "--topk", 3, stdin="101\t102\n\n105\r\n")
        self.assertEqual(stderr, "")
        rows = [line.split("\t") for line in stdout.splitlines()]
        self.assertEqual([row[:2] for row in rows], [[str(line), str(rank)] for line in (1, 2, 3) for rank in (1, 2, 3)])
        self.assertEqual({len(row) for row in rows}, {4})
        for k in (0, 3, 6):
            scores = [float(row[3]) for row in rows[k:k + 3]]
            self.assertEqual(scores, sorted(scores, reverse=True))
        as_json, _ = self.good("recvae_recommend", "--model", self.model, "--topk", 3, "--format", "jsonl", stdin="101\t102\n\n105\r\n")
        objects = [json.loads(line) for line in as_json.splitlines()]
        self.assertEqual([o["line"] for o in objects], [1, 2, 3])
        self.assertEqual([[item, score] for o in objects for item, score in o["items"]], [[row[2], float(row[3])] for row in rows])
        self.assertEqual(self.good("recvae_recommend", "--model", self.model, stdin="")[0], "")
        path = self.put("histories.tsv", "101\t102\n\n105\r\n")
        self.assertEqual(self.good("recvae_recommend", "--model", self.model, "--topk", 3, "--input", path)[0], stdout)

    def test_json_lines(self):
        line = '{"user": "ann", "items": ["101", "102"]}\n'
        found, _ = self.recommend("--topk", 4, stdin=line)
        self.assertEqual(found, self.recommend("--topk", 4)[0])
        self.assertEqual(found, self.recommend("--topk", 4, stdin="102\t101\t102\n")[0])
        stdout, _ = self.good("recvae_recommend", "--model", self.model, "--format", "jsonl", "--topk", 4, stdin=line)
        self.assertEqual(json.loads(stdout), {"line": 1, "user": "ann", "items": [list(pair) for pair in found]})

    def test_whole_catalogue_and_seen_items(self):
        everything, _ = self.recommend("--topk", 1000)
        self.assertEqual(len(everything), 38)
        self.assertFalse({"101", "102"} & {item for item, _ in everything})
        seen, _ = self.recommend("--topk", 1000, "--include_seen")
        self.assertEqual(len(seen), 40)
        self.assertEqual([pair for pair in seen if pair[0] not in ("101", "102")], everything)

    def test_exclude_and_candidates(self):
        everything, _ = self.recommend("--topk", 1000)
        barred = [item for item, _ in everything[:3]]
        listed = self.put("items.txt", "".join(item + "\r\n" for item in barred))
        self.assertEqual(self.recommend("--topk", 5, "--exclude", listed)[0], everything[3:8])
        self.assertEqual(self.recommend("--topk", 5, "--candidates", listed)[0], everything[:3])
        self.assertEqual(self.recommend("--topk", 5, "--candidates", listed, "--exclude", listed)[0], [])
        for option in ("--exclude", "--candidates", "--item_names", "--input"):
            self.bad(1, "recvae_recommend", "--model", self.model, option, self.home / "none.txt", names="none.txt", stdin="101\n")
            self.bad(1, "recvae_recommend", "--model", self.model, option, self.home, stdin="101\n")

    def test_item_names(self):
        item, _ = self.recommend("--topk", 1)[0][0]
        names = self.put("names.tsv", f"{item}\tThe best one\nother\tno item\n")
        stdout, _ = self.good("recvae_recommend", "--model", self.model, "--topk", 2, "--item_names", names, stdin="101\t102\n")
        first, second = (line.split("\t") for line in stdout.splitlines())
        self.assertEqual((first[2], first[4:]), (item, ["The best one"]))
        self.assertEqual(second[4:], [])

    def test_unknown_items(self):
        found, stderr = self.recommend("--topk", 4, stdin="101\tnone-such\t102\tnone-such\tother\n")
        self.assertEqual(found, self.recommend("--topk", 4)[0])
        warnings = [line for line in stderr.splitlines() if "unknown" in line]
        self.assertEqual(len(warnings), 1)
        self.assertRegex(warnings[0], r"3 unknown.*none-such.*other")
        self.assertEqual(self.recommend("--topk", 4, stdin="none-such\n")[0], self.recommend("--topk", 4, stdin="\n")[0])

    def test_users_of_data(self):
        stdout, _ = self.good("recvae_recommend", "--model", self.model, "--data", self.table, "--topk", 3)
        rows = [line.split("\t") for line in stdout.splitlines()]
        users = list(dict.fromkeys(str(user) for user, *_ in ROWS))
        self.assertEqual([row[0] for row in rows[::3]], users)
        items = "\t".join(str(item) for user, item, *_ in ROWS if str(user) == users[5])
        self.assertEqual([(row[2], float(row[3])) for row in rows[15:18]], self.recommend("--topk", 3, stdin=items)[0])
        as_json, _ = self.good("recvae_recommend", "--model", self.model, "--data", self.prepared, "--topk", 3, "--format", "jsonl")
        objects = {o["user"]: [item for item, _ in o["items"]] for o in map(json.loads, as_json.splitlines())}
        self.assertEqual(set(objects), set(users))
        self.assertEqual(objects[users[5]], [row[2] for row in rows[15:18]])
        self.bad(2, "recvae_recommend", "--model", self.model, "--data", self.table, "--input", self.table)
        for option in ("split", "heldout_users", "split_seed", "validation_ratio"):  # all users, whatever the split
            self.bad(2, "recvae_recommend", "--model", self.model, "--data", self.table, f"--{option}", 1, names=f"unknown option --{option}")
        # The model's filters hold for its users unless others are given.
        filters = ["--threshold", "2.5", "--min_items_per_user", 9]
        out, _, _ = self.train("--data", self.table, *HELD_OUT, *filters, "--split_seed", 5)
        answer = lambda *more: self.good("recvae_recommend", "--model", out / "model.safetensors", "--data", self.table, *more)[0]
        self.assertEqual(answer(), answer(*filters))
        self.assertNotEqual(answer(), answer("--threshold", "none"))
        self.assertEqual(set(line.split("\t")[0] for line in answer().splitlines()), set(users))

    def test_streaming(self):
        process = subprocess.Popen([TOOLS / "recvae_recommend", "--model", self.model, "--topk", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        answer = b""
        for line in (1, 2):
            process.stdin.write(b"101\t102\n")
            process.stdin.flush()
            while answer.count(b"\n") < 2 * line:
                readable, _, _ = select.select([process.stdout], [], [], TIMEOUT)
                self.assertTrue(readable, "no answer while the pipe is open")
                block = os.read(process.stdout.fileno(), 4096)
                self.assertTrue(block, "the command has ended")
                answer += block
        process.stdin.close()
        self.assertEqual(process.stdout.read(), b"")
        process.stdout.close()
        self.assertEqual(process.wait(TIMEOUT), 0)
        self.assertEqual([line.split(b"\t")[:2] for line in answer.splitlines()], [[b"1", b"1"], [b"1", b"2"], [b"2", b"1"], [b"2", b"2"]])

    def test_bad_input(self):
        for line in ('{"user": 1, "items": ["101"\n', '{"user": 1, "items": 7}\n', '{"user": 1}\n', "101\t1\x0002\n"):
            self.bad(1, "recvae_recommend", "--model", self.model, stdin="101\n" + line, names="standard input:2")
        self.bad(2, "recvae_recommend", "--model", self.model, "--topk", 0, names="topk")
        self.bad(2, "recvae_recommend", "--model", self.model, "--format", "xml", names="xml")
        self.bad(1, "recvae_recommend", "--model", self.home / "none.safetensors", names="none.safetensors")


if __name__ == "__main__":
    unittest.main(verbosity=1)
