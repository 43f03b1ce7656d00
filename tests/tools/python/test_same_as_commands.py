"""What the package computes is what the commands do: weights by the byte, lists and figures by the digit."""
import hashlib
import json
import unittest

import numpy as np
import recvae
from support import DATASETS, SMALL, Case, options, run, tastes, write_ratings


def tensors(path):
    """A hash of a safetensors file after its header, and the header without metadata."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__")
    return header, hashlib.sha256(content[8 + length:]).hexdigest()


class SameAsCommands(Case):
    def setUp(self):
        super().setUp()
        self.ratings = self.folder / "ratings.csv"
        write_ratings(self.ratings, tastes())
        self.split = {"split": "strong", "heldout_users": 40, "threshold": 1.5}
        self.addCleanup(recvae.set_threads, 0)

    def train(self, out, *more):
        return run("recvae_train", "--data", self.ratings, *options(self.split), *options(SMALL), "--out", out, "--baselines",
                   "none", *more)

    def test_fit_gives_the_same_bytes(self):
        self.train(self.folder / "out")
        data = recvae.read(self.ratings, **self.split)
        for threads in (1, 2):
            recvae.set_threads(threads)
            by_matrix = recvae.RecVAE(**SMALL).fit(data.train, validation=data.validation, progress=False)
            by_matrix.save(self.folder / "matrix.safetensors")
            self.assertEqual(tensors(self.folder / "matrix.safetensors"), tensors(self.folder / "out/model.safetensors"))
        recvae.RecVAE(**SMALL).fit(data, progress=False).save(self.folder / "data.safetensors")
        self.assertTrue((self.folder / "data.safetensors").read_bytes() ==
                        (self.folder / "out/model.safetensors").read_bytes())

    def test_fit_without_validation_gives_the_same_bytes(self):
        train = self.folder / "train.txt"
        matrix = tastes()
        train.write_text("".join(f"{u} {' '.join(map(str, matrix[u].indices))}\n" for u in range(matrix.shape[0])))
        (self.folder / "test.txt").write_text("0 1\n")
        run("recvae_train", "--data", self.folder, "--data_format", "adjacency", "--validation_ratio", 0, *options(SMALL),
            "--out", self.folder / "out", "--baselines", "none")
        data = recvae.read(self.folder, data_format="adjacency", validation_ratio=0)
        for threads in (1, 2):
            recvae.set_threads(threads)
            recvae.RecVAE(**SMALL).fit(data.train, progress=False).save(self.folder / "matrix.safetensors")
            self.assertEqual(tensors(self.folder / "matrix.safetensors"), tensors(self.folder / "out/model.safetensors"))

    def test_history_is_metrics_jsonl(self):
        self.train(self.folder / "out")
        data = recvae.read(self.ratings, **self.split)
        records = []
        model = recvae.RecVAE(**SMALL).fit(data, progress=False, callback=records.append)
        lines = [json.loads(line) for line in (self.folder / "out/metrics.jsonl").read_text().splitlines()]
        self.assertEqual([list(r) for r in records], [list(r) for r in lines])
        for ours, theirs, flat in zip(records, lines, model.history_):
            for name in ("epoch", "train_loss", "train_mll", "train_kld", "decoder_mll", "valid"):
                self.assertEqual(ours[name], theirs[name])
            self.assertEqual(flat["ndcg@100"], theirs["valid"]["ndcg@100"])

    def test_lists_and_figures(self):
        self.train(self.folder / "out")
        path = self.folder / "out/model.safetensors"
        model, data = recvae.load(path), recvae.read(self.ratings, **self.split)
        shown, hidden = data.test
        lines = "".join("\t".join(data.item_tokens[i] for i in shown[u].indices) + "\n" for u in range(shown.shape[0]))
        listed = [line.split("\t") for line in run("recvae_recommend", "--model", path, "--topk", 7, stdin=lines).splitlines()]
        ids, scores = model.recommend(np.arange(shown.shape[0]), shown, N=7)
        self.assertEqual([line[2] for line in listed], [data.item_tokens[i] for i in ids.ravel()])
        self.assertEqual([np.float32(line[3]) for line in listed], scores.ravel().tolist())
        metrics = ["ndcg@100", "recall@20", "mrr@10", "gauc", "averagepopularity@10", "itemcoverage@10"]
        self.check_evaluation(model, data, ["--model", path], metrics)
        by_name, _ = model.recommend_history([data.item_tokens[i] for i in shown[0].indices], N=7)
        self.assertEqual(by_name.tolist(), [line[2] for line in listed[:7]])

    def check_evaluation(self, model, data, who, metrics):
        said = json.loads(run("recvae_evaluate", *who, "--data", self.ratings, *options(self.split), "--metrics",
                              ",".join(metrics), "--json", "--bootstrap", 200))
        found = recvae.evaluate(model, *data.test, metrics, bootstrap=200, train=data.train)
        self.assertEqual({name: said[name] for name in found}, dict(found))
        intervals = {name: tuple(float("nan") if end is None else end for end in said["intervals"][name]) for name in found}
        self.assertEqual(repr(intervals), repr(found.intervals))

    def test_per_user_and_comparison(self):
        self.train(self.folder / "out")
        path, table = self.folder / "out/model.safetensors", self.folder / "users.tsv"
        data = recvae.read(self.ratings, **self.split)
        model, ease = recvae.load(path), recvae.EASE(regularization=20.0).fit(data)
        ease.save(self.folder / "ease.safetensors")
        said = json.loads(run("recvae_evaluate", "--model", path, "--compare", self.folder / "ease.safetensors", "--data",
                              self.ratings, *options(self.split), "--metrics", "ndcg@100", "--json", "--per_user", table))
        found = recvae.compare(model, ease, *data.test)
        difference = said["differences"]["ndcg@100"]
        self.assertEqual([found.a, found.b, found.difference, found.low, found.high, found.p],
                         [said["ndcg@100"], said["compared"]["ndcg@100"]] + [difference[k] for k in ("mean", "low", "high", "p")])
        rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
        users = recvae.evaluate(model, *data.test, ["ndcg@100"], per_user=True)
        self.assertEqual([float(row[1]) for row in rows], users.per_user["ndcg@100"].tolist())
        self.assertEqual([row[0] for row in rows], [data.test.user_tokens[row] for row in users.rows])

    def test_baselines(self):
        data = recvae.read(self.ratings, **self.split)
        for model, who in [(recvae.Popularity(), ["--baseline", "popularity"]),
                           (recvae.EASE(20.0), ["--baseline", "ease", "--lambda", 20]),
                           (recvae.EDLAE(20.0, dropout=0.4), ["--baseline", "edlae", "--lambda", 20, "--dropout", 0.4]),
                           (recvae.ItemKNN(neighbors=9), ["--baseline", "itemknn", "--neighbors", 9])]:
            with self.subTest(who[1]):
                self.check_evaluation(model.fit(data.train), data, who, ["ndcg@100", "recall@20", "gauc"])

    def test_blend(self):
        self.train(self.folder / "out", "--baselines", "ease", "--lambda", 20, "--save_baselines")
        files = [self.folder / "out/model.safetensors", self.folder / "out/ease.safetensors"]
        data = recvae.read(self.ratings, **self.split)
        blend = recvae.Blend([recvae.load(file) for file in files], weights=[1, 0.5])
        self.check_evaluation(blend, data, ["--blend", ",".join(map(str, files)), "--blend_weight", "1,0.5"], ["ndcg@100", "recall@20"])

    def test_similar_items(self):
        self.train(self.folder / "out")
        path = self.folder / "out/model.safetensors"
        model = recvae.load(path)
        for metric in ("cosine", "dot"):
            said = [line.split("\t") for line in run("recvae_similar", "--model", path, "--topk", 5, "--metric", metric,
                                                     stdin=model.item_tokens_[7] + "\n").splitlines()]
            ids, scores = model.similar_items(7, N=5, metric=metric)
            self.assertEqual([line[2] for line in said], [model.item_tokens_[i] for i in ids])
            self.assertEqual([np.float32(line[3]) for line in said], scores.tolist())

    def test_checkpoints_are_the_commands(self):
        data = recvae.read(self.ratings, **self.split)
        out = self.folder / "by_python"

        def stop(record):
            return record["epoch"] == 1

        recvae.RecVAE(**SMALL).fit(data, progress=False, checkpoint=out, callback=stop)
        said = run("recvae_train", "--resume", out, "--quiet")
        self.train(self.folder / "whole")
        self.assertTrue((out / "model.safetensors").read_bytes() == (self.folder / "whole/model.safetensors").read_bytes())
        self.assertIn("ndcg@100:\t", said)

    def test_resume_goes_on_to_the_same_bits(self):
        data = recvae.read(self.ratings, **self.split)
        whole = recvae.RecVAE(**SMALL).fit(data, progress=False)
        for epoch in (1, 2):
            out = self.folder / f"stopped{epoch}"
            recvae.RecVAE(**SMALL).fit(data, progress=False, checkpoint=out, callback=lambda r: r["epoch"] == epoch)
            resumed = recvae.RecVAE(**SMALL).fit(data, progress=False, resume=out)
            self.assertTrue(np.array_equal(resumed.item_factors, whole.item_factors))
            self.assertEqual([r["epoch"] for r in resumed.history_], [1, 2, 3])
        self.assert_raises(recvae.DataError, "learning_rate", recvae.RecVAE(**SMALL, learning_rate=1).fit, data,
                           progress=False, resume=self.folder / "stopped1")
        self.assert_raises(recvae.DataError, "not empty; resume goes on", recvae.RecVAE(**SMALL).fit, data, progress=False,
                           checkpoint=self.folder / "stopped1")

    def test_partial_fit_is_init_from(self):
        matrix = tastes(seed=8)
        model = recvae.RecVAE(**SMALL).fit(matrix, progress=False)
        model.save(self.folder / "first.safetensors")
        new = tastes(seed=9)
        train = self.folder / "train.txt"
        train.write_text("".join(f"{u} {' '.join(map(str, new[u].indices))}\n" for u in range(new.shape[0])))
        (self.folder / "test.txt").write_text("0 1\n")
        run("recvae_train", "--data", self.folder, "--data_format", "adjacency", "--validation_ratio", 0,
            *options({**SMALL, "epochs": 2}), "--init_from", self.folder / "first.safetensors", "--out", self.folder / "out",
            "--baselines", "none")
        data = recvae.read(self.folder, data_format="adjacency", validation_ratio=0)
        model.partial_fit(data, epochs=2).save(self.folder / "second.safetensors")
        self.assertEqual(tensors(self.folder / "second.safetensors"), tensors(self.folder / "out/model.safetensors"))

    @unittest.skipUnless(DATASETS, "no research data")
    def test_movielens(self):
        ratings, settings = f"{DATASETS}/ml-1m/ratings.csv.gz", {"epochs": 1}
        split = {"split": "strong", "heldout_users": 500, "threshold": 3.5}
        data = recvae.read(ratings, **split)
        rows = "".join(f"{user} {' '.join(map(str, row.indices))}\n" for user, row in enumerate(data.train))
        (self.folder / "train.txt").write_text(rows)
        (self.folder / "test.txt").write_text("0 1\n")
        alone = recvae.read(self.folder, data_format="adjacency", validation_ratio=0)
        for train, validation, options_of_data in [
                (data.train, data.validation, ["--data", ratings, *options(split)]),
                (alone.train, None, ["--data", self.folder, "--data_format", "adjacency", "--validation_ratio", 0])]:
            out = self.folder / f"out{validation is None}"
            run("recvae_train", *options_of_data, *options(settings), "--out", out, "--baselines", "none")
            for threads in (1, 2):
                recvae.set_threads(threads)
                model = recvae.RecVAE(**settings).fit(train, validation=validation, progress=False)
                model.save(self.folder / "ours.safetensors")
                self.assertEqual(tensors(self.folder / "ours.safetensors"), tensors(out / "model.safetensors"))


if __name__ == "__main__":
    unittest.main()
