#!/usr/bin/env python3
"""Blends, and baselines that are saved. Run as support.py says."""
import importlib.util
import json
import random
import shutil
import struct
import unittest

from support import HELD_OUT, ROWS, CommandsTest, read_safetensors, result_of, run, write_safetensors

LAMBDA = ["--lambda", 10, "--dropout", 0.4]
HISTORIES = "101\t102\t105\n103\n\n101\t110\t120\t104\n"


def said(stderr, word):
    """The one log line with this word."""
    line, = [line for line in stderr.splitlines() if word in line]
    return line


class BlendTest(CommandsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.saved, cls.saved_stdout, cls.saved_stderr = cls.train(
            "--data", cls.table, *HELD_OUT, "--epochs", 3, "--baselines", "popularity,ease,edlae,itemknn", *LAMBDA,
            "--neighbors", 5, "--save_baselines")
        cls.ease, cls.edlae, cls.itemknn = (cls.saved / f"{name}.safetensors" for name in ("ease", "edlae", "itemknn"))

    def evaluate(self, *options):
        stdout, self.stderr = self.good("recvae_evaluate", "--data", self.table, *HELD_OUT, *options)
        return stdout

    def recommend(self, *options, stdin=HISTORIES):
        stdout, self.stderr = self.good("recvae_recommend", *options, stdin=stdin)
        return stdout

    # -- baselines that are saved

    def test_saved_weights_are_the_baseline(self):
        for name, options in (("ease", LAMBDA[:2]), ("edlae", LAMBDA), ("itemknn", ["--neighbors", 5])):
            expected = self.evaluate("--baseline", name, *options)
            self.assertEqual(self.evaluate("--model", self.saved / f"{name}.safetensors"), expected)
            trained = {label[len(name) + 1:]: value for label, value in result_of(self.saved_stdout).items() if label.startswith(name)}
            self.assertEqual(result_of(expected), trained)
        self.assertEqual(len(self.recommend("--model", self.ease, "--topk", 3).splitlines()), 12)
        similar, _ = self.good("recvae_similar", "--model", self.ease, "--topk", 4, stdin="101\n")
        scores = [line.split("\t")[3] for line in self.recommend("--model", self.ease, "--topk", 4, stdin="101\n").splitlines()]
        self.assertEqual([line.split("\t")[3] for line in similar.splitlines()], scores)
        compared = self.evaluate("--model", self.model, "--compare", self.ease, "--metrics", "ndcg@10", "--bootstrap", 100)
        self.assertIn("difference ndcg@10:", compared)

    def test_file(self):
        header, metadata, tensors = read_safetensors(self.ease)
        items = json.loads(metadata["item_tokens"])
        self.assertEqual(metadata["baseline"], "ease")
        self.assertEqual(metadata["trained_on"], read_safetensors(self.model)[1]["trained_on"])
        settings = json.loads(metadata["settings"])
        self.assertEqual((settings["lambda"], settings["heldout_users"]), (10, 8))
        self.assertEqual({name: (entry["dtype"], entry["shape"]) for name, entry in header.items()},
                         {"weights": ("F64", [len(items), len(items)])})
        self.assertEqual(json.loads(read_safetensors(self.edlae)[1]["settings"])["dropout"], 0.4)
        header, metadata, tensors = read_safetensors(self.itemknn)
        self.assertEqual([header[name]["dtype"] for name in ("indptr", "indices", "data")], ["I64", "I32", "F32"])
        self.assertEqual(json.loads(metadata["settings"])["neighbors"], 5)

    @unittest.skipUnless(importlib.util.find_spec("numpy"), "NumPy is not installed")
    def test_against_numpy(self):
        import numpy as np
        train = (self.prepared / "train.csv").read_text().split()[1:]
        pairs = np.array([line.split(",") for line in train], int)
        tokens = (self.prepared / "unique_sid.txt").read_text().split()
        x = np.zeros((pairs[:, 0].max() + 1, len(tokens)))
        x[pairs[:, 0], pairs[:, 1]] = 1
        for name, dropout in (("ease", 0), ("edlae", 0.4)):
            _, metadata, tensors = read_safetensors(self.saved / f"{name}.safetensors")
            place = [tokens.index(token) for token in json.loads(metadata["item_tokens"])]
            gram = (x.T @ x)[np.ix_(place, place)]
            inverse = np.linalg.inv(gram + np.diag(10 + dropout / (1 - dropout) * np.diag(gram)))
            expected = -inverse / np.diag(inverse)
            np.fill_diagonal(expected, 0)
            found = np.frombuffer(tensors["weights"], "<f8").reshape(len(place), -1)
            self.assertLess(np.abs(found - expected).max(), 1e-9)

    def test_prune(self):
        out, _, stderr = self.train("--data", self.table, *HELD_OUT, "--baselines", "ease", *LAMBDA[:2], "--save_baselines", "--prune", 3)
        self.assertIn("on validation", said(stderr, "pruned to 3 a column"))
        header, metadata, tensors = read_safetensors(out / "ease.safetensors")
        items = len(json.loads(metadata["item_tokens"]))
        indptr = struct.unpack(f"<{items + 1}q", tensors["indptr"])
        columns = struct.unpack(f"<{indptr[-1]}i", tensors["indices"])
        values = struct.unpack(f"<{indptr[-1]}f", tensors["data"])
        whole = struct.unpack(f"<{items * items}d", read_safetensors(self.ease)[2]["weights"])
        kept = {}
        for i in range(items):
            for k in range(indptr[i], indptr[i + 1]):
                kept.setdefault(columns[k], {})[i] = values[k]
        for j in range(items):
            column = {i: whole[i * items + j] for i in range(items)}
            expected = sorted(column, key=lambda i: -abs(column[i]))[:3]
            self.assertEqual(sorted(kept[j]), sorted(expected))
            for i in expected:
                self.assertAlmostEqual(kept[j][i], column[i], delta=1e-6)
        lists = self.recommend("--model", out / "ease.safetensors", "--topk", 3)
        self.assertEqual(len(lists.splitlines()), 12)
        self.assertEqual(result_of(self.evaluate("--model", out / "ease.safetensors")).keys(), result_of(self.run_stdout).keys() - {
            label for label in result_of(self.run_stdout) if " " in label})

    def test_export(self):
        for options, dtype in (([], "F32"), (["--float16"], "F16")):
            out = self.fresh()
            self.good("recvae_export", "--model", self.ease, "--serving", *options, "--out", out)
            slim = out / "serving.safetensors"
            self.assertEqual(read_safetensors(slim)[0]["weights"]["dtype"], dtype)
            scores = lambda model: {row.split("\t")[2]: float(row.split("\t")[3])
                                    for row in self.recommend("--model", model, "--topk", 100, stdin="101\t105\n").splitlines()}
            expected, found = scores(self.ease), scores(slim)
            self.assertEqual(expected.keys(), found.keys())
            self.assertLess(max(abs(expected[item] - found[item]) for item in expected), 1e-3)

    # -- blends

    def test_train_prints_each_part_and_then_the_blend(self):
        out, stdout, stderr = self.train("--data", self.table, *HELD_OUT, "--epochs", 2, "--metrics", "ndcg@10", "--neighbors", 5, *LAMBDA,
                                         "--baselines", "popularity", "--blend", f"ease,itemknn,{self.edlae}")
        labels = [line.split(":\t")[0] for line in stdout.splitlines()]
        self.assertEqual(labels, ["popularity ndcg@10", "ease ndcg@10", "itemknn ndcg@10", "ndcg@10", f"{self.edlae} ndcg@10", "blend ndcg@10"])
        line = said(stderr, "weight ")
        self.assertTrue(line.startswith("blend: weight 1 of RecVAE, "), line)
        self.assertIn("users/s", said(stderr, "blend: lists"))
        # The same blend from files, of the weights that were chosen.
        weights = [part.split(" of ")[0] for part in line.split("weight ", 1)[1].split(" (")[0].split(", ")]
        files = [out / "model.safetensors", self.ease, self.itemknn, self.edlae]
        again = self.evaluate("--metrics", "ndcg@10", "--blend", ",".join(map(str, files)), "--blend_weight", ",".join(weights))
        self.assertEqual(result_of(again)["ndcg@10"], result_of(stdout)["blend ndcg@10"])
        code, resumed, _ = run("recvae_train", "--resume", out)
        self.assertEqual((code, resumed), (0, stdout))

    def test_weights(self):
        alone = self.evaluate("--model", self.model)
        self.assertEqual(self.evaluate("--model", self.model, "--blend", self.ease, "--blend_weight", 0), alone)
        self.assertEqual(self.evaluate("--blend", f"{self.model},{self.ease}", "--blend_weight", "0,3"), self.evaluate("--model", self.ease))
        half = self.evaluate("--model", self.model, "--blend", self.ease, "--blend_weight", 0.5)
        self.assertEqual(said(self.stderr, "weight "), f"blend: weight 1 of {self.model}, 0.5 of {self.ease} (as given)")
        self.assertEqual(self.evaluate("--blend", f"{self.model},{self.ease}", "--blend_weight", "1,0.5"), half)
        self.assertEqual(self.evaluate("--blend", f"{self.model},{self.ease}", "--blend_weight", "0.5"), half)
        self.assertEqual(self.evaluate("--model", self.model, "--blend", "ease", *LAMBDA[:2], "--blend_weight", 0.5), half)
        self.assertEqual(self.evaluate("--blend", self.ease, "--blend_weight", 1e-6), self.evaluate("--model", self.ease))
        chosen = self.evaluate("--model", self.model, "--blend", self.ease)
        line = said(self.stderr, "weight ")
        weight = line.split(", ")[1].split(" of ")[0]
        self.assertEqual(self.evaluate("--model", self.model, "--blend", self.ease, "--blend_weight", weight), chosen)
        self.assertEqual(len([line for line in self.stderr.splitlines() if line.endswith("users/s")]), 3)

    def test_what_is_given_is_kept_wherever_it_lies(self):
        for given, chosen in (["--lambda", 1e8], "lambda 100000000 with dropout "), (["--dropout", 0.9999], " with dropout 0.9999"):
            self.evaluate("--baseline", "edlae", *given, "--metrics", "ndcg@10")
            line = said(self.stderr, "edlae: lambda ")
            self.assertIn(chosen, line.split(" (")[0])
            self.assertIn(" on validation)", line)

    def test_what_is_chosen_on_the_users_of_the_evaluation_is_said(self):
        warned = lambda *options: (self.evaluate("--metrics", "ndcg@10", *options), "chosen on the users" in self.stderr)[1]
        for options in (["--baseline", "edlae"], ["--blend", f"{self.model},ease", "--blend_weight", 1], ["--blend", f"{self.model},{self.ease}"]):
            self.assertTrue(warned("--on", "validation", *options), options)
            self.assertFalse(warned(*options), options)
        for options in (["--baseline", "edlae", *LAMBDA], ["--baseline", "ease"], ["--blend", f"{self.model},ease", "--blend_weight", 1, *LAMBDA]):
            self.assertFalse(warned("--on", "validation", *options), options)

    def test_the_test_part_changes_no_choice(self):
        other = self.fresh()
        shutil.copytree(self.prepared, other)
        rows = (other / "test_te.csv").read_text().split()
        users, items = zip(*(row.split(",") for row in rows[1:]))
        items = list(items)
        random.Random(3).shuffle(items)
        (other / "test_te.csv").write_text("\n".join([rows[0], *map(",".join, dict.fromkeys(zip(users, items)))]) + "\n")
        choices, results = [], []
        for data in (self.prepared, other):
            stdout, stderr = self.good("recvae_evaluate", "--data", data, "--model", self.model, "--blend", "ease,edlae", "--metrics", "ndcg@10")
            choices.append([line for line in stderr.splitlines() if "weight " in line or "lambda" in line])
            results.append(stdout)
        self.assertEqual(len(choices[0]), 3)
        self.assertEqual(*choices)
        self.assertNotEqual(*results)

    def test_lists_are_the_same_alone_in_company_and_for_any_threads(self):
        blend = ["--model", self.model, "--blend", f"{self.ease},{self.itemknn}", "--blend_weight", "0.5,0.25", "--topk", 7]
        lists = self.recommend(*blend, "--threads", 1)
        self.assertEqual(len(lists.splitlines()), 28)
        for threads in (2, 4):
            self.assertEqual(self.recommend(*blend, "--threads", threads), lists)
        for number, line in enumerate(HISTORIES.splitlines(), 1):
            alone = self.recommend(*blend, stdin=line + "\n")
            expected = [row.split("\t")[1:] for row in lists.splitlines() if row.startswith(f"{number}\t")]
            self.assertEqual([row.split("\t")[1:] for row in alone.splitlines()], expected)

    def test_learned_parts_are_those_of_files(self):
        data = ["--data", self.table, "--topk", 5, "--blend_weight", "0.5,0.25"]
        files = self.recommend("--model", self.model, "--blend", f"{self.ease},{self.edlae}", *data)
        self.assertEqual(self.recommend("--model", self.model, "--blend", "ease,edlae", *LAMBDA, *data), files)
        self.assertEqual(len(files.splitlines()), 5 * 80)
        self.recommend("--model", self.model, "--blend", self.ease, "--data", self.table)
        self.assertIn("on validation", said(self.stderr, "weight "))

    def test_candidates_are_what_scores_are_standardised_over(self):
        blend = ["--model", self.model, "--blend", self.ease, "--blend_weight", 1]
        items = self.put("items", "\n".join(str(100 + i) for i in range(12)))
        table = [row.split("\t") for row in self.recommend(*blend, "--candidates", items, "--topk", 40, stdin="130\t131\n").splitlines()]
        self.assertEqual({row[2] for row in table} - {str(100 + i) for i in range(12)}, set())
        self.assertAlmostEqual(sum(float(row[3]) for row in table), 0, delta=1e-4)

    # -- what cannot be

    def test_bad_parts(self):
        evaluate = lambda code, *options, names: self.bad(code, "recvae_evaluate", "--data", self.table, *HELD_OUT, *options, names=names, out=False)
        recommend = lambda code, *options, names: self.bad(code, "recvae_recommend", *options, names=names, stdin="101\n", out=False)
        both = ["--model", self.model, "--blend"]
        evaluate(2, *both, "", names="--blend")
        evaluate(2, *both, "ease,", names="--blend")
        evaluate(2, "--baseline", "ease", "--blend", "ease", names="--blend")
        evaluate(2, "--model", self.model, "--blend_weight", 1, names="--blend_weight")
        for weights in ("1,2", "x", "-1", "nan", "inf", "", "1e-50", "1e7"):
            evaluate(2, *both, self.ease, "--blend_weight", weights, names="blend_weight")
        evaluate(2, "--blend", f"{self.ease},{self.edlae}", "--blend_weight", "0,0", names="--blend_weight")
        evaluate(1, *both, "nowhere.safetensors", names="nowhere.safetensors: ")
        evaluate(1, *both, "svd", names="svd: ")
        recommend(2, *both, self.ease, names="--data")
        recommend(2, *both, "ease", "--blend_weight", 1, names="--data")
        recommend(2, "--blend", "ease", "--blend_weight", 1, names="--blend")
        self.bad(2, "recvae_train", "--data", self.table, "--save_baselines", "--baselines", "popularity", names="--save_baselines")
        self.bad(2, "recvae_train", "--data", self.table, "--prune", 0, names="--prune")
        self.bad(2, "recvae_train", "--data", self.table, "--blend", "ease", "--blend_weight", "1,2", names="--blend_weight")
        self.bad(1, "recvae_export", "--model", self.ease, "--item_vectors", names="item weights")
        self.bad(1, "recvae_train", "--data", self.table, *HELD_OUT, "--init_from", self.ease, names="format")

    def test_another_catalogue(self):
        rows = "userId,movieId,rating\n" + "".join(f"{user},x{item},{rating}\n" for user, item, rating, _ in ROWS)
        out, _, _ = self.train("--data", self.put("other.csv", rows), *HELD_OUT, "--baselines", "ease", "--save_baselines")
        other = out / "ease.safetensors"
        for options in (["recvae_evaluate", "--data", self.table, *HELD_OUT, "--model", self.model, "--blend", other],
                        ["recvae_recommend", "--model", self.model, "--blend", other, "--blend_weight", 1]):
            self.bad(1, *options, names=f"{other}: the model's items do not match", stdin="101\n", out=False)
        self.bad(1, "recvae_train", "--data", self.table, *HELD_OUT, "--blend", other, names=f"{other}: ")

    def test_broken_files(self):
        out, _, _ = self.train("--data", self.table, *HELD_OUT, "--baselines", "ease", *LAMBDA[:2], "--save_baselines", "--prune", 4)
        header, metadata, tensors = read_safetensors(out / "ease.safetensors")

        def bad(names, metadata=metadata, **changed):
            path = write_safetensors(self.fresh(), header, {**tensors, **changed}, metadata)
            for options in (["--model", path], ["--model", self.model, "--blend", path, "--blend_weight", 1]):
                self.bad(1, "recvae_recommend", *options, names=names, stdin="101\n", out=False)

        with_first = lambda name, kind, value: struct.pack("<" + kind, value) + tensors[name][struct.calcsize("<" + kind):]
        bad("format: expected 'recvae item weights 1', found 'recvae item weights 2'", metadata={**metadata, "format": "recvae item weights 2"})
        bad("tensor indices", indices=with_first("indices", "i", 99999))
        bad("tensor indices", indices=with_first("indices", "i", -1))
        bad("tensor indptr", indptr=with_first("indptr", "q", 1))
        bad("tensor data has a value that is not a finite number", data=with_first("data", "f", float("nan")))

    def test_weights_that_are_chosen_by_a_file_of_another_split(self):
        out, _, _ = self.train("--data", self.table, *HELD_OUT, "--split_seed", 1, "--baselines", "ease", "--save_baselines")
        other = out / "ease.safetensors"
        header, metadata, tensors = read_safetensors(self.ease)
        silent = write_safetensors(self.fresh(), header, tensors, {**metadata, "trained_on": ""})
        for part, warned in (other, "not trained on this data's training part"), (silent, "does not say what it was trained on"), (self.ease, None):
            data = ["--data", self.table, "--blend", part]
            self.recommend("--model", self.model, *data)
            warnings = [line for line in self.stderr.splitlines() if "trained on" in line and "may have seen" in line]
            self.assertEqual([str(part) in line and warned in line for line in warnings], [True] * bool(warned), self.stderr)
            self.recommend("--model", self.model, *data, "--blend_weight", 1)
            self.assertNotIn("may have seen", self.stderr)
            _, _, stderr = self.train(*data, *HELD_OUT)
            self.assertEqual(stderr.count("may have seen"), bool(warned))
        compare = ["--data", self.table, "--blend", f"{self.model},{other}", "--blend_weight", 1, "--compare", self.itemknn]
        self.bad(1, "recvae_evaluate", *compare, names=f"{other} and {self.itemknn}: expected models trained on the same rows", out=False)
        self.good("recvae_evaluate", *compare, "--assume_same_split")

    def test_a_refit_is_not_chosen_with(self):
        rows = self.put("weak.csv", self.table.read_bytes())
        weak = ["--data", rows, "--split", "ratio", "--epochs", 2]
        out, stdout, _ = self.train(*weak, "--refit", "--baselines", "ease", "--save_baselines", "--blend", "ease")
        labels = [line.split(" ")[0] for line in stdout.splitlines()]
        self.assertEqual([label for k, label in enumerate(labels) if label not in labels[:k] and "@" not in label], ["ease", "chosen", "blend"])
        for options in (["--model", out / "model.safetensors", "--blend", "ease"], ["--blend", f"{out / 'ease.safetensors'},itemknn"]):
            self.bad(1, "recvae_evaluate", "--data", rows, *options, names="trained on the validation", out=False)
        self.good("recvae_evaluate", "--data", rows, "--model", out / "model.safetensors", "--blend", out / "ease.safetensors", "--blend_weight", 1)

    def test_a_weak_split_chooses_by_what_it_does_not_keep(self):
        """Weights are chosen by weights that have learned from less than those that are tested and saved."""
        rows = self.put("weak.csv", self.table.read_bytes())
        for prune in [], ["--prune", 5]:
            out, stdout, stderr = self.train("--data", rows, "--split", "ratio", "--baselines", "ease,edlae", *LAMBDA, *prune, "--save_baselines", "--blend", "ease,edlae")
            line = said(stderr, "weight ").split("weight ")[1].split(" (")[0]
            weights = ",".join(part.split(" of ")[0] for part in line.split(", "))
            files = ",".join(str(out / f"{name}.safetensors") for name in ("model", "ease", "edlae"))
            again, _ = self.good("recvae_evaluate", "--data", rows, "--blend", files, "--blend_weight", weights)
            for label, value in result_of(again).items():
                self.assertEqual(value, result_of(stdout)["blend " + label])
            self.assertEqual(stderr.count("pruned to 5 a column"), 2 * bool(prune))


if __name__ == "__main__":
    unittest.main()
