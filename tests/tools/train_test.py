#!/usr/bin/env python3
"""recvae_train: what it prints and writes. Run as support.py says."""
import json
import math
import os
import re
import signal
import struct
import subprocess
import time
import unittest
from pathlib import Path

from support import HEADER, HELD_OUT, PREPARED_FILES, TABLE, TIMEOUT, TINY, TOOLS, CommandsTest, read_safetensors, result_of, run, write_safetensors


class TrainTest(CommandsTest):
    def test_implicit_slim(self):
        out, _, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", 4, "--implicit_slim", 2, "--implicit_slim_lambda", 5)
        lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual(["implicit_slim_seconds" in line for line in lines], [True, False, True, False])
        self.assertNotEqual(self.weights(out), self.trained("--data", self.table, *HELD_OUT, "--epochs", 4))
        for option, value in (("implicit_slim", -1), ("implicit_slim_lambda", 0), ("implicit_slim_lambda", 1e-7), ("implicit_slim_alpha", "nan"), ("implicit_slim_alpha", 1e-300), ("implicit_slim_alpha", 1e10), ("implicit_slim_threshold", -2)):
            self.bad(2, "recvae_train", "--data", self.table, f"--{option}", value, names=option)
        self.bad(1, "recvae_train", "--data", self.table, *HELD_OUT, *TINY, "--implicit_slim", 1, "--implicit_slim_threshold", 1000,
                 names="implicit_slim_threshold: expected one that an item reaches, found 1000")

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
            self.assertEqual(set(record), {"epoch", "train_loss", "train_mll", "train_kld", "decoder_mll", "valid", "seconds", "valid_seconds", "users_per_second", "encoder_seconds",
                                           "refresh_seconds", "decoder_seconds", "checkpoint_seconds"})
            self.assertAlmostEqual(record["seconds"], sum(record[f"{phase}_seconds"] for phase in ("encoder", "refresh", "decoder")), places=9)
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
        # Without --lambda the power of two that is best on validation, which the log says with its neighbours.
        said = re.search(r"ease: lambda (\d+) \((.*) ndcg@100 on validation\)", self.run_stderr)
        best, tried = int(said[1]), dict(part.split(": ") for part in said[2].split(", "))
        self.assertEqual(list(map(float, tried)), [best / 2, best, best * 2])
        for value, score in tried.items():
            evaluated, _ = self.good("recvae_evaluate", "--baseline", "ease", "--lambda", value, "--ease_double", "false", "--data", self.table, *HELD_OUT, "--on", "validation", "--metrics", "ndcg@100")
            self.assertEqual(evaluated, f"ndcg@100:\t{score}\n")
            self.assertLessEqual(score, tried[str(best)])
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

    def test_what_each_learned_from(self):
        rows = lambda text, who: int(re.search(rf"{who}: learned from ([0-9,]+) ", text)[1].replace(",", ""))
        for who in ("popularity", "ease", "RecVAE"):
            self.assertRegex(self.run_stderr, rf"(?m)^{who}: learned from [0-9,]+ training rows of 64 users$")
        _, _, stderr = self.train("--data", self.table, "--split", "ratio", "--order", "RO")
        self.assertRegex(stderr, r"(?m)^ease: learned from [0-9,]+ training and validation rows of 80 users$")
        self.assertRegex(stderr, r"(?m)^RecVAE: learned from [0-9,]+ training rows of 80 users$")
        self.assertGreater(rows(stderr, "ease"), rows(stderr, "RecVAE"))

    def test_refit(self):
        labels = ["ndcg@100", "recall@20", "recall@50"]
        for split, evaluated_by in ((HELD_OUT, []), (["--split", "ratio", "--order", "RO"], []), (["--split", "ratio", "--order", "RO", "--test_history", "train"], ["--test_history", "train"])):
            with self.subTest(split=split):
                options = ["--data", self.table, *split, "--epochs", 4, "--learning_rate", 0.3]
                plain, chosen, before = self.train(*options)
                out, stdout, stderr = self.train(*options, "--refit")
                *first, last = [stdout.splitlines()[:-3], stdout.splitlines()[-3:]]
                self.assertEqual(first[0][:-3], chosen.splitlines()[:-3])
                self.assertEqual(first[0][-3:], [f"chosen {line}" for line in chosen.splitlines()[-3:]])
                self.assertEqual(list(result_of("\n".join(last))), labels)
                evaluated, said = self.good("recvae_evaluate", "--model", out / "model.safetensors", "--data", self.table, *evaluated_by)
                self.assertNotIn("warning", said)
                self.assertEqual(evaluated.splitlines(), last)
                self.assertEqual(self.weights(out), self.weights(plain))  # checkpoint/ and metrics are of the chosen run
                self.assertEqual(len((out / "metrics.jsonl").read_text().splitlines()), 4)
                self.assertNotEqual(self.weights(out, "model.safetensors"), self.weights(plain, "model.safetensors"))
                best = re.search(r"test of epoch (\d+) ", before)[1]
                self.assertIn(f"refit epoch {best}/{best} ", stderr)
                self.assertRegex(stderr, r"RecVAE: learned from [0-9,]+ training and validation rows of (72|80) users")
        self.bad(1, "recvae_train", "--data", self.table, "--split", "ratio", "--ratios", "0.8,0,0.2", "--refit", *TINY, names="validation rows")

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
        self.assertEqual(set(metadata), {"format", "settings", "item_tokens", "trained_on"})
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
            best = max(records, key=lambda record: record["valid"]["ndcg@100"])
            evaluated, _ = self.good("recvae_evaluate", "--model", out / "model.safetensors", "--data", self.table, "--on", "validation", "--json")
            self.assertAlmostEqual(json.loads(evaluated)["ndcg@100"], best["valid"]["ndcg@100"], places=12)
            self.assertIn(f"recvae_train --resume {out}", stderr.decode())

    def test_stopped_in_the_first_epoch(self):
        empty = self.fresh()
        empty.mkdir()
        for out in (self.fresh(), self.fresh() / "deeper", empty):
            process = self.start(out, "--n_enc_epochs", 1000000)
            self.wait_until(process, lambda: (out / "data.json").exists())
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=TIMEOUT)
            self.assertEqual(process.returncode, 130)
            self.assertTrue((out / "checkpoint/model.safetensors").exists())
            self.assertFalse((out / "model.safetensors").exists(), "no epoch has ended")

    def test_stopped_before_training(self):
        empty = self.fresh()
        empty.mkdir()
        for out in (self.fresh(), self.fresh() / "deeper", empty):
            process = subprocess.Popen([TOOLS / "recvae_train", "--data", "-", *TINY, "--out", out], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.addCleanup(process.stdin.close)
            self.wait_until(process, lambda: (out / "config.yaml").exists())
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=TIMEOUT), 130)
            if out == empty:
                self.assertEqual(os.listdir(out), [])
            else:
                self.assertFalse(out.exists())

    def test_dry_run(self):
        out = self.fresh()
        stdout, stderr = self.good("recvae_train", "--data", self.table, *HELD_OUT, *TINY, "--dry_run", "--out", out)
        self.assertEqual(stdout, "")
        self.assertRegex(stderr, r"(?m)^memory: \d+(\.\d)? MB at its peak")
        self.assertRegex(stderr, r"(?m)^disk: .* MB for the model, up to .* MB with checkpoints, of \d+ MB free")
        self.assertRegex(stderr, r"(?m)^time: .* an epoch \(encoder passes .*\), .* for 50$")
        self.assertFalse(out.exists())
        for options in (["--alternating", "false"], ["--prior_update", "never"], ["--split", "ratio", "--ratios", "0.9,0,0.1"]):
            self.good("recvae_train", "--data", self.table, *TINY, *options, "--dry_run")

    def test_divergence_says_what_to_try(self):
        stderr = self.bad(1, "recvae_train", "--data", self.table, *TINY, *HELD_OUT, "--learning_rate", "1e30", "--epochs", 2)
        self.assertRegex(stderr.splitlines()[-1], "training diverged: .* epoch 1, .*try a smaller learning_rate, or clip_grad_norm")

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
        (out / "mine").write_text("kept")
        self.good("recvae_train", "--data", self.table, *TINY, *HELD_OUT, "--epochs", 1, "--seed", 9, "--out", out, "--overwrite")
        self.assertEqual((out / "mine").read_text(), "kept")
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
        self.assertEqual(sorted(p.name for p in out.iterdir()), [".checkpoints", "checkpoint", "config.yaml", "data.json", "metrics.jsonl", "model.safetensors", "report.html"])
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


if __name__ == "__main__":
    unittest.main()
