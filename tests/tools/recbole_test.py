#!/usr/bin/env python3
"""RecBole's configuration and command lines. Run as support.py says."""
import json
import os
import unittest

from support import HELD_OUT, ROWS, TINY, CommandsTest, inter, read_safetensors


class RecboleTest(CommandsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.put("dataset/tiny/tiny.inter", inter(ROWS))
        cls.put("dataset/parts/parts.part1.inter", inter(ROWS[:-100]))
        cls.put("dataset/parts/parts.part2.inter", inter(ROWS[-100:-50]))
        cls.put("dataset/parts/parts.part3.inter", inter(ROWS[-50:]))
        here = os.getcwd()
        cls.addClassCleanup(os.chdir, here)
        os.chdir(cls.home)

    def config(self, text, name="a.yaml"):
        return self.put(f"configs{self.count}/{name}", text)

    def printed(self, *options):
        """{key: value} of --print_config, and stderr."""
        stdout, stderr = self.good("recvae_train", "--print_config", *options)
        return dict(line.split(": ", 1) for line in stdout.splitlines()), stderr

    def printed_only(self, *options):
        return self.printed(*options)[0]

    def test_the_preset(self):
        found = self.printed_only("--preset", "recbole", "--data", "dataset/tiny", "--seed", 7)
        expected = {
            "epsilon_std": "0.01", "init": "xavier_normal", "include_padding_user": "true", "selection_ties": "last", "selection_decimals": "4",
            "epochs": "300", "stopping_step": "10", "valid_metric": '"mrr@10"' if '"' in found["valid_metric"] else "mrr@10", "train_batch_size": "2048",
            "learning_rate": "0.001", "topk": "[10]", "metrics": "[recall, mrr, ndcg, hit, precision]",
            "split": "ratio", "split_seed": "7", "rm_dup_inter": '"none"', "test_history": "train", "seed": "7"}
        self.assertEqual({key: found.get(key) for key in expected}, expected)
        self.assertNotIn("ratios", found)
        # What is given stays, each quirk by itself, and the split's seed too.
        found = self.printed_only("--preset", "recbole", "--data", "dataset/tiny", "--split", "strong", "--split_seed", 5, "--include_padding_user", "false",
                                  "--rm_dup_inter", "first", "--test_history", "all", "--selection_decimals", "none")
        self.assertEqual([found[key] for key in ("split", "split_seed", "include_padding_user", "rm_dup_inter", "test_history", "selection_decimals")],
                         ["strong", "5", "false", "first", "all", "null"])
        # Data that are split keep their parts.
        found = self.printed_only("--preset", "recbole", "--data", "dataset/parts", "--benchmark_filename", "['part1','part2','part3']")
        self.assertEqual([key in found for key in ("split", "rm_dup_inter", "split_seed", "test_history")], [False, False, False, True])
        found = self.printed_only("--preset", "recbole", "--data", self.prepared)
        self.assertEqual([key in found for key in ("split", "rm_dup_inter", "split_seed", "test_history")], [False] * 4)
        self.assertEqual(self.printed_only("--preset", "recbole")["split"], "ratio")
        self.bad(1, "recvae_train", "--preset", "recbole", "--data", "nowhere", names="nowhere: No such file")
        self.bad(2, "recvae_train", "--preset", "recbole", "--data", "nowhere", "--heldout_users", 3, names="--heldout_users: expected --split strong")

    def test_a_run_of_the_page_is_repeated_by_its_config(self):
        out, stdout, stderr = self.train("--model=RecVAE", "--dataset=tiny", "--train_neg_sample_args=None", "--epochs=3", tiny=TINY[:-4])
        self.assertIn("preset: recbole\n", stderr)
        self.assertIn("warning: without meaning here: --train_neg_sample_args\n", stderr)
        self.assertEqual([line.split(":")[0] for line in stdout.splitlines()[-5:]], ["recall@10", "mrr@10", "ndcg@10", "hit@10", "precision@10"])
        again, stdout_too, _ = self.train("--config", out / "config.yaml", "--epochs", 3, tiny=[])
        self.assertEqual(self.weights(again), self.weights(out))
        self.assertEqual(stdout_too, stdout)
        evaluated, _ = self.good("recvae_evaluate", "--model", out / "model.safetensors", "--data", "dataset/tiny")
        self.assertEqual(evaluated.splitlines(), stdout.splitlines()[-5:])
        settings = json.loads(read_safetensors(out / "model.safetensors")[1]["settings"])
        self.assertEqual((settings["split"], settings["split_seed"], settings["rm_dup_inter"]), ("ratio", 2020, "none"))
        prepared = self.fresh()
        self.good("recvae_prepare", "--data", "dataset/tiny", "--split", "ratio", "--split_seed", 2020, "--rm_dup_inter", "none", "--out", prepared)
        by_parts, _, _ = self.train("--preset", "recbole", "--data", prepared, "--epochs", 3, tiny=TINY[:-4])
        self.assertEqual(self.weights(by_parts), self.weights(out))

    def test_eval_args(self):
        for text, expected in {
                "{'split': {'RS': [8,1,1]}, 'group_by': 'user', 'order': 'RO', 'mode': 'full'}": ("ratio", "[8.0, 1.0, 1.0]", "RO", "user"),
                "{'split': {'LS': 'valid_and_test'}, 'order': 'TO', 'mode': {'valid': 'full', 'test': 'full'}}": ("loo", None, "TO", "user"),
                "{'group_by': '-'}": ("ratio", "[0.8, 0.1, 0.1]", "RO", '"none"'),
                '{"group_by": None, "order": "TO"}': ("ratio", "[0.8, 0.1, 0.1]", "TO", '"none"')}.items():
            for preset in ("paper", "recbole"):
                found = self.printed_only(f"--eval_args={text}", "--preset", preset)
                self.assertEqual(tuple(found.get(key) for key in ("split", "ratios", "order", "group_by")), expected, text)
        file = self.config("eval_args:\n  split: {'RS': [0.7, 0.2, 0.1]}\n  order: TO\n  mode: full\n")
        found = self.printed_only("--config", file)
        self.assertEqual((found["split"], found["ratios"], found["order"]), ("ratio", "[0.7, 0.2, 0.1]", "TO"))
        # They stand and fall together: what wins over the split wins over all of it.
        found = self.printed_only("--config", file, "--split", "strong")
        self.assertEqual([key in found for key in ("ratios", "order", "group_by")], [False] * 3)
        found = self.printed_only("--config", file, "--config", self.config("eval_args: {split: {LS: valid_and_test}}\n", "b.yaml"))
        self.assertEqual((found["split"], found.get("ratios"), found["order"]), ("loo", None, "RO"))
        found = self.printed_only("--config", file, "--ratios", "0.6,0.2,0.2")
        self.assertEqual((found["ratios"], found["order"]), ("[0.6, 0.2, 0.2]", "TO"))
        for text, message in {
                "{'mode': 'uni100'}": "expected mode full: metrics on samples", "{'mode': {'valid': 'full', 'test': 'pop100'}}": "expected mode full",
                "{'split': {'TS': [0.8,0.1,0.1]}}": "--split time", "{'split': {'LS': 'test_only'}}": "expected LS valid_and_test",
                "{'split': {'RS': [0.8,0.2]}}": "three ratios", "{'ordre': 'RO'}": "not 'ordre'", "{'order': 'XO'}": "expected order RO or TO",
                "full": "expected a map such as", "{'split': ": "expected"}.items():
            self.bad(2, "recvae_train", "--data", "dataset/tiny", f"--eval_args={text}", names=message)
        self.bad(1, "recvae_train", "--config", self.config("seed: 1\neval_args:\n  mode: uni100\n"), names="a.yaml:2: eval_args: expected mode full")
        # Beside data that are split it has no meaning, as in RecBole.
        found, stderr = self.printed("--data", "dataset/parts", "--benchmark_filename=['part1', 'part2', 'part3']", "--config", file)
        self.assertIn("warning: without meaning, as dataset/parts is already split: eval_args\n", stderr)
        self.assertNotIn("split", found)
        self.bad(2, "recvae_train", "--data", "dataset/parts", "--benchmark_filename", "part1,part2,part3", "--split", "ratio", names="is already split")

    def test_keys(self):
        file = self.config("USER_ID_FIELD: uid\nITEM_ID_FIELD: sid\nRATING_FIELD: r\nTIME_FIELD: t\nclip_grad_norm: {max_norm: 5, norm_type: 2}\n"
                           "val_interval: {rating: \"[3,inf)\", tag: [a, b]}\nuser_inter_num_interval: \"[5,inf)\"\nitem_inter_num_interval: ~\n"
                           "metric_decimal_place: 3\nthreshold: {rating: 4}\nload_col:\n  inter: [user_id, item_id]\n  user: [user_id, age]\n"
                           "metrics: [Recall, NDCG, GAUC]\ntopk: 5\nvalid_metric: NDCG@5\nlearner: adam\nrepeatable: False\nencoding: utf-8\ntransform: ~\n")
        found, stderr = self.printed("--config", file)
        expected = {"user_field": "uid", "item_field": "sid", "rating_field": "r", "time_field": "t", "clip_grad_norm": "5.0", "selection_decimals": "3",
                    "user_inter_num_interval": '"[5,inf)"', "topk": "[5]", "metrics": "[Recall, NDCG, GAUC]", "valid_metric": '"NDCG@5"' if '"' in found["valid_metric"] else "NDCG@5"}
        self.assertEqual({key: found.get(key) for key in expected}, expected)
        self.assertNotIn("item_inter_num_interval", found)
        self.assertNotIn("threshold", found)
        self.assertEqual(stderr, "warning: without meaning here: load_col, threshold\n")
        again, _ = self.printed("--config", self.config("".join(f"{k}: {v}\n" for k, v in found.items()), "b.yaml"))
        self.assertEqual(again, found)
        self.assertEqual(self.printed_only("--anneal_cap", 0.3, "--mlp_hidden_size=[50]", "--threshold", 3.5, "--clip_grad_norm=None")["hidden_dimension"], "50")
        for option, value, message in (
                ("learner", "sgd", "--learner: expected adam, the only optimiser here, found 'sgd'"), ("repeatable", "True", "--repeatable: expected False"),
                ("encoding", "latin-1", "--encoding: expected utf-8"), ("transform", "x", "--transform: expected null"),
                ("clip_grad_norm", "{'max_norm': 5, 'norm_type': 1}", "with norm_type 2"), ("mlp_hidden_size", "[600,300]", "one hidden layer"),
                ("metrics", "AUC", "metrics: expected one of"), ("val_interval", "{'rating': '4'}", "--val_interval: expected intervals"),
                ("valid_metric", "RMSE", "valid_metric: ")):
            self.bad(2, "recvae_train", "--data", "dataset/tiny", f"--{option}={value}", names=message)
        self.bad(2, "recvae_train", "--data", "dataset/tiny", "--user_inter_num_intervals", "[5,inf)", names="did you mean --user_inter_num_interval?")

    def test_misspelt_by_the_page(self):
        found, stderr = self.printed("--hidden_dimendion=50", "--latent_dimendion", 20)
        self.assertEqual((found["hidden_dimension"], found["latent_dimension"]), ("50", "20"))
        self.assertEqual([line.split(" and ")[0] for line in stderr.splitlines()], ["warning: hidden_dimendion"])
        params = self.put("hyper.test", "latent_dimendion choice [4,6]\n")
        stdout, stderr = self.good("recvae_tune", "--params_file", params, "--data", self.table, *HELD_OUT, *TINY, "--epochs", 1, "--out", self.fresh())
        self.assertIn("latent_dimension", stdout)
        self.assertIn("warning: ", stderr)

    def test_spellings_that_disagree(self):
        for options in (["--hidden_dimendion", 50, "--hidden_dimension", 60], ["--USER_ID_FIELD", "a", "--user_field", "b"],
                        ["--split", "strong", "--eval_args", "{'order': 'TO'}"]):
            self.bad(2, "recvae_train", "--data", "dataset/tiny", *options, names="expected what ")
        self.printed("--hidden_dimendion", 50, "--hidden_dimension", 50)
        self.printed("--ratios", "0.8,0.1,0.1", "--eval_args", "{'order': 'TO'}")
        file = self.config("hidden_dimension: 5\nhidden_dimendion: 6\n")
        self.bad(1, "recvae_train", "--config", file, names=f"{file}:2: hidden_dimendion: expected what hidden_dimension says, '5', found '6'")
        found = self.printed_only("--config", self.config("hidden_dimension: 5\n"), "--config", self.config("hidden_dimendion: 6\n", "b.yaml"))
        self.assertEqual(found["hidden_dimension"], "6")

    def test_models(self):
        found = self.printed_only("--model", "MultiVAE", "--dataset", "tiny")
        self.assertEqual([found[key] for key in ("encoder", "decoder", "prior", "latent_dimension", "total_anneal_steps", "gamma", "beta", "alternating", "epochs", "split")],
                         ["multvae", "multvae", "standard", "64", "200000", "0.0", "0.2", "false", "300", "ratio"])
        self.assertEqual(self.printed_only("--model", "MultiDAE", "--dataset", "tiny")["latent_dimension"], "64")
        self.assertEqual(self.printed_only("--model", "MultiVAE", "--preset", "multvae")["latent_dimension"], "200")
        self.bad(2, "recvae_train", "--data", "dataset/tiny", "--model", "RecVAE", "--preset", "multvae", names="model: expected what --preset multvae is")
        self.bad(2, "recvae_train", "--data", "dataset/tiny", "--model", "BPR", names="expected RecVAE, MultiVAE or MultiDAE, found 'BPR'")
        for model in ("MultiVAE", "MultiDAE"):
            out, stdout, _ = self.train("--model", model, "--dataset=tiny", "--epochs", 2, tiny=TINY[:-4])
            self.assertIn("ndcg@10:\t", stdout)
            answer, _ = self.good("recvae_recommend", "--model", out / "model.safetensors", "--topk", 3, stdin="100\t101\n")
            self.assertEqual(len(answer.splitlines()), 3)

    def test_hyper_tuning(self):
        params = self.put("hyper.test", "learning_rate choice [0.01,0.001]\nlatent_dimension choice [4,6]\n")
        stdout, stderr = self.good("recvae_tune", "--model=RecVAE", "--dataset=tiny", f"--config_files={self.config('epochs: 2')}", f"--params_file={params}",
                                   "--output_file=x.result", "--tool=Hyperopt", "--hidden_dimension", 8, "--out", self.fresh())
        self.assertIn("warning: without meaning here: --output_file, --tool\n", stderr)
        self.assertIn("mrr@10", stdout)


if __name__ == "__main__":
    unittest.main()
