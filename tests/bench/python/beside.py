#!/usr/bin/env python3
"""Quality, time and memory of this library's models beside those of implicit and irspack, on the same rows.

  beside.py --data ratings.csv --threshold 3.5 --heldout_users 500 --tries 8 --out ml-1m.jsonl
  beside.py --data train.txt.gz --tries 4 --only ease,als --fixed bpr:iterations=50 --out articles.jsonl
  beside.py --table --out ml-1m.jsonl        # what has been run, once more

Needs the package recvae (`pip install .` at the top of this repository), implicit and irspack. Users are held out; BPR, which knows no others than those it is
trained on, is trained on what is shown of them, too. Each model has the same number of tries (RecVAE those of --recvae), and NDCG@100 of validation chooses. A
try is a process of its own, whose peak until the model is fitted is the memory. recvae.evaluate scores what any of them lists. The chosen try of a model runs
--repeats times if it is quick: then the table has the least seconds and the most users a second, since what else a machine does only slows down.
Every run becomes a line of --out, which is of one data set; what it has is not run again.
"""
import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

NAMES = {"als": "implicit, ALS", "bpr": "implicit, BPR", "ials": "irspack, iALS", "dense_slim": "irspack, DenseSLIM (EASE)",
         "irspack_edlae": "irspack, EDLAE", "ease": "recvae, EASE", "edlae": "recvae, EDLAE", "recvae": "recvae, RecVAE"}
OURS = ("ease", "edlae", "recvae")

# What is searched: lists of choices, and ranges, which are cut into as many parts as there are tries, equal on a logarithmic scale.
LINEAR = {"regularization": (50, 1600)}
DROPPED = {**LINEAR, "dropout": [0.1, 0.2, 0.3, 0.4]}
SPACES = {
    "als": {"factors": [64, 128, 256], "alpha": (1, 20), "regularization": (1, 100)},
    "bpr": {"factors": [64, 128, 256], "learning_rate": (0.01, 0.1), "regularization": (0.001, 0.1)},
    "ials": {"n_components": [64, 128, 256], "alpha0": (0.02, 1), "reg": (0.0005, 0.02)},
    "dense_slim": LINEAR, "irspack_edlae": DROPPED, "ease": LINEAR, "edlae": DROPPED,
}
METRICS = ["ndcg@100", "recall@20", "recall@50"]
QUICK = 30  # seconds


def drawn(space, tries):
    """Settings to try, the same for models of one space: every range and every list is covered evenly, in random order."""
    draw, columns = random.Random(1), {}
    for name, values in space.items():
        places = [(k + 0.5) / tries for k in range(tries)]
        draw.shuffle(places)
        if isinstance(values, list):
            columns[name] = [values[int(place * len(values))] for place in places]
        else:
            low, high = values
            columns[name] = [float(f"{low * (high / low) ** place:.3g}") for place in places]
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


# --- in the process of a try: only there NumPy is loaded, since a process's peak counts what it was forked from ---


class ALS:
    """Factors of users follow from their rows; `stored` takes those that training users were given."""

    def __init__(self, data, settings):
        from implicit.cpu.als import AlternatingLeastSquares

        self.model, self.rows, self.stored = AlternatingLeastSquares(**settings, num_threads=2, random_state=1), data.train, False

    def fit(self):
        self.model.fit(self.rows, show_progress=False)

    def recommend(self, users, rows, N):
        return self.model.recommend(users, rows, N=N, recalculate_user=not self.stored)


class BPR:
    """Knows only users that it was trained on: what is shown of held-out ones is trained on, too. `part` says whose numbers users are."""

    def __init__(self, data, settings):
        import scipy.sparse
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        self.model = BayesianPersonalizedRanking(**settings, num_threads=2, random_state=1)
        self.rows = scipy.sparse.vstack([data.train, data.validation.shown, data.test.shown], format="csr")
        validation = data.train.shape[0]
        self.begins, self.part = {"train": 0, "validation": validation, "test": validation + data.validation.shown.shape[0]}, "train"

    def fit(self):
        self.model.fit(self.rows, show_progress=False)

    def recommend(self, users, rows, N):
        return self.model.recommend(users + self.begins[self.part], rows, N=N)


