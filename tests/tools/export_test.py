#!/usr/bin/env python3
"""recvae_export, and tools/score.py. Run as support.py says; what needs NumPy, FAISS or hnswlib is skipped without them."""
import ast
import importlib.util
import json
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

import vector_search
from support import HEADER, HELD_OUT, ROWS, TABLE, TIMEOUT, TOOLS, CommandsTest, read_safetensors, run, write_safetensors

SCORE = Path(__file__).resolve().parents[2] / "tools" / "score.py"
EVERYTHING = ["item_vectors.npy", "item_vectors.safetensors", "items.txt", "serving.safetensors", "user_codes.npy", "user_codes.safetensors", "users.txt"]


def needs(module):
    return unittest.skipUnless(importlib.util.find_spec(module), f"{module} is not installed")


def read_npy(path):
    """(shape, bytes), read as NumPy's documentation says."""
    content = path.read_bytes()
    magic, length = struct.unpack("<8sH", content[:10])
    header = ast.literal_eval(content[10:10 + length].decode())
    assert magic == b"\x93NUMPY\x01\x00" and (10 + length) % 64 == 0 and content[9 + length] == 10, content[:128]
    assert (header["descr"], header["fortran_order"]) == ("<f4", False)
    return list(header["shape"]), content[10 + length:]


def floats(data):
    return struct.unpack(f"<{len(data) // 4}f", data)


