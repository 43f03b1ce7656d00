"""What the PyTorch programs share: prepared directories, weight files, the metric, the command line and its output."""
import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from scipy import sparse

OLD = "prior.encoder_old."


def read_pairs(path):
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.int64, ndmin=2)


def count_items(folder):
    return sum(1 for _ in open(Path(folder) / "unique_sid.txt"))


def to_rows(pairs, first, users, items):
    """A binary user x item matrix, doubles as in the authors' loader."""
    return sparse.csr_matrix((np.ones(len(pairs)), (pairs[:, 0] - first, pairs[:, 1])), shape=(users, items))


def read_train(folder):
    pairs = read_pairs(Path(folder) / "train.csv")
    return to_rows(pairs, 0, pairs[:, 0].max() + 1, count_items(folder))


def read_split(folder, name):
    """(fold-in, targets) of the users held out for `name`, or None where the directory has none."""
    paths = [Path(folder) / f"{name}_{part}.csv" for part in ("tr", "te")]
    if not all(path.is_file() for path in paths):
        return None
    parts = [read_pairs(path) for path in paths]
    users = np.concatenate([part[:, 0] for part in parts])
    first, count = users.min(), users.max() - users.min() + 1
    return tuple(to_rows(part, first, count, count_items(folder)) for part in parts)


def read_weights(path):
    """Tensors under the authors' state-dict names. Constants of the prior are left out: no setting changes them."""
    constants = ("prior.mu_prior", "prior.logvar_prior", "prior.logvar_uniform_prior")
    return {name: torch.from_numpy(value).float() for name, value in load_file(path).items() if name not in constants}


def write_weights(path, weights):
    latent = weights["decoder.weight"].shape[1]
    constants = {"prior.mu_prior": 0.0, "prior.logvar_prior": 0.0, "prior.logvar_uniform_prior": 10.0}
    weights = weights | {name: torch.full((1, latent), value) for name, value in constants.items()}
    save_file({name: np.ascontiguousarray(value.detach().numpy()) for name, value in weights.items()}, path)


def ndcg100(scores_of, split, batch=500):
    """The authors' NDCG@100 (fold-in items masked), over the users that have targets: theirs is NaN with one that has none."""
    fold_in, targets = split
    discount = 1 / torch.log2(torch.arange(2, 102, dtype=torch.float64))
    k = min(100, fold_in.shape[1])
    total, users = 0.0, 0
    with torch.no_grad():
        for start in range(0, fold_in.shape[0], batch):
            seen, wanted = fold_in[start:start + batch], targets[start:start + batch].tocoo()
            scores = scores_of(seen)
            seen = seen.tocoo()
            scores[torch.from_numpy(seen.row).long(), torch.from_numpy(seen.col).long()] = -torch.inf
            relevant = torch.zeros(scores.shape, dtype=torch.bool)
            relevant[torch.from_numpy(wanted.row).long(), torch.from_numpy(wanted.col).long()] = True
            hits = relevant.gather(1, scores.topk(k, 1).indices).double()
            counts = torch.from_numpy(np.bincount(wanted.row, minlength=len(scores)))
            ideal = torch.cat([torch.zeros(1, dtype=torch.float64), discount.cumsum(0)])[counts.clamp(max=k)]
            some = counts > 0
            total += float(((hits @ discount[:k])[some] / ideal[some]).sum())
            users += int(some.sum())
    return total / users if users else None


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", help="prepared directory")
    parser.add_argument("--init", required=True, help="initial weights (torch_init.py)")
    parser.add_argument("--epochs", type=int, default=1, help="outer epochs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--gamma", type=float, default=0.005)
    parser.add_argument("--dropout", type=float, default=0.5)
    parser.add_argument("--noise-std", type=float, default=1.0)
    parser.add_argument("--no-shuffle", action="store_true")
    parser.add_argument("--seed", type=int, default=1337)
    parser.add_argument("--eval", action="store_true", help="NDCG@100 on validation after each epoch")
    parser.add_argument("--losses", type=int, default=0, metavar="K", help="also print the losses of each phase's first K steps")
    parser.add_argument("--serve", action="store_true", help="an epoch per line on stdin, so that a driver can interleave programs")
    return parser


class Phase:
    """Sums one phase's losses; of several passes the last one counts."""

    def __init__(self, keep):
        self.keep, self.first = keep, []
        self.begin_pass()

    def begin_pass(self):
        self.sum, self.users = 0.0, 0

    def add(self, loss, users):
        if len(self.first) < self.keep:
            self.first.append(loss)
        self.sum += loss * users
        self.users += users

    @property
    def mean(self):
        return self.sum / self.users


def train_passes(args, rng, users, passes, step, phase):
    """`passes` passes over the users in batches; step(rows) trains on these rows and returns the loss to report."""
    visits = 0
    for _ in range(passes):
        phase.begin_pass()
        order = np.arange(users) if args.no_shuffle else rng.permutation(users)
        for start in range(0, users, args.batch):
            rows = order[start:start + args.batch]
            phase.add(step(rows), len(rows))
            visits += len(rows)
    return visits


def run(args, trainer):
    """Runs outer epochs and prints a JSON object for each. Seconds are the passes alone, evaluation is timed apart."""
    def print_json(**values):
        print(json.dumps(values), flush=True)

    validation = read_split(args.dir, "validation") if args.eval else None
    rng = np.random.default_rng(args.seed)
    if args.serve:
        print_json(ready=True)
    for epoch, _ in enumerate(sys.stdin if args.serve else range(args.epochs), 1):
        encoder, decoder = (Phase(args.losses if epoch == 1 else 0) for _ in range(2))
        start = time.perf_counter()
        visits = trainer.epoch(rng, encoder, decoder)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        valid = ndcg100(trainer.scores, validation, args.batch) if validation else None
        valid_seconds = time.perf_counter() - start
        steps = {"encoder_losses": encoder.first, "decoder_losses": decoder.first} if encoder.first else {}
        print_json(epoch=epoch, seconds=seconds, loss=encoder.mean, decoder_loss=decoder.mean, users_per_second=visits / seconds, valid=valid,
                   valid_seconds=valid_seconds if validation else 0.0, peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, **steps)
