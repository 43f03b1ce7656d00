#!/usr/bin/env python3
"""recvae_tune: what it prints and writes, and that a search that was stopped or killed goes on. Run as support.py says."""
import csv
import json
import math
import os
import resource
import shutil
import signal
import statistics
import subprocess
import time
import unittest
from html.parser import HTMLParser

from support import HELD_OUT, ROWS, TINY, TOOLS, CommandsTest, inter, run

SPACE = "learning_rate choice [0.01,0.001]\nlatent_dimension choice [4,6,8]\n"
FEW = ["--hidden_dimension", "16", "--train_batch_size", "20", "--epochs", "2"]


class Tags(HTMLParser):
    """Counts elements, and what is not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.count, self.links = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1
        self.links += [value for name, value in attrs if name in ("src", "href") and not value.startswith("#")]
        if tag not in ("meta", "link", "br", "hr", "img", "input", "line", "path", "rect", "circle", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()


class TuneTest(CommandsTest):
    def tune(self, params, *options, out=None, data=True):
        """A search that has to work: (its directory, stdout)."""
        out = out or self.fresh()
        self.count_params = getattr(self, "count_params", 0) + 1
        file = self.put(f"params{self.count_params}", params)
        source = ["--data", self.table, *HELD_OUT] if data else []
        stdout, _ = self.good("recvae_tune", "--params", file, *source, *FEW, *options, "--out", out)
        return out, stdout

    @staticmethod
    def rows(out, name="trials.tsv"):
        with open(out / name, encoding="utf-8") as file:
            return list(csv.DictReader(file, delimiter="\t"))

    @classmethod
    def outcome(cls, out):
        """All that two searches have in common: the seconds left out."""
        trials = [{k: v for k, v in row.items() if k != "seconds"} for row in cls.rows(out)]
        return trials, (out / "config.yaml").read_text()

    def test_exhaustive(self):
        out, stdout = self.tune(SPACE)
        lines = stdout.splitlines()
        trials = self.rows(out)
        self.assertEqual([(t["learning_rate"], t["latent_dimension"]) for t in trials],
                         [(rate, size) for rate in ("0.01", "0.001") for size in ("4", "6", "8")])
        for line, trial in zip(lines, trials):
            self.assertEqual(line, f"learning_rate:{trial['learning_rate']}, latent_dimension:{trial['latent_dimension']}\tndcg@100:{float(trial['ndcg@100']):.4f}")
            self.assertEqual(trial["status"], "finished")
            self.assertEqual(trial["epochs"], "2")
        best = max(trials, key=lambda t: float(t["ndcg@100"]))
        self.assertEqual(lines[6], f"best learning_rate:{best['learning_rate']}, latent_dimension:{best['latent_dimension']}")
        self.assertEqual(lines[7], f"valid ndcg@100:\t{float(best['ndcg@100']):.4f}")
        self.assertEqual(lines[8:], [f"{m}:\t{float(best['test ' + m]):.4f}" for m in ("ndcg@100", "recall@20", "recall@50")])
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["config.yaml", "trials.jsonl", "trials.tsv", "tune.html"])
        config = (out / "config.yaml").read_text()
        self.assertIn(f"learning_rate: {best['learning_rate']}\n", config)
        self.assertIn(f"latent_dimension: {best['latent_dimension']}\n", config)

    def test_the_best_settings_train_to_the_same(self):
        out, stdout = self.tune(SPACE)
        run_dir = self.fresh()
        trained, _ = self.good("recvae_train", "--config", out / "config.yaml", "--baselines", "none", "--out", run_dir)
        self.assertEqual(trained.splitlines(), stdout.splitlines()[-3:])
        best = [json.loads(line)["valid"]["ndcg@100"] for line in (run_dir / "metrics.jsonl").read_text().splitlines()]
        self.assertEqual(max(best), max(float(t["ndcg@100"]) for t in self.rows(out)))

    def test_threads_and_parallel_trials_change_nothing(self):
        expected = None
        for threads in (1, 2, 4):
            for parallel in (1, 2):
                out, stdout = self.tune(SPACE, "--threads", threads, "--parallel", parallel)
                expected = expected or (self.outcome(out), stdout)
                self.assertEqual((self.outcome(out), stdout), expected, f"{threads} threads, {parallel} trials")
        out, stdout = self.tune(SPACE)
        self.assertEqual((self.outcome(out), stdout), expected)

    def test_random_and_ranges(self):
        space = "learning_rate loguniform -8,-4\nlatent_dimension quniform 4,8,2\ndropout_prob uniform 0.1,0.5\n"
        out, _ = self.tune(space, "--algo", "random", "--max_evals", 5)
        trials = self.rows(out)
        self.assertEqual(len(trials), 5)
        for t in trials:
            self.assertTrue(math.exp(-8) <= float(t["learning_rate"]) < math.exp(-4))
            self.assertIn(t["latent_dimension"], ("4", "6", "8"))
        again, _ = self.tune(space, "--algo", "random", "--max_evals", 3)
        self.assertEqual(self.outcome(again)[0], self.outcome(out)[0][:3])
        all_of_them, _ = self.tune("latent_dimension choice [4,6]\n", "--algo", "random")
        self.assertEqual(len(self.rows(all_of_them)), 2)

    def test_asha(self):
        out, stdout = self.tune("learning_rate choice [0.01,0.001,0.0001]\nlatent_dimension choice [4,6,8]\n", "--algo", "asha", "--epochs", 9)
        trials = self.rows(out)
        self.assertEqual(sorted(t["epochs"] for t in trials), ["1"] * 6 + ["3"] * 2 + ["9"])
        self.assertEqual(len(stdout.splitlines()), 9 + 3 + 1 + 5)
        self.assertIn("\tepochs:9\n", stdout)
        last = next(t for t in trials if t["epochs"] == "9")
        self.assertIn(f"best learning_rate:{last['learning_rate']}, latent_dimension:{last['latent_dimension']}\n", stdout)
        self.assertEqual(len((out / "trials.jsonl").read_text().splitlines()), 1 + 13)

    def test_seeds(self):
        out, stdout = self.tune("seed choice [1,2,3]\nlearning_rate choice [0.01,0.001]\n")
        trials, settings = self.rows(out), self.rows(out, "settings.tsv")
        self.assertEqual([t["seed"] for t in trials], ["1", "2", "3"] * 2)
        self.assertEqual(len(settings), 2)
        self.assertNotIn("seed", settings[0])
        for row in settings:
            values = [float(t["ndcg@100"]) for t in trials if t["learning_rate"] == row["learning_rate"]]
            self.assertEqual(row["n"], "3")
            self.assertAlmostEqual(float(row["ndcg@100"]), statistics.mean(values), places=12)
            self.assertAlmostEqual(float(row["deviation"]), statistics.stdev(values), places=12)
        best = max(settings, key=lambda row: float(row["ndcg@100"]))
        self.assertEqual(settings[0], best)
        self.assertIn(f"best learning_rate:{best['learning_rate']}\nvalid ndcg@100:\t{float(best['ndcg@100']):.4f}\t{float(best['deviation']):.4f}\n", stdout)
        self.assertIn("seed: 1\n", (out / "config.yaml").read_text())

    def test_early_stop_and_divergence(self):
        out, stdout = self.tune("learning_rate choice [1e30,0.01,0,1e-12,0.02]\n", "--early_stop", 2)
        trials = self.rows(out)
        self.assertEqual([t["status"] for t in trials], ["diverged"] + ["finished"] * 3)
        self.assertEqual(trials[0]["ndcg@100"], "")
        self.assertTrue(stdout.startswith("learning_rate:1e+30\tdiverged\n"))
        self.assertIn("best learning_rate:0.01\n", stdout)
        params = self.put("diverges", "learning_rate choice [1e30]\n")
        code, _, stderr = run("recvae_tune", "--params", params, "--data", self.table, *HELD_OUT, *FEW, "--out", self.fresh())
        self.assertEqual(code, 1)
        self.assertIn("recvae_tune: expected a trial with a ndcg@100, found none", stderr)

    def start(self, out, params, *options):
        command = [TOOLS / "recvae_tune", "--params", params, "--data", self.table, *HELD_OUT, *FEW, "--out", out, *map(str, options)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_stopped_or_killed_and_resumed(self):
        params = self.put("resumed", "learning_rate choice [0.01,0.003,0.001]\nlatent_dimension choice [4,6,8]\nseed choice [1,2]\n")
        for algo in ("exhaustive", "asha"):
            options = ["--algo", algo, "--epochs", 9]
            whole, expected = self.fresh(), None
            expected, _ = self.good("recvae_tune", "--params", params, "--data", self.table, *HELD_OUT, *FEW, *options, "--out", whole)
            for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
                with self.subTest(algo=algo, signal=number):
                    out = self.fresh()
                    process = self.start(out, params, *options)
                    for _ in range(5):
                        process.stdout.readline()
                    process.send_signal(number)
                    self.assertEqual(process.wait(), -number if number == signal.SIGKILL else 128 + number)
                    done = (out / "trials.jsonl").read_text().splitlines()
                    self.assertGreater(len(done), 5)
                    self.assertLess(len(done), len((whole / "trials.jsonl").read_text().splitlines()))
                    stdout, _ = self.good("recvae_tune", "--resume", out)
                    self.assertEqual(stdout, expected)
                    self.assertEqual(self.outcome(out), self.outcome(whole))
                    self.assertEqual((out / "trials.jsonl").read_text().splitlines()[:len(done)], done)
                    self.assertEqual([p.name for p in out.iterdir() if "tmp-" in p.name], [])

    def test_a_finished_search_prints_its_result_again(self):
        out, stdout = self.tune(SPACE)
        before = {p.name: p.read_bytes() for p in out.iterdir()}
        self.assertEqual(self.good("recvae_tune", "--resume", out)[0], stdout)
        self.assertEqual({p.name: p.read_bytes() for p in out.iterdir()}, before)
        moved = self.put("elsewhere/ratings.csv", self.table.read_bytes())
        self.assertEqual(self.good("recvae_tune", "--resume", out, "--data", moved, "--threads", 1, "--parallel", 2)[0], stdout)

    def test_what_changed_is_refused(self):
        out, _ = self.tune(SPACE)
        for option, value in (("--epochs", 3), ("--params", self.table), ("--algo", "random"), ("--preset", "wsdm"), ("--threshold", 1), ("--out", "x")):
            self.bad(2, "recvae_tune", "--resume", out, option, value, names=option + ": expected no such option beside --resume")
        other = self.put("other.csv", "\n".join(self.table.read_text().splitlines()[:-30]) + "\n")
        self.bad(1, "recvae_tune", "--resume", out, "--data", other, names="expected the data that")
        self.bad(1, "recvae_tune", "--resume", self.home, names="expected a search to go on with")
        log = out / "trials.jsonl"
        text = log.read_text()
        log.write_text(text + '{"trial":1\n')
        self.bad(1, "recvae_tune", "--resume", out, names="trials.jsonl:8: ")
        log.write_text(text + '{"trial":99,"rung":1}\n')
        self.bad(1, "recvae_tune", "--resume", out, names="a record of another search")
        self.bad(1, "recvae_tune", "--params", self.put("p", SPACE), "--data", self.table, *FEW, "--out", out, names="not empty; --resume goes on with an earlier search")

    def test_a_search_that_never_began_needs_no_tidying(self):
        killed = self.fresh()
        killed.mkdir()
        (killed / "trials.jsonl.tmp-1").write_text("{")
        out, stdout = self.tune(SPACE, out=killed)
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["config.yaml", "trials.jsonl", "trials.tsv", "tune.html"])
        params, failed = self.put("fails", SPACE), self.fresh()
        command = [TOOLS / "recvae_tune", "--params", params, "--data", self.table, *HELD_OUT, *FEW, "--quiet", "--out", failed]
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))  # the log fits, the page does not
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=limit)
        self.assertEqual((result.returncode, result.stdout, failed.exists()), (1, "", False), result.stderr)
        self.assertIn("cannot be written: File too large", result.stderr)

    def test_one_process_at_a_time(self):
        out, params = self.fresh(), self.put("long", "learning_rate choice [0.01,0.003,0.001,0.02,0.03,0.04]\n")
        process = self.start(out, params, "--epochs", 300)
        process.stdout.readline()
        self.bad(1, "recvae_tune", "--resume", out, names="another run is writing here")
        process.kill()

    def test_wrong_parameters_and_options(self):
        def refused(text, names, code=1, *options):
            params = self.put("wrong", text)
            self.bad(code, "recvae_tune", "--params", params, "--data", self.table, *HELD_OUT, *FEW, *options, names=names)

        refused("latent choice [1]\n", "wrong:1: expected the name of a setting, such as latent_dimension, found 'latent'")
        refused("beta choice [0.1]\nbeta uniform 0,1\n", "wrong:2: expected each parameter once")
        refused("\n\ndropout_prob choice [0.5,2]", "wrong:3: dropout_prob: expected a number in [0, 1), found '2'")
        refused("", "expected a parameter")
        refused("epochs choice [1,2]\n", "expected --algo exhaustive or random", 2, "--algo", "asha")
        refused(SPACE, "--early_stop: expected --algo exhaustive or random", 2, "--algo", "asha", "--early_stop", "3")
        refused(SPACE, "--algo: expected exhaustive, random or asha", 2, "--algo", "bayes")
        refused(SPACE, "--max_evals: expected a whole number from 1 on", 2, "--max_evals", "0")
        refused(SPACE, "unknown option '--max_eval', did you mean --max_evals?", 2, "--max_eval", "3")
        self.bad(2, "recvae_tune", "--data", self.table, names="--params is required")
        self.bad(2, "recvae_tune", "--data", self.table, "--params", "a", "--params_file", "b", names="expected --params or --params_file, found both")
        self.bad(2, "recvae_tune", "--params", self.table, names="--data is required")
        self.bad(1, "recvae_tune", "--params", self.home / "nothing", "--data", self.table, names="nothing")
        no_validation = self.put("adjacent/train.txt", "".join(f"{u} {u % 3} {3 + u % 4} 8\n" for u in range(30))).parent
        self.put("adjacent/test.txt", "1 7\n2 7\n")
        params = self.put("fine", SPACE)
        self.bad(1, "recvae_tune", "--params", params, "--data", no_validation, "--validation_ratio", "0", *FEW, names="expected validation rows")

    def test_recbole_s_spelling(self):
        home = self.fresh()
        self.put(f"{home.name}/dataset/ml-100k/ml-100k.inter", inter(ROWS))
        self.put(f"{home.name}/a.yaml", "epochs: 1\nhidden_dimension: 16\nheldout_users: 8\ntrain_batch_size: 20\n")
        self.put(f"{home.name}/hyper.test", "learning_rate choice [0.01,0.005,0.001,0.0005,0.0001]\nlatent_dimension choice [64,100,128,150,200,256,300,400,512]\n")
        command = [TOOLS / "recvae_tune", "--model=RecVAE", "--dataset=ml-100k", "--config_files=a.yaml", "--params_file=hyper.test", "--preset", "paper"]
        result = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(result.stdout.splitlines()), 45 + 5)
        out, = (home / "runs").glob("tune-ml-100k-*")
        self.assertEqual(len(self.rows(out)), 45)
        self.assertIn(f"data: {home.resolve()}/dataset/ml-100k\n", (out / "config.yaml").read_text())
        code, stdout, _ = run("recvae_tune", "--resume", out)  # from another working directory
        self.assertEqual((code, stdout), (0, result.stdout))

    def test_the_page(self):
        out, _ = self.tune("init choice [torch,xavier_normal]\nlearning_rate loguniform -8,-4\ndropout_prob uniform 0,0.9\nseed choice [1,2]\n", "--algo", "random", "--max_evals", 30)
        page = (out / "tune.html").read_text(encoding="utf-8")
        tags = Tags(page)
        self.assertEqual(tags.open, [])
        self.assertEqual(tags.links, [])
        self.assertGreaterEqual(tags.count.get("svg", 0), 2)
        self.assertGreaterEqual(tags.count.get("tr", 0), 1 + 30 + 1 + 60)
        for text in ("learning_rate", "xavier_normal", "ndcg@100", ">0.2</text>", ">0.4</text>"):  # of dropout_prob's axis
            self.assertIn(text, page)
        for t in self.rows(out):
            self.assertIn(f">{float(t['learning_rate']):.4g}</td>", page)
        best = self.rows(out, "settings.tsv")[0]
        self.assertIn(f">{float(best['ndcg@100']):.4f}</div>", page)
        self.assertIn(f"validation, ±\u00a0{float(best['deviation']):.4f}<", page)


if __name__ == "__main__":
    unittest.main(verbosity=2)
