#!/usr/bin/env python3
"""What Python adds: memory of a fit beside the command's, and lists beside those of bench_infer, interleaved.

  bench_python.py BUILD memory DATA [OPTION...]     e.g. memory train.txt.gz --epochs 3 --min_items_per_user 5
  bench_python.py BUILD lists [--items 20108] [--rounds 5]

With PYTHONPATH=tools/python and RECVAE_LIBRARY=BUILD/tools/c_api/librecvae_c.so.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

FIT = """if True:
    import json, resource, sys
    import numpy as np, scipy.sparse as sp, recvae
    parts = np.load(sys.argv[1])
    load = lambda name: sp.csr_matrix((parts[name + "_data"], parts[name + "_indices"], parts[name + "_indptr"]), shape=parts["shape_" + name])
    train, shown, hidden = map(load, ("train", "shown", "hidden"))
    del parts
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    recvae.RecVAE(**json.loads(sys.argv[2])).fit(train, validation=(shown, hidden), progress=False)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, before / 1024, (train.indices.nbytes + train.data.nbytes) / 2**20)
"""


def peak_of(command):
    """MiB that a process takes at most."""
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
                                                                          (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{' '.join(command)}: exit {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss / 1024


def memory(build, data, given):
    import numpy as np
    import recvae

    options = dict(zip((name.lstrip("-") for name in given[::2]), given[1::2]))
    known = recvae.data_options()
    settings = {name: json.loads(value) for name, value in options.items() if name not in known}
    read = recvae.read(data, **{name: value if name == "split" else json.loads(value) for name, value in options.items() if name in known})
    with tempfile.TemporaryDirectory() as folder:
        parts = {}
        for name, matrix in (("train", read.train), ("shown", read.validation.shown), ("hidden", read.validation.hidden)):
            parts |= {f"{name}_{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}
            parts["shape_" + name] = matrix.shape
        np.savez(folder + "/parts.npz", **parts)
        command = peak_of([f"{build}/tools/recvae_train", "--data", data, *given, "--baselines", "none", "--out", folder + "/out"])
        fit = subprocess.run([sys.executable, "-c", FIT, folder + "/parts.npz", json.dumps(settings)], capture_output=True, text=True, check=True)
    ours, before, matrix = map(float, fit.stdout.split())
    print(f"recvae_train {command:.0f} MiB; fit {ours:.0f} MiB, {ours / command:.3f} of it; of these {before:.0f} MiB of Python and its matrices "
          f"({matrix:.0f} MiB of training entries) before fit")


def lists(build, items, rounds):
    import numpy as np
    import recvae
    import scipy.sparse as sp

    draw = np.random.default_rng(1)
    users, per_user, latent, hidden = 10_000, 60, 200, 600
    train = sp.csr_matrix((np.ones(2 * items, np.float32), (np.arange(2 * items) // 2, np.arange(2 * items) % items)), shape=(items, items))
    model = recvae.RecVAE(epochs=1, latent_dimension=latent, hidden_dimension=hidden, n_enc_epochs=1, train_batch_size=2000).fit(train[:2000], progress=False)
    columns = np.sort(np.unique(draw.integers(0, items, (users, per_user)) + items * np.arange(users)[:, None])).astype(np.int64)
    rows = sp.csr_matrix((np.ones(len(columns), np.float32), (columns // items, columns % items)), shape=(users, items))
    singles = [rows[u] for u in range(2000)]
    everybody = np.arange(users)
    model.recommend(everybody[:2000], rows[:2000], N=20)
    ratios = {"10,000 users": [], "one user": []}
    for _ in range(rounds):
        said = json.loads(subprocess.run([f"{build}/tests/bench/bench_infer", "--items", str(items), "--per_user", str(per_user), "--users", str(users), "--topk", "20",
                                          "--runs", "1", "--no_roofs", "--json"], capture_output=True, text=True, check=True).stdout)
        start = time.perf_counter()
        model.recommend(everybody, rows, N=20)
        batch = time.perf_counter() - start
        times = []
        for user, row in enumerate(singles):
            start = time.perf_counter()
            model.recommend(user, row, N=20)
            times.append(1e3 * (time.perf_counter() - start))
        theirs = users / said["users_per_second"], said["single_p50_ms"]
        print(f"10,000 users: bench_infer {theirs[0]:.3f} s, Python {batch:.3f} s; one user: {theirs[1]:.3f} ms, Python {statistics.median(times):.3f} ms")
        ratios["10,000 users"].append(batch / theirs[0])
        ratios["one user"].append(statistics.median(times) / theirs[1])
    for name, values in ratios.items():
        print(f"{name}: {statistics.median(values):.3f} of bench_infer (median of {rounds}; {recvae.version()}, {recvae.threads()} threads)")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("build")
kinds = parser.add_subparsers(dest="kind", required=True)
of_memory = kinds.add_parser("memory")
of_memory.add_argument("data")
of_lists = kinds.add_parser("lists")
of_lists.add_argument("--items", type=int, default=20_108)
of_lists.add_argument("--rounds", type=int, default=5)
o, rest = parser.parse_known_args()
if o.kind == "memory":
    memory(o.build, o.data, rest)
else:
    lists(o.build, o.items, o.rounds)
