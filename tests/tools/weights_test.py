#!/usr/bin/env python3
"""Weight files that are damaged or made to hurt, and what they say of the data that they were trained on."""
import json
import struct
import time
import unittest

from support import HELD_OUT, TABLE, TINY, CommandsTest, read_safetensors, run, write_safetensors


class WeightsTest(CommandsTest):
    def with_metadata(self, name, **changes):
        """The model's file with other metadata; None leaves an entry out."""
        header, metadata, tensors = read_safetensors(self.model)
        metadata |= changes
        return write_safetensors(self.home / name, header, tensors, {k: v for k, v in metadata.items() if v is not None})

    def with_settings(self, name, **changes):
        _, metadata, _ = read_safetensors(self.model)
        return self.with_metadata(name, settings=json.dumps(json.loads(metadata["settings"]) | changes))

    def refused(self, path, *words, command="recvae_recommend", options=()):
        """By one line that names the file, and soon."""
        start = time.monotonic()
        code, stdout, stderr = run(command, "--model", path, *options, stdin="100\n")
        self.assertEqual((code, stdout, len(stderr.splitlines())), (1, "", 1), stderr)
        self.assertTrue(stderr.startswith(f"{command}: {path}: "), stderr)
        for word in words:
            self.assertIn(word, stderr)
        self.assertLess(time.monotonic() - start, 5)  # some took seconds on an idle machine

    def raw(self, name, header):
        return self.put(name, struct.pack("<Q", len(header)) + header)

    def test_headers_made_to_hurt(self):
        self.refused(self.raw("deep", b'{"x":' + b"[" * 80000), "malformed")
        self.refused(self.raw("deep_object", b'{"a":' * 80000), "malformed")
        entry = b'"%d":{"dtype":"F32","shape":[0,1],"data_offsets":[0,0]}'
        self.refused(self.raw("keys", b"{" + b",".join(entry % k for k in range(40000)) + b"}"), "missing")
        self.refused(self.raw("members", b'{"x":{' + b",".join(b'"%d":1' % k for k in range(40000)) + b"}}"), "malformed")
        self.refused(self.raw("huge", b'{"decoder.weight":{"dtype":"F32","shape":[1152921504606846976,0],"data_offsets":[0,0]}}'), "expected two positive sides")

    def test_item_tokens(self):
        _, metadata, _ = read_safetensors(self.model)
        tokens = json.loads(metadata["item_tokens"])
        for name, first in ("tab", "a\tb"), ("line", "a\nb"), ("escape", "\x1b[2J"), ("empty", ""), ("twice", tokens[1]):
            self.refused(self.with_metadata(name, item_tokens=json.dumps([first] + tokens[1:])), "item_tokens: expected different names")
        for name, text in ("deep_tokens", "[" * 80000), ("object", "{}"), ("number", json.dumps([1] + tokens[1:])), ("one_more", json.dumps(tokens + ["x"])), ("cut", '["a'):
            self.refused(self.with_metadata(name, item_tokens=text), f"expected a JSON list of {len(tokens)} strings")
        table = self.put("odd.csv", TABLE.replace(",100,", ',"1\t00",'))
        self.bad(1, "recvae_train", "--data", table, *TINY, *HELD_OUT, names="control characters")

    def test_settings(self):
        self.refused(self.with_metadata("no_object", settings="[1]"), "settings: not a JSON object")
        self.refused(self.with_metadata("deep_settings", settings='{"a":' * 80000), "settings: expected values")
        self.refused(self.with_metadata("nan", settings='{"layer_norm_eps": NaN}'), "settings: not a JSON object")
        self.refused(self.with_settings("eps", layer_norm_eps=-5), "layer_norm_eps: expected a positive finite number")
        self.refused(self.with_settings("many", metrics=["ndcg", "recall"] * 6, topk=list(range(1, 11001))), "metrics: expected at most 1000")
        for name, value in ("epochs", 1.5), ("epochs", True), ("epochs", 1e30), ("epochs", 2**64), ("shuffle", 1), ("topk", [1, "2"]), ("gamma", "x"):
            self.refused(self.with_settings("type", **{name: value}), f"settings: {name}: expected")
        for name, value in ("min_users_per_item", 2**32 + 1), ("min_items_per_user", 1.5), ("split_seed", -1), ("threshold", "3"):
            code, stdout, stderr = run("recvae_evaluate", "--model", self.with_settings("data", **{name: value}), "--data", self.table)
            self.assertEqual((code, stdout), (1, ""))
            self.assertIn(f"settings: {name}: expected", stderr)
        for command in ("recvae_evaluate", "recvae_recommend"):  # bad data, not bad usage
            self.bad(1, command, "--model", self.with_settings("negative", min_items_per_user=-1), "--data", self.table, names="min_items_per_user")

    def test_what_a_model_was_trained_on(self):
        def evaluate(model, data=self.table, *options):
            code, stdout, stderr = run("recvae_evaluate", "--model", model, "--data", data, *options)
            return code, stdout, [line for line in stderr.splitlines() if "trained" in line]

        other, _, _ = self.train("--data", self.table, "--split", "ratio", "--split_seed", 1)
        other /= "model.safetensors"
        prepared, _, _ = self.train("--data", self.prepared, "--epochs", 3)
        self.assertEqual(read_safetensors(prepared / "model.safetensors")[1]["trained_on"], read_safetensors(self.model)[1]["trained_on"])
        self.assertEqual(evaluate(self.model)[2], [])
        torch = self.with_metadata("torch", trained_on=None)
        self.assertEqual(evaluate(torch)[2], [])
        self.assertIn("does not say what it was trained on", evaluate(self.model, self.table, "--compare", torch)[2][0])
        code, stdout, warnings = evaluate(other, self.table, "--split_seed", 98765)
        self.assertEqual((code, len(warnings)), (0, 1))
        self.assertIn("not trained on this data's training part", warnings[0])
        twin = self.train("--data", self.table, "--split", "ratio", "--split_seed", 2)[0] / "model.safetensors"
        self.assertEqual(evaluate(other, self.table, "--compare", twin)[:2], (1, ""))
        self.assertEqual(evaluate(other, self.table, "--compare", twin, "--assume_same_split")[0], 0)
        # One that went on from weights that were trained on other rows has learned from those, too.
        started = {seed: self.train("--data", self.table, "--split", "ratio", "--split_seed", seed, "--init_from", other)[0] / "model.safetensors" for seed in (1, 2)}
        of = lambda model: read_safetensors(model)[1]["trained_on"]
        self.assertEqual(of(started[1]), of(other))
        self.assertNotIn(of(started[2]), (of(other), of(twin)))
        self.assertEqual(evaluate(twin, self.table, "--compare", started[2])[:2], (1, ""))
        refits = [self.train("--data", self.table, "--split", "ratio", "--split_seed", 1, "--refit", *start)[0] / "model.safetensors" for start in ([], ["--init_from", other])]
        self.assertEqual(*map(of, refits))  # the training rows are among those
        foreign = self.with_metadata("foreign", trained_on="00" * 16)
        code, stdout, warnings = evaluate(foreign)
        self.assertEqual((code, len(warnings)), (0, 1))

        self.assertEqual(evaluate(self.model, self.table, "--compare", self.model)[0], 0)
        for pair in (self.model, foreign), (foreign, self.model):
            code, stdout, lines = evaluate(pair[0], self.table, "--compare", pair[1])
            self.assertEqual((code, stdout, len(lines)), (1, "", 1))
            self.assertIn("expected models trained on the same rows", lines[0])
            code, stdout, lines = evaluate(pair[0], self.table, "--compare", pair[1], "--assume_same_split")
            self.assertEqual((code, len(lines)), (0, 1))
        code, stdout, stderr = run("recvae_evaluate", "--baseline", "popularity", "--compare", self.model, "--data", self.table)
        self.assertEqual(code, 0, stderr)


if __name__ == "__main__":
    unittest.main()
