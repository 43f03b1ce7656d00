#!/usr/bin/env python3
"""Options from YAML files, and RecBole's spelling. Run as support.py says."""
import os
import unittest

from support import HELD_OUT, ROWS, TINY, CommandsTest, inter

TINY_CONFIG = "hidden_dimension: 16\nlatent_dimension: 6\ntrain_batch_size: 20\nheldout_users: 8\nthreads: 1\nepochs: 3\n"


class ConfigTest(CommandsTest):
    def config(self, text, name="a.yaml"):
        return self.put(f"configs{self.count}/{name}", text)

    def printed(self, *options):
        """{key: value} of --print_config."""
        stdout, _ = self.good("recvae_train", "--print_config", *options)
        return dict(line.split(": ", 1) for line in stdout.splitlines())

    def refused(self, text, message, *options):
        """A file of that text is bad data: `FILE:message`."""
        file = self.config(text)
        self.bad(1, "recvae_train", "--data", self.table, "--config", file, *options, names=f"recvae_train: {file}:{message}")

    def test_precedence(self):
        first = self.config("preset: wsdm\nlearning_rate: 1e-3\nepochs: 7\nseed: 3\n")
        second = self.config("epochs: 8\nbeta: 0.5\nmetrics: [ndcg@10, 'recall@5']\n", "b.yaml")
        found = self.printed("--config", first, "--beta", 0.7, f"--config={second}", "--seed", 4)
        self.assertEqual((found["learning_rate"], found["epochs"], found["seed"], found["beta"]), ("0.001", "8", "4", "0.7"))
        self.assertEqual(found["metrics"], "[ndcg@10, recall@5]")
        self.assertEqual(found["layer_norm_eps"], "1e-05")  # of the preset in the first file
        found = self.printed("--config", second, "--config", first, "--preset", "paper")
        self.assertEqual((found["epochs"], found["layer_norm_eps"]), ("7", "0.1"))
        self.assertNotIn("preset", found)

    def test_none_and_spellings(self):
        first = self.config("clip-grad-norm: 5\nuser_field: x\nstopping_step: 3\n")
        second = self.config("clip_grad_norm: ~\nuser_field: null\nstopping_step: None\n", "b.yaml")
        found = self.printed("--config", first)
        self.assertEqual((found["clip_grad_norm"], found["user_field"], found["stopping_step"]), ("5.0", "x", "3"))
        found = self.printed("--config", first, "--config", second)
        self.assertEqual((found["clip_grad_norm"], found["stopping_step"]), ("null", "null"))
        self.assertNotIn("user_field", found)

    def test_training_by_file(self):
        out, stdout, _ = self.train("--config", self.config(f"data: {self.table}\nquiet: True\n{TINY_CONFIG}"), "--epochs", 3, tiny=[])
        self.assertEqual((out / "model.safetensors").read_bytes(), self.model.read_bytes())
        self.assertEqual(stdout, self.run_stdout)

    def test_printed_config_is_the_run(self):
        options = ["--data", self.table, *HELD_OUT, *TINY, "--epochs", 3, "--learning_rate", 0.001, "--baselines", "none", "--lambda", 7, "--ease_double", "false",
                   "--neighbors", 5, "--clip_grad_norm", 1.5, "--topk", "5,10", "--refit"]
        printed, stderr = self.good("recvae_train", *options, "--print_config")
        self.assertEqual(stderr, "")
        self.assertNotIn("threads", printed)
        file = self.config(printed)
        again, _ = self.good("recvae_train", "--config", file, "--print_config")
        self.assertEqual(again, printed)
        (by_options, stdout, _), (by_file, stdout_too, _) = self.train(*options), self.train("--config", file, "--epochs", 3, tiny=["--threads", 1])
        self.assertEqual(self.weights(by_file), self.weights(by_options))
        self.assertEqual(stdout_too, stdout)
        # Without data: nothing is read, nothing required.
        self.assertEqual(self.printed()["hidden_dimension"], "600")
        self.assertEqual(self.printed("--data", "nowhere")["data"], "nowhere")
        self.bad(2, "recvae_train", "--print_config", "--dropout_prob", 2, names="dropout_prob: expected")

    def test_errors_name_file_and_line(self):
        self.refused("# x\n\nlearning_rate: x\n", "3: learning_rate: expected a number, found 'x'")
        self.refused("seed: 1\nlearning_rat: 1\n", "2: unknown key 'learning_rat', did you mean learning_rate?")
        self.refused("seed: 1\nseed: 2\n", "2: key 'seed' twice, the first is in line 1")
        self.refused("beta: [1\n", "2: is no YAML: end of sequence flow not found")
        self.refused("seed: ''\n", "1: seed: expected a value, found none")
        self.refused("quiet: maybe\n", "1: quiet: expected true or false, found 'maybe'")
        self.refused("preset: papper\n", "1: preset: expected one of paper, wsdm, recbole, multvae, multdae, found 'papper'")
        self.refused("\nbaselines: [pop]\n", "2: baseline: expected one of popularity, ease, edlae, itemknn, found 'pop'")
        self.refused("lambda: -1\n", "1: lambda: expected a positive number")
        # Of what files and the line give together, the option that is wrong says whose fault it is.
        self.refused("dropout_prob: 1.5\n", "1: dropout_prob: expected a number in [0, 1)", "--seed", 3)
        self.refused("seed: 1\nsplit: time\n", "2: split time: expected --valid_from, found none")
        self.refused("ratios: [1, 2]\nsplit: ratio\n", "1: ratios: expected three numbers, found 2")
        self.bad(2, "recvae_train", "--data", self.table, "--config", self.config("dropout_prob: 0.1\n"), "--dropout_prob", 1.5, names="dropout_prob: expected")
        self.bad(2, "recvae_train", "--data", self.table, "--config", "nowhere.yaml", "--seed", "x", names="--seed: expected a whole number")
        for name in ("help", "version", "config", "config_files", "resume", "print_config", "dry_run"):
            self.refused(f"{name}: true\n", f"1: unknown key '{name}'")
        self.bad(1, "recvae_train", "--data", self.table, "--config", self.home / "none.yaml", names="none.yaml: cannot be opened")
        self.bad(1, "recvae_train", "--data", self.table, "--config", self.home, names=": cannot be read")
        self.bad(1, "recvae_train", "--data", self.table, "--config", "/dev/zero", names="/dev/zero: expected a file of settings, of at most 1 MiB")
        self.bad(2, "recvae_train", "--config=", names="--config: expected a value, found none")
        self.bad(2, "recvae_recommend", "--model", self.model, "--config", "x", names="unknown option '--config'")
        self.good("recvae_train", "--help", "--config", "nowhere.yaml")

    def test_keys_of_recbole_without_meaning(self):
        file = self.config("gpu_id: 0\ntrain_neg_sample_args: ~\nworker: [1, 2]\n")
        _, stderr = self.good("recvae_train", "--print_config", "--config", file, "--device", "cpu")
        self.assertEqual(stderr, "warning: without meaning here: --device, gpu_id, train_neg_sample_args, worker\n")
        self.refused("gpu_idd: 0\n", "1: unknown key 'gpu_idd', did you mean gpu_id?")

    def test_spelling_of_recbole(self):
        self.put("dataset/tiny/tiny.inter", inter(ROWS))
        self.put("dataset/tiny/other.inter", "not read\n")
        self.put("elsewhere/tiny/tiny.train.inter", inter(ROWS[:-100]))
        self.put("elsewhere/tiny/tiny.valid.inter", inter(ROWS[-100:-50]))
        self.put("elsewhere/tiny/tiny.test.inter", inter(ROWS[-50:]))
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(self.home)
        expected = self.trained("--data", "dataset/tiny", *HELD_OUT)
        out, _, stderr = self.train("--model=RecVAE", "--dataset=tiny", *HELD_OUT, "--preset=paper")
        self.assertEqual(self.weights(out), expected)
        self.assertNotIn("preset", stderr)
        a, b = self.config(f"{TINY_CONFIG}preset: paper\nepochs: 9\n".replace("epochs: 3\n", "")), self.config("epochs: 1\ndataset: tiny\nmodel: RecVAE\n", "b.yaml")
        out, _, stderr = self.train(f"--config_files={a.relative_to(self.home)}  {b.relative_to(self.home)}", tiny=[])
        self.assertEqual(self.weights(out), expected)
        self.assertEqual(self.trained("--dataset", "tiny", "--data_path", "elsewhere", "--preset", "paper"), self.trained("--data", "elsewhere/tiny"))
        self.assertEqual(self.printed("--dataset", "tiny", "--preset", "wsdm", "--config", self.config("data: x\ndata_path: y\n"))["data"], "y/tiny")
        self.assertEqual(self.printed("--data", "x", "--preset", "wsdm", "--config", self.config("dataset: tiny\ndata_path: y\n"))["data"], "x")
        self.bad(2, "recvae_train", "--model", "BPR", "--dataset", "tiny", names="--model: expected RecVAE, MultiVAE or MultiDAE, found 'BPR'")
        self.bad(2, "recvae_train", "--model", "recvae", "--dataset", "tiny", names="--model: expected RecVAE, MultiVAE or MultiDAE, found 'recvae'")
        self.bad(2, "recvae_train", "--data", "x", "--dataset", "tiny", names="expected data or dataset, found both")
        self.bad(2, "recvae_train", "--data", "x", "--data_path", "y", names="--data_path: expected --dataset beside it")
        self.bad(1, "recvae_train", "--dataset", "nothing", names="dataset/nothing")
        for text, message in {"model: BPR\n": "1: model: expected RecVAE, MultiVAE or MultiDAE, found 'BPR'", "data: x\ndataset: y\n": "2: expected data or dataset, found both"}.items():
            file = self.config(text)
            self.bad(1, "recvae_train", "--config", file, names=f"{file}:{message}")


if __name__ == "__main__":
    unittest.main()
