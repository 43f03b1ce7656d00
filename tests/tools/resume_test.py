#!/usr/bin/env python3
"""recvae_train --resume: stopped at any moment and gone on with, a run comes to the same bytes. Run as support.py says.

RECVAE_KILLS=200 kills so many times (25 without it).
"""
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support import HELD_OUT, IS_ROOT, TABLE, TIMEOUT, TINY, TOOLS, CommandsTest, run

KILLS = int(os.environ.get("RECVAE_KILLS", 25))
TIMES = ("seconds", "valid_seconds", "users_per_second", "encoder_seconds", "refresh_seconds", "decoder_seconds", "checkpoint_seconds")


class ResumeTest(CommandsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Where the system has it, in memory: a kill there is a kill, and syncing is quick.
        cls.memory = Path(tempfile.mkdtemp(prefix="resume-test-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
        cls.addClassCleanup(shutil.rmtree, cls.memory)

    def command(self, out, *options):
        return [TOOLS / "recvae_train", "--data", self.table, *HELD_OUT, *TINY, "--baselines", "popularity", *map(str, options), "--out", out]

    def start(self, command):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def resume(self, out, *options):
        code, stdout, stderr = run("recvae_train", "--resume", out, *options)
        self.assertEqual(code, 0, stderr)
        return stdout, stderr

    @staticmethod
    def figures(out):
        records = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        return [{key: value for key, value in record.items() if key not in TIMES} for record in records]

    def assert_same(self, out, whole):
        for name in ("model.safetensors", "checkpoint/model.safetensors", "config.yaml", "data.json"):
            self.assertEqual((out / name).read_bytes(), (whole / name).read_bytes(), name)
        self.assertEqual(self.figures(out), self.figures(whole))

    def stopped(self, *options, epochs=2):
        """A run that SIGINT stopped after so many epochs."""
        out = self.fresh()
        process = self.start(self.command(out, "--epochs", 1000000, *options))
        log = out / "metrics.jsonl"
        while not (log.exists() and log.read_text().count("\n") >= epochs):
            self.assertIsNone(process.poll())
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=TIMEOUT), 130)
        return out

    def kill_at_random(self, options, kills, how):
        """Kills runs at random moments, checkpoint writes included, and resumes them until they end."""
        draw = random.Random(1)
        whole = self.memory / "whole"
        took = time.monotonic()
        subprocess.run(self.command(whole, *options), check=True, capture_output=True)
        self.addCleanup(shutil.rmtree, whole)
        took = time.monotonic() - took
        out = None
        while kills > 0 or out is not None:
            if out is None:
                out = self.memory / "run"
                command = self.command(out, *options)
            process = self.start(command)
            if kills > 0:
                time.sleep(took * draw.random())
                process.send_signal(how)
            stdout, _ = process.communicate(timeout=TIMEOUT)
            if process.returncode == 0:
                self.assert_same(out, whole)
                self.assertIn("\nndcg@100:\t", stdout)
                shutil.rmtree(out)
                out = None
                continue
            kills -= 1
            # Before it had its first file there is nothing to be resumed.
            command = [TOOLS / "recvae_train", "--resume", out] if (out / "config.yaml").exists() else self.command(out, *options)
            self.assertFalse((out / "checkpoint").is_symlink() and not (out / "checkpoint/xxh128sums").exists())

    def test_killed_at_any_moment(self):
        # Checkpoints as often as can be: within every epoch, whatever they cost.
        self.kill_at_random(["--epochs", 6, "--checkpoint_minutes", 0], KILLS, signal.SIGKILL)

    def test_killed_with_few_checkpoints(self):
        self.kill_at_random(["--epochs", 40], KILLS // 2, signal.SIGKILL)

    def test_stopped_at_any_moment(self):
        self.kill_at_random(["--epochs", 40, "--alternating", "false"], KILLS // 2, signal.SIGINT)

    def test_refit_killed_at_any_moment(self):
        self.kill_at_random(["--epochs", 6, "--refit", "--checkpoint_minutes", 0, "--learning_rate", 0.02], KILLS // 2, signal.SIGKILL)

    def test_finished(self):
        out, stdout, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", 2)
        files = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and p.name != "report.html"}  # it says when it was made
        self.assertEqual(self.resume(out)[0], stdout)
        self.assertEqual({p: p.read_bytes() for p in files}, files)

    def test_more_epochs(self):
        out, _, stderr = self.train("--data", self.table, *HELD_OUT, "--epochs", 2)
        self.assertIn("train longer", stderr)
        whole, stdout, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", 5)
        self.assertEqual(self.resume(out, "--epochs", 5, "--threads", 2, "--quiet")[0], stdout)
        self.assertEqual(self.weights(out), self.weights(whole))
        self.assertEqual(self.figures(out), self.figures(whole))
        self.assertEqual(self.resume(out)[0], stdout)  # it has five from now on
        for epochs, code in ((4, 1), (0, 2)):
            found, _, stderr = run("recvae_train", "--resume", out, "--epochs", epochs)
            self.assertEqual(found, code)
            self.assertIn("expected epochs from 5 on" if code == 1 else "epochs: expected a positive integer", stderr)

    def test_more_epochs_after_an_early_stop(self):
        out, stdout, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", 100, "--stopping_step", 1)
        done = self.figures(out)
        self.assertLess(len(done), 100)
        found, stderr = self.resume(out, "--epochs", 200)
        self.assertEqual(found, stdout)
        self.assertIn("no improvement in 2 evaluations: stopped", stderr)  # by the rule that it began with
        self.assertEqual(self.figures(out), done)

    def test_a_refit_of_other_data(self):
        data = self.put("refitted.csv", TABLE)
        out, _, _ = self.train("--data", data, *HELD_OUT, "--refit")
        data.write_text(TABLE.replace(",101,", ",100,"))
        shutil.rmtree(out / ".checkpoints")
        (out / "checkpoint").unlink()
        self.resume(out)
        whole, _, _ = self.train("--data", data, *HELD_OUT, "--refit")
        self.assertEqual(self.weights(out, "model.safetensors"), self.weights(whole, "model.safetensors"))

    def test_before_the_first_checkpoint(self):
        out = self.fresh()
        process = self.start(self.command(out, "--epochs", 2, "--n_enc_epochs", 100000))
        while not (out / "data.json").exists():
            time.sleep(0.001)
        process.kill()
        process.wait()
        config = out / "config.yaml"
        config.write_text(config.read_text().replace("n_enc_epochs: 100000", "n_enc_epochs: 1"))
        stdout, _ = self.resume(out, "--epochs", 4)
        self.assertEqual(self.resume(out)[0], stdout)  # it has four from now on

    def test_an_epoch_that_was_not_to_be_the_last(self):
        out = self.stopped("--eval_step", 1000)
        done = self.figures(out)[-1]["epoch"]
        self.bad(1, "recvae_train", "--resume", out, "--epochs", done, out=False, names=f"expected epochs from {done + 1} on")
        self.resume(out, "--epochs", done + 1)
        self.assertIsNotNone(self.figures(out)[-1]["valid"])

    def test_initial_weights_of_a_refit(self):
        start = self.home / "start.safetensors"
        shutil.copy(self.model, start)
        out, stdout, _ = self.train("--data", self.table, *HELD_OUT, "--init_from", start, "--refit")
        shutil.copy(self.train("--data", self.table, *HELD_OUT, "--seed", 5)[0] / "model.safetensors", start)
        self.bad(1, "recvae_train", "--resume", out, out=False, names="has changed: the weights of init_from")
        start.unlink()
        self.assertEqual(self.resume(out)[0], stdout)

    def test_data_that_moved(self):
        moved = self.put("moved/first.csv", TABLE)
        out, stdout, _ = self.train("--data", moved, *HELD_OUT)
        moved = moved.rename(self.home / "second.csv")
        code, _, stderr = run("recvae_train", "--resume", out)
        self.assertEqual(code, 1)
        self.assertIn("first.csv", stderr.splitlines()[-1])
        self.assertEqual(self.resume(out, "--data", moved)[0], stdout)
        self.assertEqual(self.resume(out)[0], stdout)

    def test_what_has_changed_is_named(self):
        rows = TABLE.splitlines(keepends=True)
        changes = {
            "the training rows": [row.replace(",101,", ",100,") for row in rows],
            "the items or their order": [rows[0], *reversed(rows[1:])],
        }
        for name, text in changes.items():
            data = self.put("changing.csv", TABLE)
            out, _, _ = self.train("--data", data, *HELD_OUT)
            data.write_text("".join(text))
            before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
            code, _, stderr = run("recvae_train", "--resume", out)
            self.assertEqual(code, 1)
            self.assertEqual({p: p.read_bytes() for p in out.rglob("*") if p.is_file()}, before)
            self.assertIn("as since its checkpoint has changed: ", stderr.splitlines()[-1])
            self.assertIn(name, stderr.splitlines()[-1])
        out, _, _ = self.train("--data", self.table, *HELD_OUT)
        config = out / "config.yaml"
        text = config.read_text()
        for before, after, name in (("gamma: 0.005", "gamma: 0.01", "gamma (0.005 before, 0.01 now)"), ("heldout_users: 8", "heldout_users: 7", "heldout_users (8 before, 7 now), the items")):
            config.write_text(text.replace(before, after))
            code, _, stderr = run("recvae_train", "--resume", out)
            self.assertEqual(code, 1)
            self.assertIn(name, stderr.splitlines()[-1])
        config.write_text(text.replace("gamma", "gama"))
        code, _, stderr = run("recvae_train", "--resume", out)
        self.assertEqual(code, 1)
        self.assertRegex(stderr.splitlines()[-1], r"config\.yaml:\d+: unknown key 'gama', did you mean gamma\?")

    def test_only_what_may_change(self):
        for option in (["--seed", 2], ["--out", "x"], ["--overwrite"], ["--config", "x"], ["--checkpoint_minutes", 1]):
            self.bad(2, "recvae_train", "--resume", self.run_dir, *option, out=False, names="beside --resume")
        self.bad(1, "recvae_train", "--resume", self.home / "none", out=False, names="config.yaml")
        self.bad(1, "recvae_train", "--resume", self.table, out=False, names="config.yaml")

    def test_damaged_checkpoints(self):
        out = self.stopped("--checkpoint_minutes", 0)
        training = out / "checkpoint/training.safetensors"
        content = bytearray(training.read_bytes())
        content[len(content) // 2] ^= 4
        training.write_bytes(content)
        config = out / "config.yaml"
        epochs = self.figures(out)[-1]["epoch"] + 1
        config.write_text(config.read_text().replace("1000000", str(epochs)))
        whole, stdout, _ = self.train("--data", self.table, *HELD_OUT, "--baselines", "popularity", "--epochs", epochs)
        found, stderr = self.resume(out)
        self.assertEqual(found, stdout)
        self.assertRegex(stderr, r"(?m)^warning: .*training\.safetensors: the file is damaged.*going on from the checkpoint before it")
        self.assertEqual(self.weights(out), self.weights(whole))
        self.assertEqual(self.figures(out), self.figures(whole))

    def test_one_run_at_a_time(self):
        out = self.stopped()
        process = self.start([TOOLS / "recvae_train", "--resume", out])
        time.sleep(0.3)
        self.bad(1, "recvae_train", "--resume", out, out=False, names="another run")
        self.assertIsNone(process.poll())

    def test_standard_input_is_given_again(self):
        out, stdout, _ = self.train("--data", "-", *HELD_OUT, stdin=TABLE)
        code, found, stderr = run("recvae_train", "--resume", out, stdin=TABLE)
        self.assertEqual((code, found), (0, stdout), stderr)
        code, _, stderr = run("recvae_train", "--resume", out)
        self.assertEqual(code, 1)

    @unittest.skipUnless(IS_ROOT, "mounts a small disk: for root alone")
    def test_full_disk_in_the_first_epoch(self):
        disk = self.small_disk("size=3M")
        out = disk / "run"
        process = self.start(self.command(out, "--n_enc_epochs", 1000000, "--checkpoint_minutes", 0))
        while not (out / "checkpoint").exists():
            time.sleep(0.001)
        with open(disk / "filler", "wb", buffering=0) as filler:
            while process.poll() is None:
                with contextlib.suppress(OSError):  # what older checkpoints give back is to be filled, too
                    filler.write(bytes(4096))
        self.assertEqual(process.returncode, 1)
        self.assertTrue((out / "checkpoint/xxh128sums").exists())

    @unittest.skipUnless(IS_ROOT, "mounts a small disk: for root alone")
    def test_full_disk(self):
        disk = self.small_disk("size=3M")
        whole = self.fresh()
        options = ["--epochs", 8, "--hidden_dimension", 60, "--checkpoint_minutes", 0]
        subprocess.run(self.command(whole, *options), check=True, capture_output=True)
        out = disk / "run"
        filler = disk / "filler"
        process = self.start(self.command(out, *options))
        while not (out / "metrics.jsonl").exists():
            time.sleep(0.001)
        process.kill()
        process.wait()
        free = shutil.disk_usage(disk).free
        filler.write_bytes(b"x" * max(0, free - 20000))
        for _ in range(2):
            code, _, stderr = run("recvae_train", "--resume", out)
            self.assertEqual(code, 1, stderr)
            self.assertRegex(stderr.splitlines()[-1], "^recvae_train: .*No space left on device")
            self.assertTrue((out / "checkpoint/xxh128sums").exists())
        filler.unlink()
        self.resume(out)
        self.assert_same(out, whole)


if __name__ == "__main__":
    unittest.main(verbosity=2)
