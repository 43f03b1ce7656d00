"""The commands from outside: what the tests of commands share.

  python3 X_test.py TOOLS [TEST...]     TOOLS: the folder with the built commands; TEST: as unittest names them
"""
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOLS = Path(sys.argv.pop(1)).resolve()
COMMANDS = ("recvae_train", "recvae_prepare", "recvae_evaluate", "recvae_recommend", "recvae_export", "recvae_similar", "recvae_tune")
TINY = ["--hidden_dimension", "16", "--latent_dimension", "6", "--train_batch_size", "20", "--threads", "1"]
HELD_OUT = ["--heldout_users", "8"]
PREPARED_FILES = ["test_te.csv", "test_tr.csv", "train.csv", "unique_sid.txt", "unique_uid.txt", "validation_te.csv", "validation_tr.csv"]
TIMEOUT = 60
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
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

    def small_disk(self, options):
        """A folder with a file system of its own in memory, for tests of root alone."""
        disk = self.fresh()
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], capture_output=True).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        return disk

    def good(self, command, *options, stdin=b""):
        code, stdout, stderr = run(command, *options, stdin=stdin)
        self.assertEqual(code, 0, stderr)
        self.assertNotIn(f"{command}:", stderr)
        return stdout, stderr

    def bad(self, code, command, *options, names="", stdin=b"", out=True):
        """The command fails with this code and one line, which holds the text `names`, and leaves no --out."""
        target = self.fresh()
        writes = out and command in ("recvae_train", "recvae_prepare", "recvae_export")
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
