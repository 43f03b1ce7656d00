#!/usr/bin/env python3
"""P1: the mathematics of torch_dense.py with what PyTorch offers to save its work on a CPU.

  torch_tuned.py DIR --init F.safetensors [--compile] [--epochs N] [--eval] [--serve]
Sparse rows (embedding_bag into the first layer), no gradient of the half that is frozen, the old posterior once per user and outer epoch, the
positives' logits without a dense target, fused Adam, denormals flushed; with --compile the hidden stack, the KL term and the softmax as graphs.
"""
import numpy as np
import torch
from torch import nn
from torch.nn.functional import embedding_bag, layer_norm, linear, silu

from torch_data import OLD, arguments, read_train, read_weights, run, train_passes
from torch_model import BLOCKS, kl


class Stack(nn.Module):
    """The encoder above its first product."""

    def __init__(self, weights, prefix):
        super().__init__()
        self.weights = nn.ParameterDict({name.removeprefix(prefix).replace(".", "_"): nn.Parameter(value.clone())
                                         for name, value in weights.items() if name.startswith(prefix) and name != prefix + "fc1.weight"})
        self.linear = linear  # torch_tiled.py may put another product here

    def forward(self, bag, scale):
        w = self.weights
        a, skips = bag * scale + w["fc1_bias"], 0
        for i in BLOCKS:
            if i > 1:
                a = self.linear(h, w[f"fc{i}_weight"], w[f"fc{i}_bias"]) + skips
            h = layer_norm(silu(a), (a.shape[1],), w[f"ln{i}_weight"], w[f"ln{i}_bias"], 0.1)
            skips = skips + h
        return self.linear(h, w["fc_mu_weight"], w["fc_mu_bias"]), self.linear(h, w["fc_logvar_weight"], w["fc_logvar_bias"])

    def sample(self, bag, scale, noise, old_mu, old_logvar, kl_weight):
        mu, logvar = self(bag, scale)
        z = mu + torch.exp(logvar / 2) * noise
        return z, kl(z, mu, logvar, old_mu, old_logvar, kl_weight)


def mean_logsumexp(z, weight, bias, counts):
    return (torch.logsumexp(torch.addmm(bias, z, weight.t()), 1) * counts).sum() / len(counts)


class Tuned:
    def __init__(self, args):
        self.args = args
        train = read_train(args.dir).astype(np.float32)
        train.sort_indices()
        self.train, self.items = train, train.shape[1]
        weights = read_weights(args.init)
        self.first = nn.Parameter(weights["encoder.fc1.weight"].t().contiguous())
        self.stack = Stack(weights, "encoder.")
        self.weight, self.bias = (nn.Parameter(weights[f"decoder.{name}"]) for name in ("weight", "bias"))
        self.encoder_optimizer = torch.optim.Adam([self.first, *self.stack.parameters()], lr=args.lr, fused=True)
        self.decoder_optimizer = torch.optim.Adam([self.weight, self.bias], lr=args.lr, fused=True)
        self.prepare()
        self.sample, self.forward, self.mean_logsumexp = self.stack.sample, self.stack.forward, mean_logsumexp
        if args.compile:
            self.sample, self.forward, self.mean_logsumexp = (torch.compile(f, dynamic=False) for f in (self.sample, self.forward, mean_logsumexp))
        old = Stack(weights, OLD)
        self.posterior = self.all_posteriors(weights[OLD + "fc1.weight"].t().contiguous(), old.forward)

    def prepare(self):
        """Before anything is compiled."""

    def bag(self, table, indices, offsets):
        return embedding_bag(torch.from_numpy(indices), table, torch.from_numpy(offsets), mode="sum", include_last_offset=True)

    def all_posteriors(self, first, forward):
        """Mean and log variance of every training user, from undropped rows."""
        parts = []
        with torch.no_grad():
            for start in range(0, self.train.shape[0], self.args.batch):
                parts.append(forward(*self.inputs(self.train[start:start + self.args.batch], first)))
        return [torch.cat(part) for part in zip(*parts)]

    def inputs(self, x, first):
        counts = np.diff(x.indptr).astype(np.float32)
        return self.bag(first, x.indices, x.indptr), torch.from_numpy(1 / np.sqrt(np.maximum(counts, 1)))[:, None]

    def dropped_out(self, x, counts):
        """The rows without their dropped entries, which are left out rather than multiplied by zero, and what the others are multiplied by."""
        scale = (1 / counts.clamp(min=1).sqrt() / (1 - self.args.dropout))[:, None]
        if not self.args.dropout:
            return x, scale
        kept = (torch.rand(x.nnz) >= self.args.dropout).numpy()
        offsets = np.concatenate([[0], np.cumsum(kept, dtype=np.int32)])[x.indptr].astype(np.int32)
        indices = x.indices[kept]
        return type(x)((np.ones(len(indices), np.float32), indices, offsets), shape=x.shape), scale

    def noise(self, rows):
        return torch.randn(len(rows), self.weight.shape[1]) * self.args.noise_std

    def old_posterior(self, rows):
        return [part[torch.from_numpy(rows)] for part in self.posterior]

    def loss(self, z, x, counts):
        """The mean negative log-likelihood."""
        positives = (z * self.bag(self.weight, x.indices, x.indptr)).sum() + self.bias[torch.from_numpy(x.indices)].sum()
        return self.mean_logsumexp(z, self.weight, self.bias, counts) - positives / len(counts)

    def freeze(self, encoder, decoder):
        self.first.requires_grad_(not encoder), self.stack.requires_grad_(not encoder)
        self.weight.requires_grad_(not decoder), self.bias.requires_grad_(not decoder)

    def encoder_step(self, rows):
        x = self.train[rows]
        counts = torch.from_numpy(np.diff(x.indptr)).float()
        dropped, scale = self.dropped_out(x, counts)
        self.freeze(encoder=False, decoder=True)
        self.encoder_optimizer.zero_grad()
        bag = self.bag(self.first, dropped.indices, dropped.indptr)
        z, kl_loss = self.sample(bag, scale, self.noise(rows), *self.old_posterior(rows), self.args.gamma * counts)
        loss = self.loss(z, x, counts) + kl_loss
        loss.backward()
        self.encoder_optimizer.step()
        return loss.item()

    def decoder_step(self, rows):
        x = self.train[rows]
        counts = torch.from_numpy(np.diff(x.indptr)).float()
        self.freeze(encoder=True, decoder=False)
        self.decoder_optimizer.zero_grad()
        mu, logvar = self.old_posterior(rows)
        loss = self.loss(mu + torch.exp(logvar / 2) * self.noise(rows), x, counts)
        loss.backward()
        self.decoder_optimizer.step()
        return loss.item()

    def epoch(self, rng, encoder_phase, decoder_phase):
        users = self.train.shape[0]
        visits = train_passes(self.args, rng, users, 3, self.encoder_step, encoder_phase)
        self.posterior = self.all_posteriors(self.first.detach(), self.forward)
        return visits + train_passes(self.args, rng, users, 1, self.decoder_step, decoder_phase)

    def scores(self, rows):
        return linear(self.stack(*self.inputs(rows.astype(np.float32), self.first))[0], self.weight, self.bias)


def main(description, trainer):
    parser = arguments(description)
    parser.add_argument("--compile", action="store_true", help="torch.compile (needs a C++ compiler; the first epoch compiles)")
    args = parser.parse_args()
    torch.set_flush_denormal(True)  # before the first parallel operation, whose threads inherit it
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    run(args, trainer(args))


if __name__ == "__main__":
    main(__doc__, Tuned)
