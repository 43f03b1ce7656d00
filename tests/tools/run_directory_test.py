#!/usr/bin/env python3
"""recvae_train's --out: an earlier run is whole until the next has a result. Run as support.py says."""
import json
import signal
import subprocess
import time
import unittest

from support import HELD_OUT, IS_ROOT, TIMEOUT, TINY, TOOLS, CommandsTest, read_safetensors, run


class RunDirectoryTest(CommandsTest):
    def command(self, out, *options):
        return [TOOLS / "recvae_train", "--data", self.table, *HELD_OUT, *TINY, "--baselines", "none", "--quiet", "--out", out, *map(str, options)]

    def start(self, out, *options):
        process = subprocess.Popen(self.command(out, *options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    @staticmethod
    def files(out):
        return {str(p.relative_to(out)): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file() and ".tmp-" not in p.name}

    def seed_of(self, path):
        return json.loads(read_safetensors(path)[1]["settings"])["seed"]

    def assert_no_leftovers(self, out):
        self.assertEqual([p.name for p in (*out.parent.glob(f".{out.name}.*"), *out.rglob("*")) if "recvae-new" in p.name or ".tmp-" in p.name], [])

    def test_killed_at_any_time(self):
        out, _, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", 2)
        (out / "notes").mkdir()
        (out / "notes/mine.txt").write_text("mine")
        (out / "notes/link").symlink_to("nowhere")
        first = {path.name for path in out.iterdir()}
        start = time.monotonic()
        subprocess.run(self.command(out, "--epochs", 3, "--seed", 1, "--overwrite"), check=True, stdout=subprocess.DEVNULL)
        whole = time.monotonic() - start
        seen = set()
        for attempt in range(400):
            if attempt >= 40 and len(seen) == 2:
                break
            before, seed = self.files(out), 100 + attempt
            process = self.start(out, "--epochs", 3, "--seed", seed, "--overwrite")
            time.sleep(whole * (attempt % 40) / 40)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.assertEqual((out / "notes/mine.txt").read_text(), "mine")
            self.assertTrue((out / "notes/link").is_symlink())
            model, last = self.seed_of(out / "model.safetensors"), out / "checkpoint/model.safetensors"
            if last.exists():  # a new run may have none yet
                self.assertEqual(self.seed_of(last), model)
            seen.add(model == seed)
            if model != seed:
                self.assertEqual(self.files(out), before)
            else:
                self.assertIn('"epoch":1,', (out / "metrics.jsonl").read_text())
        unfinished = {path.name for path in out.glob("*.tmp-*")}  # of the last one killed; the next run removes it
        self.assertLessEqual({path.name for path in out.iterdir()} - unfinished, first)
        self.assertEqual(seen, {True, False}, "killed before and after the first result")
        subprocess.run(self.command(out, "--epochs", 1, "--overwrite"), check=True, stdout=subprocess.DEVNULL)
        self.assert_no_leftovers(out)

    def test_never_a_moment_without_a_run(self):
        out, _, _ = self.train("--data", self.table, *HELD_OUT)
        log, model = out / "metrics.jsonl", out / "model.safetensors"
        inode = model.stat().st_ino
        process = self.start(out, "--epochs", 1, "--n_enc_epochs", 30, "--seed", 9, "--overwrite")
        while process.poll() is None:
            self.assertTrue(model.exists() and log.exists())
        self.assertEqual(process.wait(), 0)
        self.assertNotEqual(model.stat().st_ino, inode)
        self.assert_no_leftovers(out)

    @unittest.skipUnless(IS_ROOT, "mounts a small disk: for root alone")
    def test_no_space_to_begin_in(self):
        disk = self.small_disk("nr_inodes=40")
        out = disk / "run"
        subprocess.run(self.command(out, "--epochs", 1), check=True, stdout=subprocess.DEVNULL)
        before = self.files(out)
        with self.assertRaises(OSError):
            for number in range(40):
                (disk / str(number)).touch()
        code, _, stderr = run(*self.command(out, "--overwrite"))
        self.assertEqual(code, 1, stderr)
        self.assertEqual(self.files(out), before)

    @unittest.skipUnless(IS_ROOT, "mounts a small disk: for root alone")
    def test_full_disk(self):
        disk = self.small_disk("size=600k")
        for out in (disk / "run", disk):  # the directory itself may be where the disk is mounted
            with self.subTest(out=out):
                subprocess.run(self.command(out, "--epochs", 1, "--overwrite"), check=True, stdout=subprocess.DEVNULL)
                before = self.files(out)
                code, _, stderr = run(*self.command(out, "--epochs", 1, "--overwrite", "--hidden_dimension", 300))
                self.assertEqual(code, 1, stderr)
                self.assertEqual(len(stderr.splitlines()), 1)
                self.assertEqual(self.files(out), before)
                self.assert_no_leftovers(out)
                subprocess.run(self.command(out, "--epochs", 1, "--overwrite", "--seed", 5), check=True, stdout=subprocess.DEVNULL)
                self.assertEqual(self.seed_of(out / "model.safetensors"), 5)
                self.assert_no_leftovers(out)

    def test_initial_weights_that_would_be_replaced(self):
        out, _, _ = self.train("--data", self.table, *HELD_OUT)
        before = self.files(out)
        for name in ("model.safetensors", "checkpoint/model.safetensors"):
            code, _, stderr = run(*self.command(out, "--init_from", out / name, "--overwrite"))
            self.assertEqual(code, 1)
            self.assertIn(f"{name}: expected initial weights that --overwrite does not replace", stderr)
        self.assertEqual(self.files(out), before)
        (out / "model.safetensors").rename(out / "mine.safetensors")
        subprocess.run(self.command(out, "--init_from", out / "mine.safetensors", "--overwrite"), check=True, stdout=subprocess.DEVNULL)

    def test_parts_of_a_blend_that_would_be_replaced(self):
        out, _, _ = self.train("--data", self.table, *HELD_OUT, "--baselines", "ease", "--save_baselines")
        before = self.files(out)
        for name in ("model.safetensors", "ease.safetensors"):
            for parts in (out / name, f"itemknn,{out / name}"):
                code, stdout, stderr = run(*self.command(out, "--blend", parts, "--overwrite"))
                self.assertEqual((code, stdout), (1, ""))
                self.assertIn(f"{name}: expected a part of the blend that --overwrite does not replace", stderr)
        self.assertEqual(self.files(out), before)

    def test_waits_for_a_model(self):
        out, _, _ = self.train("--data", self.table, *HELD_OUT)
        before = self.files(out)
        process = self.start(out, "--epochs", 1000000, "--eval_step", 1000000, "--overwrite")
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=TIMEOUT), 130)
        self.assertEqual(self.files(out), before)
        self.assert_no_leftovers(out)

    def test_a_file_that_may_not_grow(self):
        """A limit on sizes is a write that fails: one line, and nothing left."""
        for command, options in (("recvae_train", [*TINY, "--epochs", 1, "--hidden_dimension", 100]), ("recvae_prepare", [])):
            out = self.fresh()
            result = subprocess.run(["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", TOOLS / command, "--data", self.table, *HELD_OUT, *map(str, options), "--out", out], capture_output=True, text=True)
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertRegex(result.stderr, rf"(?m)^{command}: .*File too large$")
            self.assertEqual([path.name for path in self.home.iterdir() if path.name.lstrip(".").startswith(out.name)], [])

    def test_links(self):
        for name, target in (("dangling", "nowhere"), ("loop", "loop")):
            link = self.home / name
            link.symlink_to(target)
            for out in (link, link / "below"):
                for overwrite in ([], ["--overwrite"]):
                    self.bad(1, "recvae_train", "--data", self.table, *TINY, *HELD_OUT, "--out", out, *overwrite, out=False, names="link that leads nowhere")
            self.assertTrue(link.is_symlink())
        target, link = self.fresh(), self.home / "good"
        target.mkdir()
        link.symlink_to(target.name)
        for seed in (1, 2):
            subprocess.run(self.command(link, "--epochs", 1, "--seed", seed, "--overwrite"), check=True, stdout=subprocess.DEVNULL)
            self.assertTrue(link.is_symlink())
            self.assertEqual(self.seed_of(target / "model.safetensors"), seed)
        self.assert_no_leftovers(target)
        inner = target / "inner"
        inner.mkdir()
        link.unlink()
        link.symlink_to(inner)
        table = target / "table.csv"
        table.write_bytes(self.table.read_bytes())
        out = f"{link}/../up"  # from where the link leads to, as everybody else has it
        subprocess.run(self.command(out, "--epochs", 1, "--data", f"{link}/../table.csv"), check=True, stdout=subprocess.DEVNULL)
        self.assertTrue((target / "up/model.safetensors").exists())
        code, _, stderr = run("recvae_train", "--resume", out)
        self.assertEqual(code, 0, stderr)

    def test_the_working_directory(self):
        out = self.fresh()
        out.mkdir()
        for seed in (1, 2):  # a shell that stands there still sees it
            subprocess.run(self.command(".", "--epochs", 1, "--seed", seed, "--overwrite"), check=True, stdout=subprocess.DEVNULL, cwd=out)
            self.assertEqual(self.seed_of(out / "model.safetensors"), seed)
        self.assert_no_leftovers(out)

    def test_killed_in_the_working_directory(self):
        """Files change one after another there, and whatever has changed can be gone on with."""
        out = self.fresh()
        out.mkdir()
        start = time.monotonic()
        subprocess.run(self.command(out, "--epochs", 2), check=True, stdout=subprocess.DEVNULL)
        whole = time.monotonic() - start
        for attempt in range(20):
            process = subprocess.Popen(self.command(".", "--epochs", 2, "--seed", attempt, "--overwrite"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=out)
            time.sleep(whole * attempt / 20)
            process.kill()
            process.wait()
            code, _, stderr = run("recvae_train", "--resume", out)
            self.assertEqual(code, 0, stderr)
            seed = self.seed_of(out / "model.safetensors")
            self.assertIn(f"\nseed: {seed}\n", (out / "config.yaml").read_text())
            self.assertEqual(self.seed_of(out / "checkpoint/model.safetensors"), seed)
            self.assert_no_leftovers(out)

    def test_what_killed_runs_leave(self):
        out, _, _ = self.train("--data", self.table, *HELD_OUT, "--refit")
        for name in (".old_encoder.safetensors", ".old_encoder.safetensors.tmp-1", "model.safetensors.tmp-1", "edlae.safetensors.tmp-1", ".refit/model.safetensors.tmp-1", ".recvae-new/config.yaml", f"../.{out.name}.recvae-new/config.yaml"):
            (out / name).parent.mkdir(exist_ok=True)
            (out / name).touch()
        (out / "mine.tmp-1").touch()
        before = self.files(out)
        code, _, stderr = run("recvae_train", "--resume", out)
        self.assertEqual(code, 0, stderr)
        self.assertEqual(set(before) - set(self.files(out)), {".old_encoder.safetensors", ".recvae-new/config.yaml"})
        (out / "mine.tmp-1").unlink()
        self.assert_no_leftovers(out)

    def test_saved_baselines(self):
        """They are a run's: the next one replaces them, and a file that was being written keeps nobody out."""
        names, out = ["ease", "edlae", "itemknn"], self.fresh()
        out.mkdir()
        for name in names:
            (out / f"{name}.safetensors.tmp-1").touch()
        saved = lambda: sorted(path.name for path in out.glob("*.safetensors*"))
        subprocess.run(self.command(out, "--epochs", 1, "--baselines", ",".join(names), "--save_baselines"), check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(saved(), [*(f"{name}.safetensors" for name in names), "model.safetensors"])
        (out / "mine.safetensors").touch()
        subprocess.run(self.command(out, "--epochs", 1, "--baselines", "edlae", "--save_baselines", "--overwrite"), check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(saved(), ["edlae.safetensors", "mine.safetensors", "model.safetensors"])
        subprocess.run(self.command(out, "--epochs", 1, "--blend", "itemknn", "--save_baselines", "--overwrite"), check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(saved(), ["itemknn.safetensors", "mine.safetensors", "model.safetensors"])
        subprocess.run(self.command(".", "--epochs", 1, "--overwrite"), check=True, stdout=subprocess.DEVNULL, cwd=out)  # file by file
        self.assertEqual(saved(), ["mine.safetensors", "model.safetensors"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
