#!/usr/bin/env python3
"""What all commands share: help, version, spellings, wrong values. Run as support.py says."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unittest
from pathlib import Path

from support import COMMANDS, HELD_OUT, TOOLS, CommandsTest


class CommandLineTest(CommandsTest):
    def test_help_and_version(self):
        for command in COMMANDS:
            stdout, stderr = self.good(command, "--help")
            self.assertIn("--threads", stdout)
            if command != "recvae_similar":  # which reads none
                self.assertIn("--data", stdout)
                self.assertIn("csv, tsv or table", stdout)
            self.assertEqual(stderr, "")
            stdout, _ = self.good(command, "--version")
            self.assertRegex(stdout, rf"^{command} \d+\.\d+\.\d+\n")

    def test_help_is_a_table(self):
        """No line is longer than the terminal, or 100 columns; descriptions stand below each other, each option's first word beside it."""
        def widest(text):
            column = re.search(r"(?m)^ +--help +", text).end() - re.search(r"(?m)^ +--help", text).start()
            _, _, table = text.partition("\nUsage:")
            for line in table.splitlines()[1:]:
                self.assertRegex(line, rf"^(|\S.*:|  --\w+( VALUE)? +\S.*| {{{column}}}\S.*)$")
                if line.startswith(" "):
                    self.assertRegex(line[column - 1:column + 1], r" \S")
            return max(map(len, text.splitlines()))
        for command in COMMANDS:
            text, _ = self.good(command, "--help")
            self.assertTrue(80 < widest(text) <= 100, text)
            ours, theirs = pty.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 70, 0, 0))
            with open(ours, "rb", buffering=0) as terminal, subprocess.Popen([TOOLS / command, "--help"], stdout=theirs) as process:
                os.close(theirs)
                narrow = b""
                try:
                    while block := terminal.read(4096):
                        narrow += block
                except OSError:  # the other end is closed
                    pass
            self.assertEqual(process.returncode, 0)
            self.assertTrue(50 < widest(narrow.decode().replace("\r", "")) <= 70)
            self.assertEqual(narrow.decode().split(), text.split())

    def test_keys_of_recbole_without_meaning(self):
        keys = ["--gpu_id", 0, "--train_neg_sample_args=None", "--worker", "-1", "--save-dataset", "False", "--show_progress"]
        out, _, stderr = self.train(*keys, "--data", self.table, *HELD_OUT, "--epochs", 3)
        self.assertEqual([line for line in stderr.splitlines() if "warning" in line], ["warning: without meaning here: --gpu_id, --save_dataset, --show_progress, --train_neg_sample_args, --worker"])
        self.assertEqual(self.weights(out), self.weights(self.run_dir))
        for wrong, nearest in {"gpu_idd": "gpu_id", "gpu": "gpu_id", "train_neg_sample_arg": "train_neg_sample_args", "hidden_dim": "hidden_dimension",
                               "batch_size": "train_batch_size", "lerning_rate": "learning_rate", "epoch": "epochs"}.items():
            self.bad(2, "recvae_train", "--data", self.table, f"--{wrong}", 0, names=f"unknown option '--{wrong}', did you mean --{nearest}?")
        self.bad(2, "recvae_train", "--data", self.table, "--learner", "sgd", names="--learner: expected adam")
        self.bad(2, "recvae_evaluate", "--data", self.table, "--model", self.model, "--gpu_id", 0, names="unknown option '--gpu_id'")

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
        self.bad(2, "recvae_prepare", "--data", self.table, "--validation_ratio", 0.1, names="unknown option '--validation_ratio'")
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
                 "group_by": ["item"], "time_users": ["old"], "valid_from": ["2020-02-30"], "test_from": ["soon"], "test_history": ["some"], "data_format": ["xml"], "topk": ["0", "-1"], "layer_norm_eps": ["-5", "0", "nan", "1e-300"]}
        for option, values in wrong.items():
            for value in values:
                self.bad(2, "recvae_train", "--data", self.table, f"--{option}={value}", names=option)
        self.bad(2, "recvae_train", "--data", self.table, "--topk", "[1,x]", names="expected a list such as [a,b], each a whole number, found '[1,x]'")
        self.bad(2, "recvae_train", "--data", self.table, "--metrics", "ndcg", "--topk", ",".join(["5"] * 20000), names="expected at most 10000")
        self.bad(2, "recvae_train", "--data", self.table, "--" + "x" * 100_000, 1, names="unknown option")
        self.bad(2, "recvae_prepare", "--data", self.table, "--heldout_users=-1", names="heldout_users")
        for value in ("-5", "0", "nan", "1e-300"):
            for command in (["recvae_recommend"], ["recvae_evaluate", "--data", self.table]):
                self.bad(2, command[0], *command[1:], "--model", self.model, f"--layer_norm_eps={value}", names="layer_norm_eps")


if __name__ == "__main__":
    unittest.main()
