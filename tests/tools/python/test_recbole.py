"""RecBole's door: what run_recbole returns is what recvae_train --preset recbole prints."""
import os
import re
import unittest
import warnings

import recvae
from recvae.quick_start import objective_function, run_recbole
from recvae.trainer import HyperTuning
from support import DATASETS, Case, run, tastes

SMALL = {"hidden_dimension": 24, "latent_dimension": 8, "epochs": 4, "train_batch_size": 64}


class RecBole(Case):
    def setUp(self):
        super().setUp()
        folder = self.folder / "dataset/made-up"
        folder.mkdir(parents=True)
        matrix = tastes().tocoo()
        rows = "".join(f"u{u}\ti{i}\t{1 + (u + i) % 5}\n" for u, i in zip(matrix.row, matrix.col))
        (folder / "made-up.inter").write_text("user_id:token\titem_id:token\trating:float\n" + rows)
        before = os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)
        warnings.simplefilter("ignore")

    def said(self, *options):
        """The test result that recvae_train prints, and the best epoch's validation."""
        out = run("recvae_train", "--preset", "recbole", "--out", self.folder / "out", "--overwrite", "--baselines", "none", *options)
        return {name: float(value) for name, value in re.findall(r"^(\S+):\t(\S+)$", out, re.M)}

    def test_run_recbole(self):
        config = self.folder / "a.yaml"
        config.write_text("gamma: 0.01\ntopk: [5, 10]\nval_interval: {rating: '[2,inf)'}\n")
        for seed in (2020, 7):
            given = {**SMALL, "seed": seed, "train_neg_sample_args": None, "metrics": ["Recall", "NDCG", "GAUC"], "valid_metric": "NDCG@10"}
            result = run_recbole(model="RecVAE", dataset="made-up", config_file_list=[str(config)], config_dict=given, progress=False)
            said = self.said("--data", "dataset/made-up", "--config", config, "--seed", seed, "--metrics", "[recall,ndcg,gauc]",
                             "--valid_metric", "ndcg@10", *[t for k, v in SMALL.items() for t in (f"--{k}", str(v))])
            self.assertEqual(result["test_result"], said)
            self.assertEqual(list(result["test_result"]), ["recall@5", "recall@10", "ndcg@5", "ndcg@10", "gauc"])
            self.assertEqual(result["best_valid_score"], result["best_valid_result"]["ndcg@10"])
            self.assertIs(result["valid_score_bigger"], True)

    @unittest.skipUnless(DATASETS, "no research data")
    def test_movielens(self):
        os.symlink(f"{DATASETS}/ml-100k", "dataset/ml-100k")
        for seed in (2020, 3):
            given = {"train_neg_sample_args": None, "seed": seed, "epochs": 4}
            result = run_recbole(model="RecVAE", dataset="ml-100k", config_dict=given, progress=False)
            self.assertEqual(result["test_result"], self.said("--data", "dataset/ml-100k", "--seed", seed, "--epochs", 4))

    def test_what_is_wrong(self):
        with self.assertWarnsRegex(UserWarning, "without meaning here: --gpu_id"):
            warnings.simplefilter("always")
            run_recbole("RecVAE", "made-up", config_dict={**SMALL, "epochs": 1, "gpu_id": "0"}, progress=False)
        self.assert_raises(ValueError, "hidden_dim.*did you mean", run_recbole, "RecVAE", "made-up", config_dict={"hidden_dim": 3})
        self.assert_raises(ValueError, "model: expected RecVAE, MultiVAE or MultiDAE, found 'BPR'", run_recbole, "BPR", "made-up")
        self.assert_raises(recvae.DataError, "none", run_recbole, "RecVAE", "none")
        self.assert_raises(ValueError, "dataset: expected a name", run_recbole, "RecVAE")

    def test_other_models(self):
        for model in ("MultiVAE", "MultiDAE"):
            result = run_recbole(model, "made-up", config_dict={"epochs": 2, "mlp_hidden_size": [16]}, progress=False)
            self.assertEqual(list(result), ["best_valid_score", "valid_score_bigger", "best_valid_result", "test_result"])

    def test_hyper_tuning(self):
        params = self.folder / "hyper.test"
        params.write_text("learning_rate choice [0.01,0.001]\nlatent_dimension choice [4,8]  # two of each\n")
        fixed = {**SMALL, "model": "RecVAE", "dataset": "made-up", "epochs": 2}
        search = HyperTuning(objective_function, params_file=params, fixed_config_dict=fixed)
        search.run(verbose=False)
        self.assertEqual(len(search.params2result), 4)
        self.assertEqual(search.best_score, max(r["best_valid_score"] for r in search.params2result.values()))
        self.assertEqual(search.params2result[search.params2str(search.best_params)]["best_valid_score"], search.best_score)
        search.export_result(self.folder / "result.tsv")
        rows = (self.folder / "result.tsv").read_text().splitlines()
        self.assertEqual(rows[0].split("\t")[:3], ["trial", "learning_rate", "latent_dimension"])
        self.assertEqual(len(rows), 5)
        calls = []

        def breaks(config_dict, config_file_list):
            calls.append(config_dict["latent_dimension"])
            if len(calls) == 2:
                raise KeyboardInterrupt
            return {"best_valid_score": config_dict["latent_dimension"]}

        broken = HyperTuning(breaks, params_dict={"choice": {"latent_dimension": [4, 8, 16]}}, fixed_config_dict=fixed)
        with self.assertRaises(KeyboardInterrupt):
            broken.run(verbose=False)
        self.assertEqual(broken.best_params, {"latent_dimension": 4})
        broken.run(verbose=False)
        self.assertEqual((calls, broken.best_score), ([4, 8, 8, 16], 16))
        by_dict = HyperTuning(objective_function, params_dict={"choice": {"latent_dimension": [4, 8]}}, algo="random", max_evals=1, fixed_config_dict=fixed)
        by_dict.run(verbose=False)
        self.assertEqual(len(by_dict.params2result), 1)
        self.assert_raises(recvae.DataError, "params_dict:1", HyperTuning, objective_function, params_dict={"choice": {"nothing": [1]}})


if __name__ == "__main__":
    unittest.main()