class Irspack:
    """Scores of 1,000 users at a time, and irspack's own choice of the best of them."""

    def __init__(self, name, data, settings):
        from irspack.recommenders.dense_slim import DenseSLIMRecommender
        from irspack.recommenders.edlae import EDLAERecommender
        from irspack.recommenders.ials import IALSRecommender

        self.kind = {"ials": IALSRecommender, "dense_slim": DenseSLIMRecommender, "irspack_edlae": EDLAERecommender}[name]
        own_names = {"regularization": "reg", "dropout": "dropout_p"}
        self.settings, self.rows = {own_names.get(key, key): value for key, value in settings.items()}, data.train

    def fit(self):
        self.model = self.kind(self.rows, **self.settings).learn()

    def recommend(self, users, rows, N):
        import numpy
        from irspack.utils.id_mapping import retrieve_recommend_from_score

        lists = numpy.full((rows.shape[0], N), -1, numpy.int32)
        for first in range(0, rows.shape[0], 1000):
            scores = self.model.get_score_cold_user_remove_seen(rows[first:first + 1000])
            for user, found in enumerate(retrieve_recommend_from_score(scores, [], N, 2), first):
                lists[user, :len(found)] = [item for item, _ in found]
        return lists, None


class Ours:
    def __init__(self, name, data, settings):
        import recvae

        self.model = {"ease": recvae.EASE, "edlae": recvae.EDLAE, "recvae": recvae.RecVAE}[name](**settings)
        self.data, self.options = data, {"progress": False} if name == "recvae" else {}

    def fit(self):
        self.model.fit(self.data, **self.options)
        self.recommend = self.model.recommend


def made(name, data, settings):
    if name in OURS:
        return Ours(name, data, settings)
    return ALS(data, settings) if name == "als" else BPR(data, settings) if name == "bpr" else Irspack(name, data, settings)


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(task):
    """Fits a model, scores its lists for validation and test, and times lists of 20."""
    import numpy
    import recvae

    data = recvae.read(task["data"], split="strong", heldout_users=task["heldout_users"], threshold=task["threshold"])
    model = made(task["model"], data, task["settings"])
    result = {**task, "engine": recvae.version(), "load": os.getloadavg()[0], "megabytes_before": peak_megabytes()}
    start, processor_start = time.monotonic(), time.process_time()
    model.fit()
    result["seconds"], result["processor_seconds"] = time.monotonic() - start, time.process_time() - processor_start
    result["megabytes"] = peak_megabytes()

    for part, samples in (("validation", 0), ("test", 10000)):
        model.part = part
        shown, hidden = getattr(data, part)
        found = recvae.evaluate(model.model if task["model"] in OURS else model, shown, hidden, METRICS, bootstrap=samples)
        result[part] = {"users": found.users, **found, "intervals": found.intervals}

    model.part = "train"
    rows = data.train[:task["listed"]]

    def users_per_second():
        start = time.monotonic()
        model.recommend(numpy.arange(rows.shape[0]), rows, N=20)
        return rows.shape[0] / (time.monotonic() - start)

    result["users_per_second"] = max(users_per_second() for _ in range(2))
    if task["model"] == "als":
        model.stored = True
        result["stored_users_per_second"] = max(users_per_second() for _ in range(2))
    return result


# --- in the process that starts them ---


def short(number):
    return f"{number:.4f}".removeprefix("0")


