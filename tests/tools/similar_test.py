#!/usr/bin/env python3
"""recvae_similar. Run as support.py says."""
import importlib.util
import json
import math
import os
import select
import struct
import subprocess
import unittest

from support import TIMEOUT, TOOLS, CommandsTest, read_safetensors, run, write_safetensors


class SimilarTest(CommandsTest):
    def similar(self, *options, model=None, stdin="101\n"):
        stdout, self.stderr = self.good("recvae_similar", "--model", model or self.model, *options, stdin=stdin)
        return [line.split("\t") for line in stdout.splitlines()]

    @classmethod
    def by_hand(cls, *rows):
        """A model file whose first items have these rows of the decoder."""
        header, metadata, tensors = read_safetensors(cls.model)
        weight = b"".join(struct.pack("<6f", *row) for row in rows)
        tensors["decoder.weight"] = weight + tensors["decoder.weight"][len(weight):]
        cls.count += 1
        return write_safetensors(cls.home / f"hand{cls.count}", header, tensors, metadata), json.loads(metadata["item_tokens"])

    def test_lines(self):
        found = self.similar("--topk", 3, stdin="101\n\n102\r\n")
        self.assertEqual(self.stderr, "")
        self.assertEqual([row[:2] for row in found], [[item, str(rank)] for item in ("101", "102") for rank in (1, 2, 3)])
        self.assertEqual(found, self.similar("--topk", 3, "--input", self.put("items", "101\n\n102")))
        self.assertEqual(found[3:], self.similar("--topk", 3, stdin="102"))
        self.assertEqual(len(self.similar()), 20)
        everything = self.similar("--topk", 1000)
        self.assertEqual(len({row[2] for row in everything} - {"101"}), 39)
        scores = [float(row[3]) for row in everything]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertTrue(all(-1.0001 < score < 1.0001 for score in scores))
        self.assertEqual(self.similar(stdin=""), [])

    def test_metrics(self):
        model, items = self.by_hand([3, 4, 0, 0, 0, 0], [0] * 6, [30, 40, 0, 0, 0, 0], [4, -3, 0, 0, 0, 0], [3, 4, 0, 0, 0, 1])
        only = lambda rows: {row[2]: float(row[3]) for row in rows if row[2] in items[:5]}
        cosine = only(self.similar("--topk", 100, model=model, stdin=items[0]))
        self.assertEqual(list(cosine)[:2], [items[2], items[4]])
        for item, expected in zip(items[1:5], (0, 1, 0, 25 / math.sqrt(25 * 26))):
            self.assertAlmostEqual(cosine[item], expected, delta=1e-6)
        self.assertEqual(only(self.similar("--topk", 100, "--metric", "dot", model=model, stdin=items[0])),
                         {items[2]: 250, items[4]: 25, items[1]: 0, items[3]: 0})
        zero = self.similar("--topk", 100, model=model, stdin=items[1])
        self.assertEqual(([row[2] for row in zero], {row[3] for row in zero}), ([items[0], *items[2:]], {"0"}))  # ties: the catalogue's order

    @unittest.skipUnless(importlib.util.find_spec("numpy"), "NumPy is not installed")
    def test_against_numpy(self):
        import numpy as np
        _, metadata, tensors = read_safetensors(self.model)
        items = json.loads(metadata["item_tokens"])
        rows = np.frombuffer(tensors["decoder.weight"], "<f4").reshape(len(items), -1).astype(float)
        units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for metric, of in ("cosine", units), ("dot", rows):
            expected = of @ of.T
            found = self.similar("--topk", 39, "--metric", metric, stdin="\n".join(items))
            self.assertEqual(len(found), 39 * 40)
            for item, rank, other, score in found:
                line = np.delete(expected[items.index(item)], items.index(item))
                self.assertAlmostEqual(float(score), expected[items.index(item), items.index(other)], delta=1e-6)
                self.assertAlmostEqual(float(score), np.sort(line)[-int(rank)], delta=1e-6)

    def test_company_and_threads(self):
        _, metadata, _ = read_safetensors(self.model)
        items = json.loads(metadata["item_tokens"])
        together = self.similar("--threads", 1, stdin="\n".join(items * 60))  # more than are answered together
        self.assertEqual(len(together), 20 * 60 * 40)
        self.assertEqual(together[:800] * 60, together)
        self.assertEqual(self.similar("--threads", 4, stdin="\n".join(items)), together[:800])
        for k in (0, 7, 39):
            self.assertEqual(self.similar(stdin=items[k]), together[20 * k:20 * k + 20])
        serving = self.fresh()
        self.good("recvae_export", "--model", self.model, "--out", serving, "--serving")
        self.assertEqual(self.similar(model=serving / "serving.safetensors", stdin="\n".join(items)), together[:800])

    def test_unknown_items(self):
        found = self.similar(stdin="none-such\n101\nother\nnone-such\n")
        self.assertEqual(self.stderr, "warning: 3 unknown items were skipped, such as 'none-such', 'other'\n")
        self.assertEqual(found, self.similar())

    def test_streaming(self):
        process = subprocess.Popen([TOOLS / "recvae_similar", "--model", self.model, "--topk", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdin.write(b"101\n")
        process.stdin.flush()
        answer = b""
        while answer.count(b"\n") < 2:
            self.assertTrue(select.select([process.stdout], [], [], TIMEOUT)[0], "no answer while the pipe is open")
            block = os.read(process.stdout.fileno(), 4096)
            self.assertTrue(block, "the command has ended")
            answer += block
        process.stdin.close()
        self.assertEqual((process.stdout.read(), process.wait(TIMEOUT)), (b"", 0))
        process.stdout.close()

    def test_bad_input(self):
        self.bad(2, "recvae_similar", "--model", self.model, "--metric", "euclid", names="--metric: expected cosine or dot, found 'euclid'")
        self.bad(2, "recvae_similar", "--model", self.model, "--topk", 0, names="topk")
        self.bad(2, "recvae_similar", names="--model")
        self.bad(1, "recvae_similar", "--model", self.home / "none", names="none: cannot be opened")
        self.bad(1, "recvae_similar", "--model", self.model, "--input", self.home / "none", names="none")
        header, metadata, tensors = read_safetensors(self.model)
        nameless = write_safetensors(self.home / "nameless", header, tensors)
        self.bad(1, "recvae_similar", "--model", nameless, names="expected a model file with item tokens")
        code, stdout, stderr = run("recvae_similar", "--model", self.model, "--topk", 1, stdin=b"101\nno\n1\x00\n")
        self.assertEqual(code, 1)
        self.assertIn("warning: 1 unknown items", stderr)


if __name__ == "__main__":
    unittest.main()