class ExportTest(CommandsTest):
    def export(self, *options, model=None):
        out = self.fresh()
        stdout, stderr = self.good("recvae_export", "--model", model or self.model, "--out", out, *options)
        self.assertEqual(stdout, "")
        self.stderr = stderr
        return out

    def names(self, folder):
        return sorted(file.name for file in folder.iterdir())

    def answers(self, model, *options):
        """What all commands say of a model."""
        return [self.good("recvae_recommend", "--model", model, *options, "--topk", 40, stdin="101\t102\n\n")[0],
                self.good("recvae_evaluate", "--model", model, *options, "--data", self.table)[0]]

    def test_serving(self):
        before, _, tensors = read_safetensors(self.model)
        file = self.export("--serving") / "serving.safetensors"
        header, metadata, data = read_safetensors(file)
        self.assertEqual(set(header), {name for name in before if not name.startswith("prior.")})
        self.assertEqual(data, {name: tensors[name] for name in header})
        self.assertEqual(metadata, read_safetensors(self.model)[1] | {"format": "recvae serving 1"})
        self.assertEqual(self.answers(file), self.answers(self.model))
        self.assertEqual(self.good("recvae_evaluate", "--model", self.model, "--compare", file, "--data", self.table)[1].count("warning"), 0)
        self.assertEqual((self.export("--serving", model=file) / "serving.safetensors").read_bytes(), file.read_bytes())
        start = ["--data", self.table, *HELD_OUT, "--init_from"]
        whole, slim = (self.trained(*start, model, "--prior_init", "encoder") for model in (self.model, file))
        self.assertEqual(set(whole), set(slim))  # a model to go on with; its old encoder is not the one that is gone

    def test_half_precision(self):
        full = self.export("--serving") / "serving.safetensors"
        half = self.export("--serving", "--float16") / "serving.safetensors"
        _, metadata, tensors = read_safetensors(full)
        header, same, halves = read_safetensors(half)
        self.assertEqual((metadata, {entry["dtype"] for entry in header.values()}), (same, {"F16"}))
        for name, data in tensors.items():
            self.assertEqual(halves[name], struct.pack(f"<{len(data) // 4}e", *floats(data)), name)  # Python's rounding
        ours, theirs = ([line.split("\t") for line in self.answers(file)[0].splitlines()] for file in (half, full))
        scores = {(row[0], row[2]): float(row[3]) for row in theirs}
        for line, _, item, score in ours:
            self.assertAlmostEqual(float(score), scores[line, item], delta=0.02)
        again = self.export("--serving", "--float16", model=half) / "serving.safetensors"
        self.assertEqual(again.read_bytes(), half.read_bytes())
        self.trained("--data", self.table, *HELD_OUT, "--init_from", half)
        large = self.with_tensor("decoder.bias", 65520.0)
        self.bad(1, "recvae_export", "--model", large, "--serving", "--float16", "--item_vectors", names="tensor decoder.bias: expected numbers of at most 65504")

    def with_tensor(self, name, value):
        """The model's file with this number first in a tensor."""
        _, _, tensors = read_safetensors(self.model)
        return self.put("changed.safetensors", self.model.read_bytes().replace(tensors[name], struct.pack("<f", value) + tensors[name][4:]))

    def test_item_vectors(self):
        out = self.export("--item_vectors")
        self.assertEqual(self.names(out), EVERYTHING[:3])
        _, metadata, tensors = read_safetensors(self.model)
        tokens = json.loads(metadata["item_tokens"])
        weight, bias = floats(tensors["decoder.weight"]), floats(tensors["decoder.bias"])
        expected = [number for k in range(len(tokens)) for number in (*weight[6 * k:6 * k + 6], bias[k])]
        self.assertEqual((out / "items.txt").read_text(), "".join(token + "\n" for token in tokens))
        shape, data = read_npy(out / "item_vectors.npy")
        self.assertEqual((shape, floats(data)), ([len(tokens), 7], tuple(expected)))
        header, _, copy = read_safetensors(out / "item_vectors.safetensors")
        self.assertEqual((header["item_vectors"]["dtype"], header["item_vectors"]["shape"], copy), ("F32", shape, {"item_vectors": data}))

    def test_user_codes(self):
        """Those of recvae_recommend --data: every user, by the filters, with unknown items and without any left."""
        table = self.put("more.csv", TABLE + "900,none,5,1\n900,neither,5,1\n901,101,5,1\n")
        options = ["--data", table, "--min_items_per_user", 2]
        out = self.export("--user_codes", *options)
        self.assertRegex(self.stderr, "warning: 2 unknown items were skipped, such as 'none', 'neither'\n")
        self.assertEqual(self.names(out), EVERYTHING[4:])
        users = (out / "users.txt").read_text().splitlines()
        shape, data = read_npy(out / "user_codes.npy")
        self.assertEqual(shape, [len(users), 7])
        self.assertEqual(users, list(dict.fromkeys(str(user) for user, *_ in ROWS)) + ["900", "901"])
        self.assertEqual(read_safetensors(out / "user_codes.safetensors")[2], {"user_codes": data})
        codes = [floats(data[28 * k:28 * k + 28]) for k in range(len(users))]
        self.assertEqual({code[-1] for code in codes}, {1})
        self.assertEqual(codes[-1], codes[-2])  # 901 has too few items for the filter: both rows are empty
        vectors = self.export("--item_vectors")
        items, numbers = (vectors / "items.txt").read_text().splitlines(), floats(read_npy(vectors / "item_vectors.npy")[1])
        answer = self.good("recvae_recommend", "--model", self.model, *options, "--topk", 40, "--include_seen")[0]
        scores = {(user, item): float(score) for user, _, item, score in (line.split("\t") for line in answer.splitlines())}
        for user, code in zip(users, codes):
            for k, item in enumerate(items):
                self.assertAlmostEqual(sum(a * b for a, b in zip(code, numbers[7 * k:7 * k + 7])), scores[user, item], delta=1e-5)
        for threads in (1, 4):
            self.assertEqual(read_npy(self.export("--user_codes", *options, "--threads", threads) / "user_codes.npy")[1], data)
        everyone = HEADER + "".join(f"{user},{100 + user % 40},1,1\n" for user in range(2500))  # more than are encoded together
        out = self.export("--user_codes", "--data", self.put("everyone.csv", everyone), "--min_items_per_user", 0)
        data = read_npy(out / "user_codes.npy")[1]
        self.assertEqual((len(data), data[:28 * 40], (out / "user_codes.safetensors").read_bytes()[-len(data):]), (28 * 2500, data[28 * 2400:28 * 2440], data))

    def test_weights_from_elsewhere(self):
        """Without metadata: their items are those of the data, and what serves says what was given."""
        header, _, tensors = read_safetensors(self.model)
        nameless = write_safetensors(self.home / "nameless", header, tensors)
        self.bad(1, "recvae_export", "--model", nameless, "--item_vectors", names="nameless: the model file has no item tokens to name items by; --data has them")
        out = self.export("--serving", "--item_vectors", "--data", self.prepared, "--layer_norm_eps", 0.2, model=nameless)
        self.assertEqual((out / "items.txt").read_text(), (self.export("--item_vectors") / "items.txt").read_text())
        metadata = read_safetensors(out / "serving.safetensors")[1]
        self.assertEqual((json.loads(metadata["settings"]), len(json.loads(metadata["item_tokens"]))), ({"layer_norm_eps": 0.2}, 40))
        expected = self.good("recvae_recommend", "--model", nameless, "--layer_norm_eps", 0.2, "--data", self.prepared)[0]
        self.assertEqual(self.good("recvae_recommend", "--model", out / "serving.safetensors", "--data", self.prepared)[0], expected)

    def test_folder(self):
        everything = ["--serving", "--item_vectors", "--user_codes", "--data", self.table]
        out = self.export(*everything)
        self.assertEqual(self.names(out), EVERYTHING)
        first = {name: (out / name).read_bytes() for name in EVERYTHING}
        for name in EVERYTHING[1:4]:
            (out / name).write_text("older")
        (out / "other").write_text("stays")
        self.good("recvae_export", "--model", self.model, "--out", f"{out}/", *everything)
        self.assertEqual({name: (out / name).read_bytes() for name in EVERYTHING}, first)
        self.assertEqual(self.names(out), sorted([*EVERYTHING, "other"]))
        deep = self.fresh() / "a" / "b"
        self.good("recvae_export", "--model", self.model, "--out", deep, "--item_vectors")
        self.assertEqual(self.names(deep), EVERYTHING[:3])
        # One that fails leaves what was there, and nothing that was not.
        broken = self.put("broken.csv", HEADER + "a\n")
        code, _, _ = run("recvae_export", "--model", self.model, "--out", out, "--user_codes", "--data", broken)
        self.assertEqual((code, {name: (out / name).read_bytes() for name in EVERYTHING}), (1, first))
        late = self.with_tensor("decoder.bias", 1e30)  # vectors are written, half precision fails
        nested = self.fresh() / "x"
        code, _, stderr = run("recvae_export", "--model", late, "--out", nested, *everything, "--float16")
        self.assertEqual((code, nested.parent.exists()), (1, False), stderr)
        lines = self.put("lines.csv", HEADER + '"a\nb",101,5,1\n')
        self.bad(1, "recvae_export", "--model", self.model, "--user_codes", "--data", lines)
        self.bad(1, "recvae_export", "--model", self.home / "none", "--serving", names="none: cannot be opened")
        code, _, stderr = run("recvae_export", "--model", self.model, "--out", self.table, "--serving")
        self.assertEqual((code, stderr.count("\n")), (1, 1))
        self.assertIn("expected a folder for --out", stderr)
        lost = self.fresh()
        lost.symlink_to("nowhere")
        code, _, stderr = run("recvae_export", "--model", self.model, "--out", lost, "--serving")
        self.assertEqual((code, lost.is_symlink()), (1, True), stderr)

    def test_signal(self):
        """Ends it without a trace."""
        out = self.fresh()
        with subprocess.Popen([TOOLS / "recvae_export", "--model", self.model, "--out", out, "--user_codes", "--data", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.addCleanup(process.kill)
            process.stdin.write(HEADER.encode())
            process.stdin.flush()
            deadline = time.monotonic() + TIMEOUT
            while not out.exists():
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            process.terminate()
            self.assertEqual((process.wait(TIMEOUT), process.stderr.read()), (143, b"recvae_export: stopped\n"))
        self.assertFalse(out.exists())

    def test_usage(self):
        for options, words in (([], "--serving, --item_vectors or --user_codes"), (["--item_vectors", "--float16"], "--float16 is for --serving"),
                               (["--user_codes"], "--user_codes: expected --data"), (["--serving", "--layer_norm_eps", "-1"], "layer_norm_eps")):
            self.bad(2, "recvae_export", "--model", self.model, *options, names=words)
        self.bad(2, "recvae_export", "--serving", names="--model")
        code, _, stderr = run("recvae_export", "--model", self.model, "--serving")
        self.assertEqual(code, 2)
        self.assertIn("--out", stderr)

    def models(self):
        """Of each kind of encoder and decoder."""
        yield self.model
        for preset in ("multvae", "multdae"):
            for decoder in ("multvae", "linear"):
                yield self.train("--data", self.table, *HELD_OUT, "--preset", preset, "--decoder", decoder)[0] / "model.safetensors"
        yield self.train("--data", self.table, *HELD_OUT, "--decoder", "multvae")[0] / "model.safetensors"

    @needs("numpy")
    def test_search(self):
        """Brute force and FAISS find recvae_recommend's lists."""
        for model in self.models():
            self.check_searches(model)

    def check_searches(self, model):
        vectors_of = vector_search.exported(TOOLS, model, self.table, self.fresh())
        expected = vector_search.recommended(TOOLS, model, self.table)
        for name in vector_search.SEARCHES:
            with self.subTest(name):
                try:
                    _, near, recall = vector_search.compare(name, vectors_of, expected)
                except ImportError as missing:
                    print(f"{name}: skipped: {missing}", file=sys.stderr)
                    continue
                print(f"{name}: {near} of {len(expected)} lists, recall {recall:.4f}", file=sys.stderr)
                if name != "hnswlib":  # which promises nothing
                    self.assertEqual(near, len(expected))

    @needs("numpy")
    def test_score_script(self):
        serving = [self.export("--serving", *half) / "serving.safetensors" for half in ([], ["--float16"])]
        for model in (*self.models(), *serving):
            for tokens in (["101", "102"], ["117"], [], ["none", "103"]):
                result = subprocess.run([sys.executable, SCORE, model, *tokens, "--topk", "40"], capture_output=True, text=True)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                found = [line.split("\t") for line in result.stdout.splitlines()]
                answer = self.good("recvae_recommend", "--model", model, "--topk", 40, "--include_seen", stdin="\t".join(tokens) + "\n")[0]
                expected = [line.split("\t")[2:] for line in answer.splitlines()]
                self.assertEqual(len(found), len(expected))
                scores = {item: float(score) for item, score in found}
                largest = max(map(abs, scores.values()))
                for (item, _), (ours, score) in zip(found, expected):  # the same order but for near ties
                    self.assertAlmostEqual(scores[ours], float(score), delta=1e-4 * largest)
                    self.assertAlmostEqual(scores[item], float(score), delta=1e-4 * largest)


if __name__ == "__main__":
    unittest.main()