def row(runs):
    """A model's row of the table, of its runs."""
    best = max(runs, key=lambda run: run["validation"]["ndcg@100"])
    chosen = [run for run in runs if run["settings"] == best["settings"]]

    def of(key):
        return [run[key] for run in chosen]

    test, seconds = best["test"], of("seconds")
    cells = [NAMES[best["model"]]]
    for metric in METRICS:
        low, high = test["intervals"][metric]
        cells.append(f"{short(test[metric])} [{short(low)}, {short(high)}]")
    cells.append(f"{min(seconds):.1f}" + f" (to {max(seconds):.1f})" * (len(chosen) > 1))
    cells.append(f"{min(of('processor_seconds')):.1f}")
    lists = f"{max(of('users_per_second')):,.0f}"
    if best["model"] == "als":
        lists += f"; {max(of('stored_users_per_second')):,.0f} from stored factors"
    cells.append(lists + " from stored factors" * (best["model"] == "bpr"))
    cells.append(f"{max(of('megabytes')):,.0f} MB")
    cells.append(str(len({json.dumps(run["settings"]) for run in runs})))
    cells.append(", ".join(f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in best["settings"].items()))
    return f"| {' | '.join(cells)} |"


def table(records):
    by_model = {name: [run for run in records if run["model"] == name] for name in NAMES}
    return "\n".join(["| | NDCG@100 | Recall@20 | Recall@50 | seconds to fit | of processors | users/s | peak memory | tries | chosen |",
                      "|---|---|---|---|---|---|---|---|---|---|", *[row(runs) for runs in by_model.values() if runs]])


class Runs:
    """The lines of a file, and what is run to add to them."""

    def __init__(self, path):
        self.path, self.records = path, [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def of(self, task, times):
        """The first of `times` runs of a task."""
        done = [run for run in self.records if task.items() <= run.items()]
        for _ in range(times - len(done)):
            done.append(self.one_more(task))
        return done[0]

    def one_more(self, task):
        environment = {name: value for name, value in os.environ.items() if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
        if task["model"] in ("als", "bpr"):
            environment["OPENBLAS_NUM_THREADS"] = "1"  # implicit has threads of its own, and asks for this
        process = subprocess.run([sys.executable, __file__, "--one", json.dumps(task)], env=environment, stdout=subprocess.PIPE, check=True)
        record = json.loads(process.stdout.splitlines()[-1])  # irspack draws a bar before it
        self.records.append(record)
        with open(self.path, "a") as file:
            file.write(json.dumps(record) + "\n")
        print(f"{task['model']} {task['settings']}: validation {short(record['validation']['ndcg@100'])}, {record['seconds']:.1f} s",
              file=sys.stderr, flush=True)
        return record


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="what recvae_train --data takes")
    parser.add_argument("--threshold", type=float)
    parser.add_argument("--heldout_users", type=int, default=10000, help="for validation, and as many for the test (%(default)s)")
    parser.add_argument("--only", default=",".join(NAMES), help="models (%(default)s)")
    parser.add_argument("--tries", type=int, default=8, help="settings of each model (%(default)s)")
    parser.add_argument("--recvae", action="append", type=json.loads, metavar="JSON",
                        help='settings of RecVAE, once for each try; default: {} and {"implicit_slim": 1000}')
    parser.add_argument("--fixed", action="append", default=[], metavar="MODEL:NAME=VALUE", help="a setting that is not searched")
    parser.add_argument("--listed", type=int, default=20000, help="training users for whom lists are timed, at most (%(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help=f"runs of a chosen try of less than {QUICK} s (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("beside.jsonl"))
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    o = parser.parse_args()
    if o.one:
        print("\n" + json.dumps(run(o.one)))
        return
    if not o.table and not o.data:
        parser.error("--data")

    runs = Runs(o.out)
    fixed = [text.replace(":", "=", 1).split("=") for text in o.fixed]
    for name in [] if o.table else o.only.split(","):
        always = {key: json.loads(value) for model, key, value in fixed if model == name}
        settings = (o.recvae or [{}, {"implicit_slim": 1000}]) if name == "recvae" else drawn(SPACES[name], o.tries)
        tasks = [{"data": o.data, "threshold": o.threshold, "heldout_users": o.heldout_users, "listed": o.listed, "model": name,
                  "settings": some | always} for some in settings]
        best = max(tasks, key=lambda task: runs.of(task, 1)["validation"]["ndcg@100"])
        if runs.of(best, 1)["seconds"] < QUICK:
            runs.of(best, o.repeats)
    print(table(runs.records))


if __name__ == "__main__":
    main()
