#!/usr/bin/env python3
"""recvae_evaluate. Run as support.py says."""
import json
import math
import os
import re
import signal
import struct
import subprocess
import unittest

from support import HEADER, HELD_OUT, ROWS, TABLE, TIMEOUT, TOOLS, CommandsTest, read_safetensors, result_of, write_safetensors


class EvaluateTest(CommandsTest):
    def test_split_of_the_model(self):
        options = ["--threshold", "1.5", "--heldout_users", 6, "--split_seed", 5]
        out, stdout, _ = self.train("--data", self.table, *options, "--epochs", 2)
        model = out / "model.safetensors"
        evaluated, _ = self.good("recvae_evaluate", "--model", model, "--data", self.table)
        self.assertEqual(evaluated.splitlines(), stdout.splitlines()[-3:])
        self.assertEqual(self.good("recvae_evaluate", "--model", model, "--data", "-", stdin=TABLE)[0], evaluated)
        self.assertEqual(self.good("recvae_evaluate", "--model", model, "--data", self.table, *options, "--threads", 2)[0], evaluated)
        # The same users from a prepared directory.
        prepared = self.fresh()
        self.good("recvae_prepare", "--data", self.table, *options, "--out", prepared)
        self.assertEqual(self.good("recvae_evaluate", "--model", model, "--data", prepared)[0], evaluated)
        self.assertNotEqual(self.good("recvae_evaluate", "--model", model, "--data", prepared, "--on", "validation")[0], evaluated)
        # Other users: the same items in another order, or a warning would be all.
        for other in ([self.table, "--split_seed", 6], [self.prepared]):
            _, stderr = self.good("recvae_evaluate", "--model", model, "--data", *other)
            self.assertIn("was not trained on this data's training part", stderr)
        self.bad(1, "recvae_evaluate", "--model", model, "--data", self.put("few.csv", "userId,movieId\n" + "".join(f"{user},{item}\n" for user, item, *_ in ROWS if item < 130)), "--threshold", "none", names="items do not match")

    def test_json(self):
        printed, _ = self.good("recvae_evaluate", "--model", self.model, "--data", self.table, "--metrics", "[ndcg@7,recall]", "--topk", "5")
        stdout, _ = self.good("recvae_evaluate", "--model", self.model, "--data", self.table, "--metrics", "[ndcg@7,recall]", "--topk", "5", "--json")
        exact = json.loads(stdout)
        self.assertEqual(list(exact), ["ndcg@7", "recall@5"])
        self.assertEqual({label: f"{value:.4f}" for label, value in exact.items()}, result_of(printed))

    def popularity(self, kind):
        """{metric: mean} of recommending what most training users have."""
        def rows(name):
            out = {}
            for line in (self.prepared / name).read_text().splitlines()[1:]:
                uid, sid = map(int, line.split(","))
                out.setdefault(uid, set()).add(sid)
            return out
        counts = [0] * 40
        for items in rows("train.csv").values():
            for item in items:
                counts[item] += 1
        ranking = sorted(range(40), key=lambda item: (-counts[item], item))
        ndcg, recall = [], []
        history = rows(f"{kind}_tr.csv")
        for uid, targets in rows(f"{kind}_te.csv").items():
            best = [item for item in ranking if item not in history[uid]]
            gains = [1 / math.log2(rank + 2) for rank, item in enumerate(best[:100]) if item in targets]
            ndcg.append(sum(gains) / sum(1 / math.log2(rank + 2) for rank in range(len(targets))))
            recall.append(len(targets & set(best[:5])) / min(5, len(targets)))
        return {"ndcg@100": sum(ndcg) / len(ndcg), "recall@5": sum(recall) / len(recall)}

    def test_popularity(self):
        for kind in ("test", "validation"):
            stdout, _ = self.good("recvae_evaluate", "--baseline", "popularity", "--data", self.prepared, "--on", kind, "--metrics", "[ndcg@100,recall@5]", "--json")
            found, expected = json.loads(stdout), self.popularity(kind)
            for label, value in expected.items():
                self.assertAlmostEqual(found[label], value, places=12)
        stdout, _ = self.good("recvae_evaluate", "--baseline", "popularity", "--data", self.table, *HELD_OUT)
        self.assertEqual(["popularity " + line for line in stdout.splitlines()], self.run_stdout.splitlines()[:3])

    ALL = "[ndcg,recall,precision,hit,mrr,map,itemcoverage,averagepopularity,giniindex,shannonentropy,tailpercentage,gauc]"

    def test_all_metrics(self):
        evaluate = ["recvae_evaluate", "--model", self.model, "--data", self.table, "--metrics", self.ALL, "--topk", "[2,10]"]
        expected, _ = self.good(*evaluate, "--json")
        values = json.loads(expected)
        self.assertEqual(len(values), 2 * 11 + 1)
        self.assertIn("gauc", values)
        for options in (["--threads", 1], ["--threads", 4], ["--eval_batch_size", 7]):
            self.assertEqual(self.good(*evaluate, "--json", *options)[0], expected)
        tail = [json.loads(self.good(*evaluate, "--json", "--tail_ratio", ratio)[0])["tailpercentage@10"] for ratio in ("none", 0.5, 1, 1000)]
        self.assertEqual(tail[0], values["tailpercentage@10"])
        self.assertLess(tail[0], tail[1])
        self.assertEqual(tail[2:], [1, 1])
        full = json.loads(self.good(*evaluate, "--json", "--recall_denominator", "all")[0])
        self.assertEqual({label for label in values if values[label] != full[label]}, {"recall@2"})  # nobody has more than ten targets
        printed, _ = self.good(*evaluate)
        self.assertEqual(result_of(printed), {label: f"{value:.4f}" for label, value in values.items()})
        self.bad(2, *evaluate, "--metrics", "gauc@10", names="gauc")
        # A model says how its result was measured.
        out, stdout, _ = self.train("--data", self.table, *HELD_OUT, "--recall_denominator", "all", "--tail_ratio", 0.5, "--metrics", "[recall@2,tailpercentage@10]", "--baselines", "[]")
        self.assertEqual(self.good("recvae_evaluate", "--model", out / "model.safetensors", "--data", self.table)[0], stdout)

    def test_per_user(self):
        path = self.home / "per_user.tsv"
        stdout, _ = self.good("recvae_evaluate", "--model", self.model, "--data", self.table, "--metrics", self.ALL, "--topk", "5", "--json", "--per_user", path)
        means = json.loads(stdout)
        header, *rows = [line.split("\t") for line in path.read_text().splitlines()]
        self.assertEqual(header, ["user", *means])
        users = (self.prepared / "unique_uid.txt").read_text().splitlines()
        targets = {}
        for line in (self.prepared / "test_te.csv").read_text().splitlines()[1:]:
            uid = int(line.split(",")[0])
            targets[users[uid]] = targets.get(users[uid], 0) + 1
        self.assertEqual({row[0] for row in rows}, set(targets))
        for column, label in enumerate(header[1:], 1):
            cells = [row[column] for row in rows]
            if label.split("@")[0] in ("itemcoverage", "giniindex", "shannonentropy"):
                self.assertEqual(set(cells), {""})
                continue
            weights = [targets[row[0]] if label == "gauc" else 1 for row in rows]
            mean = sum(w * float(cell) for w, cell in zip(weights, cells)) / sum(weights)
            self.assertAlmostEqual(mean, means[label], delta=1e-12 * max(1, means[label]))
        per_user = ["recvae_evaluate", "--model", self.model, "--data", self.table, "--per_user"]
        self.bad(1, *per_user, self.home / "none" / "x.tsv", names="x.tsv")
        # What stands beside the file, behind a link or is no file stays what it is.
        folder = self.home / "per_user"
        folder.mkdir()
        (folder / "beside.tsv.tmp").write_text("precious")
        (folder / "behind.tsv").write_text("old")
        (folder / "link.tsv").symlink_to("behind.tsv")
        for name in ("beside.tsv", "link.tsv"):
            self.good(*per_user, folder / name)
        self.assertEqual(sorted(os.listdir(folder)), ["behind.tsv", "beside.tsv", "beside.tsv.tmp", "link.tsv"])
        self.assertEqual((folder / "beside.tsv.tmp").read_text(), "precious")
        self.assertTrue((folder / "link.tsv").is_symlink())
        self.assertEqual((folder / "behind.tsv").read_text(), (folder / "beside.tsv").read_text())
        os.mkfifo(folder / "pipe")
        reader = subprocess.Popen(["cat", folder / "pipe"], stdout=subprocess.PIPE, text=True)
        self.good(*per_user, folder / "pipe")
        self.assertEqual(reader.communicate(timeout=TIMEOUT)[0], (folder / "beside.tsv").read_text())
        tabs = self.put("tabs.csv", HEADER + "".join(f'"u\t{user}",{item},5,1\n' for user in range(5) for item in range(6)))
        self.bad(1, "recvae_evaluate", "--baseline", "popularity", "--data", tabs, "--split", "loo", "--per_user", folder / "x.tsv", names="tabs")
        self.assertFalse((folder / "x.tsv").exists())

    def test_stopped_at_once(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            command = [TOOLS / "recvae_evaluate", "--model", self.model, "--data", self.table, "--bootstrap", "10000000", "--threads", "1"]
            with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
                self.assertTrue(any("test users" in line for line in process.stderr))  # the drawing begins
                process.send_signal(number)
                stdout, stderr = process.communicate(timeout=TIMEOUT)
            self.assertEqual((process.returncode, stdout, stderr), (128 + number, "", "recvae_evaluate: stopped\n"))
        self.bad(2, "recvae_evaluate", "--model", self.model, "--data", self.table, "--bootstrap", 10**18, names="bootstrap")

    def test_bootstrap(self):
        evaluate = ["recvae_evaluate", "--model", self.model, "--data", self.table, "--metrics", "[ndcg@10,giniindex@10]", "--bootstrap", 500]
        lines = self.good(*evaluate)[0].splitlines()
        self.assertEqual([line.split(":")[0] for line in lines], ["ndcg@10", "giniindex@10", "interval ndcg@10"])
        low, high = map(float, lines[2].split("\t")[1:])
        self.assertLess(low, float(lines[0].split("\t")[1]))
        self.assertGreater(high, float(lines[0].split("\t")[1]))
        exact = json.loads(self.good(*evaluate, "--json")[0])
        self.assertEqual([f"{value:.4f}" for value in exact["intervals"]["ndcg@10"]], lines[2].split("\t")[1:])
        self.assertEqual(exact["intervals"]["giniindex@10"], [None, None])
        self.bad(2, *evaluate[:-1], 0, names="bootstrap")

    def test_compare(self):
        other, _, _ = self.train("--data", self.table, *HELD_OUT, "--epochs", 1, "--seed", 2)
        data = ["--data", self.table, "--metrics", "[ndcg@10,itemcoverage@10]"]
        first, second = (json.loads(self.good("recvae_evaluate", "--model", model, *data, "--json")[0]) for model in (self.model, other / "model.safetensors"))
        evaluate = ["recvae_evaluate", "--model", self.model, "--compare", other / "model.safetensors", *data]
        found = json.loads(self.good(*evaluate, "--json")[0])
        for label in ("ndcg@10", "itemcoverage@10"):
            self.assertEqual(found[label], first[label])
            self.assertEqual(found["compared"][label], second[label])
            self.assertAlmostEqual(found["differences"][label]["mean"], first[label] - second[label], places=12)
        difference = found["differences"]["ndcg@10"]
        self.assertLess(difference["low"], difference["mean"])
        self.assertLess(difference["mean"], difference["high"])
        self.assertGreater(difference["p"], 0)
        self.assertIsNone(found["differences"]["itemcoverage@10"]["p"])
        lines = self.good(*evaluate)[0].splitlines()
        self.assertEqual(lines[-2], "difference ndcg@10:\t" + "\t".join(f"{difference[key]:.4f}" for key in ("mean", "low", "high", "p")))
        self.assertEqual(len(lines[-1].split("\t")), 2)
        # A model with itself, and with a baseline, which takes the split of the model.
        same = json.loads(self.good("recvae_evaluate", "--model", self.model, "--compare", self.model, *data, "--json")[0])
        self.assertEqual(same["differences"]["ndcg@10"], {"mean": 0, "low": 0, "high": 0, "p": 1})
        against = json.loads(self.good("recvae_evaluate", "--baseline", "ease", "--compare", self.model, *data, "--json")[0])
        self.assertEqual(against["compared"], first)
        alone = json.loads(self.good("recvae_evaluate", "--baseline", "ease", *data, *HELD_OUT, "--json")[0])
        self.assertEqual({label: against[label] for label in alone}, alone)
        self.bad(1, "recvae_evaluate", "--model", self.model, "--compare", self.home / "none.safetensors", *data, names="none.safetensors")

    @staticmethod
    def blocks(text):
        """[(user, {label: [items]})] of examples; lines that go on are indented to the items."""
        out = []
        for block in text.split("\n\n"):
            user, *lines = re.sub(r"\n {14}", " ", block.rstrip("\n")).split("\n")
            labels = [line[:14].rstrip() for line in lines]
            out.append((user, {label: [] if line[14:] == "-" else line[14:].split(", ") for label, line in zip(labels, lines)}))
        return out

    def test_on_equal_terms(self):
        """What each learned from is said, and where one of two has seen more."""
        rows = len(ROWS)
        data = ["--data", self.table, "--split", "ratio"]
        model = self.train(*data)[0] / "model.safetensors"
        refit = self.train(*data, "--refit")[0] / "model.safetensors"
        unequal = "one of the two has learned from validation rows, too"
        for who, other, warned in (["--baseline", "popularity"], model, True), (["--baseline", "popularity"], refit, False):
            _, stderr = self.good("recvae_evaluate", *who, *data, "--compare", other)
            learned = re.findall(r"(?m)^(.*): learned from ([\d,]+) (training|training and validation) rows of 80 users$", stderr)
            self.assertEqual([(name, kind) for name, _, kind in learned], [("popularity", "training and validation"), (str(other), "training" if warned else "training and validation")])
            self.assertEqual(learned[0][1] == learned[1][1], not warned)
            self.assertLess(int(learned[0][1].replace(",", "")), rows)
            self.assertEqual(unequal in stderr, warned)
        _, stderr = self.good("recvae_evaluate", "--baseline", "popularity", *data, "--compare", model, "--on", "validation")
        self.assertNotIn(unequal, stderr)

    def test_items_in_another_order(self):
        """The same rows in another order of the file, which numbers items in another way."""
        lines = TABLE.splitlines(keepends=True)
        shuffled = self.put("shuffled.csv", lines[0] + "".join(reversed(lines[1:])))
        there = self.train("--data", shuffled, *HELD_OUT)[0] / "model.safetensors"
        tokens = [json.loads(read_safetensors(model)[1]["item_tokens"]) for model in (self.model, there)]
        self.assertNotEqual(*tokens)
        self.assertEqual(*map(sorted, tokens))
        here, stderr = self.good("recvae_evaluate", "--model", there, "--data", self.table, "--json")
        self.assertNotIn("was not trained", stderr)
        self.assertIn("difference", self.good("recvae_evaluate", "--model", self.model, "--compare", there, "--data", self.table)[0])
        for metric, value in json.loads(here).items():  # held-out users' targets are drawn by place in the file
            self.assertTrue(0 < value <= 1, metric)

    def test_per_user_through_a_pipe(self):
        expected = self.home / "per_user.tsv"
        evaluate = ["recvae_evaluate", "--model", self.model, "--data", self.table]
        printed, _ = self.good(*evaluate, "--per_user", expected)
        through, _ = self.good(*evaluate, "--per_user", "/dev/stdout")
        self.assertEqual(through, expected.read_text() + printed)

    def test_scores_that_are_no_numbers(self):
        header, metadata, tensors = read_safetensors(self.model)
        for name, value in ("encoder.fc1.weight", 3e38), ("decoder.weight", 3e38), ("encoder.fc_mu.bias", 1e38):
            count = len(tensors[name]) // 4
            broken = write_safetensors(self.home / "broken.safetensors", header, {**tensors, name: struct.pack(f"<{count}f", *[value] * count)}, metadata)
            if name == "encoder.fc_mu.bias":
                header2, _, tensors2 = read_safetensors(broken)
                count = len(tensors["decoder.weight"]) // 4
                write_safetensors(broken, header2, {**tensors2, "decoder.weight": struct.pack(f"<{count}f", *[1e3] * count)}, metadata)
            self.bad(1, "recvae_evaluate", "--model", broken, "--data", self.table, names="not finite")
            self.bad(1, "recvae_recommend", "--model", broken, "--format", "jsonl", stdin="100\n", names="not finite")

    def test_epsilon_of_the_second(self):
        """A model without settings has the epsilon of the line, whatever the first one's is."""
        first = self.train("--data", self.table, *HELD_OUT, "--layer_norm_eps", "1e-5")[0] / "model.safetensors"
        header, _, tensors = read_safetensors(self.train("--data", self.table, *HELD_OUT)[0] / "model.safetensors")
        bare = write_safetensors(self.home / "bare.safetensors", header, tensors)
        for given in ([], ["--layer_norm_eps", "10"]):
            alone = json.loads(self.good("recvae_evaluate", "--model", bare, "--data", self.table, *HELD_OUT, "--json", *given)[0])
            pair = json.loads(self.good("recvae_evaluate", "--model", first, "--compare", bare, "--data", self.table, "--json", *given)[0])
            self.assertEqual(pair["compared"], {name: alone[name] for name in pair["compared"]})

    def test_examples(self):
        evaluate = ["recvae_evaluate", "--model", self.model, "--data", self.table]
        metrics, _ = self.good(*evaluate)
        stdout, _ = self.good(*evaluate, "--examples", 3)
        self.assertTrue(stdout.startswith(metrics + "\n"))
        self.assertLessEqual(max(map(len, stdout.splitlines())), 100)
        blocks = self.blocks(stdout.removeprefix(metrics + "\n"))
        users = (self.prepared / "unique_uid.txt").read_text().splitlines()
        items = (self.prepared / "unique_sid.txt").read_text().splitlines()
        def rows(part):
            found = {}
            for line in (self.prepared / f"test_{part}.csv").read_text().splitlines()[1:]:
                uid, sid = map(int, line.split(","))
                found.setdefault(users[uid], set()).add(items[sid])
            return found
        given, hidden = rows("tr"), rows("te")
        order = [user for user in users if user in hidden]
        self.assertEqual([user for user, _ in blocks], [order[k * len(order) // 3] for k in range(3)])
        for user, block in blocks:
            self.assertEqual(list(block), ["  given", "  recovered", "  missed", "  popularity", "   recovered"])
            given_items, recovered, missed, popular, popular_recovered = block.values()
            self.assertEqual(set(given_items), given[user])
            self.assertEqual(sorted(recovered + missed), sorted(hidden[user]))
            self.assertEqual((len(popular), set(popular) & given[user]), (10, set()))
            self.assertEqual(set(popular_recovered), set(popular) & hidden[user])
            best, _ = self.good("recvae_recommend", "--model", self.model, "--topk", 10, stdin="\t".join(given_items) + "\n")
            self.assertEqual(set(recovered), hidden[user] & {line.split("\t")[2] for line in best.splitlines()})
        # Of a file: in its order, those who are held out; with names.
        listed = self.put("examples.txt", "\n".join([order[4], "nobody", order[1], order[2]]) + "\n")
        shown = lambda *options: [user for user, _ in self.blocks(self.good(*evaluate, *options)[0].removeprefix(metrics + "\n"))]
        self.assertEqual(shown("--example_users", listed), [order[4], order[1], order[2]])
        self.assertEqual(shown("--example_users", listed, "--examples", 2), [order[4], order[1]])
        self.assertEqual(shown("--examples", 10**18), order)
        names = self.put("example-names.txt", "".join(f"{item}\tItem number {item}\n" for item in items))
        named, _ = self.good(*evaluate, "--examples", 3, "--item_names", names)
        self.assertLessEqual(max(map(len, named.splitlines())), 100)
        self.assertEqual([[[name.removeprefix("Item number ") for name in line] for line in block.values()] for _, block in self.blocks(named.removeprefix(metrics + "\n"))],
                         [list(block.values()) for _, block in blocks])
        stdout, stderr = self.good(*evaluate, "--example_users", self.put("nobody.txt", "nobody\n"))
        self.assertEqual(stdout, metrics)
        self.assertIn("warning: ", stderr)
        # Of a baseline, and of a split of rows, whose validation items are masked and not shown.
        stdout, _ = self.good("recvae_evaluate", "--baseline", "popularity", "--data", self.table, "--split", "loo", "--order", "TO", "--test_history", "train", "--examples", 80)
        for user, block in self.blocks(stdout.partition("\n\n")[2]):
            times = sorted((row[3], str(row[1])) for row in ROWS if str(row[0]) == user)
            self.assertEqual(block["  recovered"] + block["  missed"], [times[-1][1]])
            self.assertEqual(set(block["  given"]), {item for _, item in times[:-2]})
            self.assertNotIn(times[-2][1], block["  popularity"])
            self.assertEqual(block["  recovered"], block["   recovered"])
        self.bad(2, *evaluate, "--examples", 0, names="examples")
        self.bad(2, *evaluate, "--examples", 2, "--json", names="--json")
        self.bad(1, *evaluate, "--example_users", self.home / "none.txt", names="none.txt")

    def test_bad_input(self):
        self.bad(2, "recvae_evaluate", "--data", self.table)
        self.bad(2, "recvae_evaluate", "--data", self.table, "--model", self.model, "--baseline", "popularity")
        self.bad(2, "recvae_evaluate", "--data", self.table, "--baseline", "nonsense", names="nonsense")
        self.bad(2, "recvae_evaluate", "--data", self.table, "--model", self.model, "--on", "nonsense", names="nonsense")
        self.bad(2, "recvae_evaluate", "--data", self.table, "--model", self.model, "--metrics", "nonsense@3", names="nonsense")
        self.bad(2, "recvae_evaluate", "--data", self.prepared, "--model", self.model, "--heldout_users", 3, names="heldout_users")
        self.bad(1, "recvae_evaluate", "--data", self.table, "--model", self.home / "none.safetensors", names="none.safetensors")
        self.bad(1, "recvae_evaluate", "--data", self.table, "--model", self.home)
        self.bad(1, "recvae_evaluate", "--data", self.home / "none.csv", "--model", self.model, names="none.csv")

    def test_ease_beyond_memory(self):
        path = self.put("wide/train.txt", "".join(f"{user} {' '.join(map(str, range(1000000)))}\n" for user in range(3)))
        self.bad(1, "recvae_evaluate", "--baseline", "ease", "--data", path, names="4004.1 GB")

    def test_weights_without_metadata(self):
        header, _, tensors = read_safetensors(self.model)
        bare = write_safetensors(self.home / "weights.safetensors", header, tensors)
        expected, _ = self.good("recvae_evaluate", "--model", self.model, "--data", self.prepared, "--json")
        self.assertEqual(self.good("recvae_evaluate", "--model", bare, "--data", self.prepared, "--json")[0], expected)
        wide = {name: struct.pack(f"<{len(data) // 4}d", *struct.unpack(f"<{len(data) // 4}f", data)) for name, data in tensors.items()}
        double = write_safetensors(self.home / "double.safetensors", {name: {**entry, "dtype": "F64"} for name, entry in header.items()}, wide)
        self.assertEqual(self.good("recvae_evaluate", "--model", double, "--data", self.prepared, "--json")[0], expected)
        other_eps, _ = self.good("recvae_evaluate", "--model", bare, "--data", self.prepared, "--json", "--layer_norm_eps", "1e-5")
        self.assertNotEqual(other_eps, expected)
        # Their items are named by the data.
        named, _ = self.good("recvae_recommend", "--model", self.model, "--data", self.prepared)
        self.assertEqual(self.good("recvae_recommend", "--model", bare, "--data", self.prepared)[0], named)
        self.bad(1, "recvae_recommend", "--model", bare, stdin="100\n", names="item tokens")


if __name__ == "__main__":
    unittest.main()
