#!/usr/bin/env python3
"""P1 tiled: torch_tuned.py with this library's own way through the softmax, written in PyTorch's parts: what is left is what the engine is worth.

  torch_tiled.py DIR --init F.safetensors [--compile] [--epochs N] [--eval] [--serve]
Beyond torch_tuned.py:
- softmax in tiles of items that fit the cache: the encoder phase takes loss and gradient of z from one pass that keeps no logits, the decoder
  phase keeps the exponentials alone, in place of logits, log-softmax and its gradient;
- the first layer's gradient as a sparse-dense product into a buffer that stays;
- each matrix product by whichever of PyTorch's two back ends (MKL, oneDNN) is faster here: tried at the start, tile size too.
"""
import itertools
import time
import warnings

import numpy as np
import torch
from torch.nn.functional import linear

from torch_tuned import Tuned, main


def onednn_linear(x, weight, bias=None):
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")


# For the hidden stack as an operator of its own: PyTorch's has no derivative, and its compiler takes it for inference only.
@torch.library.custom_op("bench::linear", mutates_args=())
def trainable_onednn_linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    return onednn_linear(x, weight, bias)


@trainable_onednn_linear.register_fake
def _(x, weight, bias):
    return x.new_empty(len(x), len(weight))


def linear_backward(ctx, g):
    x, weight = ctx.saved_tensors
    return trainable_onednn_linear(g, weight.t(), None), trainable_onednn_linear(g.t(), x.t(), None), g.sum(0)


trainable_onednn_linear.register_autograd(linear_backward, setup_context=lambda ctx, inputs, output: ctx.save_for_backward(*inputs[:2]))


def fastest(choices, repeat=4):
    """The name of the fastest of {name: function}, by its best time."""
    times = {name: [] for name in choices}
    for _ in range(repeat):
        for name, function in choices.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return min(times, key=lambda name: min(times[name][1:]))


class Softmax:
    """Passes over the logits z W' + b in tiles of items.

    Exponentials are taken as they are, without the row's maximum: as exact as long as the sums are in range, which is checked, and with the maximum in the
    rare step where they are not.
    """

    def __init__(self, weight, bias, batch):
        self.weight, self.bias = weight, bias
        z = torch.randn(batch, weight.shape[1])
        settings = {}
        for tile, back_end in itertools.product((512, 1024, 2048), (False, True)):
            settings[tile, back_end] = lambda s=(tile, back_end): (self.set_tiles(*s), self.mean_row(z))
        self.set_tiles(*fastest(settings))

    def set_tiles(self, tile, onednn):
        self.onednn, self.buffers = onednn, {}
        self.tiles = [slice(i, i + tile) for i in range(0, len(self.weight), tile)]
        self.parts = list(zip(self.weight.split(tile), self.bias.split(tile)))

    def exponentials(self, z, part, shift, out):
        weight, bias = part
        out = out[:, :len(weight)]
        tile = onednn_linear(z, weight, bias) if self.onednn else torch.addmm(bias, z, weight.t(), out=out)
        return torch.exp(tile if shift is None else tile.sub_(shift), out=out)

    def checked(self, function, z):
        sums, result = function(z, None)
        shift = torch.zeros(len(z), 1)
        if not (sums.min() > 1e-10 and sums.max() < 1e30):
            shift = torch.stack([torch.addmm(bias, z, weight.t()).amax(1) for weight, bias in self.parts]).amax(0)[:, None]
            sums, result = function(z, shift)
        return sums, sums.log() + shift[:, 0], result

    def buffer(self, users, count):
        """Tiles that stay: an allocation of this size would be pages to clear in every step."""
        key = users, count
        if key not in self.buffers:
            self.buffers[key] = [torch.empty(users, self.tiles[0].stop) for _ in range(count)]
        return self.buffers[key]

    def mean_row(self, z):
        """The logarithm of the softmax's sums, and the mean decoder row under it: loss and gradient of z need no more."""
        def tiles(z, shift):
            out, = self.buffer(len(z), 1)
            sums, rows = torch.zeros(len(z)), torch.zeros_like(z)
            for part in self.parts:
                e = self.exponentials(z, part, shift, out)
                sums += e.sum(1)
                rows.addmm_(e, part[0])
            return sums, rows
        sums, logsum, rows = self.checked(tiles, z)
        return logsum, rows.div_(sums[:, None])

    def gradients(self, z, counts, row_of, column, weight_gradient, bias_gradient):
        """The logarithm of the sums; writes the gradients of the mean negative log-likelihood for the positives (row_of, column)."""
        def tiles(z, shift):
            sums, kept = torch.zeros(len(z)), []
            for part, out in zip(self.parts, self.buffer(len(z), len(self.parts))):
                kept.append(self.exponentials(z, part, shift, out))
                sums += kept[-1].sum(1)
            return sums, kept
        sums, logsum, kept = self.checked(tiles, z)
        # d logit = (counts e / sums - x) / users: the first factor goes into z, so that the exponentials are changed at the positives only.
        scale = counts / sums / len(z)
        scaled, positive = z * scale[:, None], sums / counts.clamp(min=1)
        first = np.searchsorted(column, [t.start for t in self.tiles] + [len(self.weight)])
        row_of, value = torch.from_numpy(row_of), positive[torch.from_numpy(row_of)]
        column = torch.from_numpy(column)
        for e, tile, lo, hi in zip(kept, self.tiles, first, first[1:]):
            e[row_of[lo:hi], column[lo:hi] - tile.start] -= value[lo:hi]
            torch.mm(e.t(), scaled, out=weight_gradient[tile])
            torch.mv(e.t(), scale, out=bias_gradient[tile])
        return logsum


class Tiled(Tuned):
    def prepare(self):
        for parameter in (self.first, self.weight, self.bias):
            parameter.grad = torch.zeros_like(parameter)
        with torch.no_grad():
            self.softmax = Softmax(self.weight.detach(), self.bias.detach(), self.args.batch)
        hidden = self.first.shape[1]
        x, w, b = (torch.randn(shape, requires_grad=True) for shape in ((self.args.batch, hidden), (hidden, hidden), (hidden,)))
        choices = {"torch": linear, "onednn": trainable_onednn_linear}
        trial = {name: lambda f=f: torch.autograd.grad(f(x, w, b), (x, w, b), torch.ones(len(x), hidden)) for name, f in choices.items()}
        self.stack.linear = choices[fastest(trial, 12)]

    def encoder_step(self, rows):
        x = self.train[rows]
        counts = torch.from_numpy(np.diff(x.indptr)).float()
        with torch.no_grad():
            positives = self.bag(self.weight, x.indices, x.indptr)
            bias = self.bias[torch.from_numpy(x.indices)].sum()
            dropped, scale = self.dropped_out(x, counts)
            bag = self.bag(self.first, dropped.indices, dropped.indptr)
        self.stack.zero_grad()  # the first layer's gradient is overwritten
        bag.requires_grad_()
        z, kl_loss = self.sample(bag, scale, self.noise(rows), *self.old_posterior(rows), self.args.gamma * counts)
        with torch.no_grad():
            logsum, mean_row = self.softmax.mean_row(z.detach())
            reconstruction = (torch.dot(counts, logsum) - (z * positives).sum() - bias) / len(rows)
            gradient = mean_row.mul_(counts[:, None]).sub_(positives).div_(len(rows))
        torch.autograd.backward((z, kl_loss), (gradient, torch.ones(())))
        self.first_gradient(dropped, bag.grad)
        self.encoder_optimizer.step()
        return (reconstruction + kl_loss.detach()).item()

    def first_gradient(self, x, g):
        columns = x.tocsc()
        parts = map(torch.from_numpy, (columns.indptr, columns.indices, columns.data))
        transposed = torch.sparse_csr_tensor(*parts, (self.items, len(g)), check_invariants=False)
        torch.addmm(self.first.grad, transposed, g, beta=0, out=self.first.grad)

    @torch.no_grad()
    def decoder_step(self, rows):
        x = self.train[rows]
        counts = torch.from_numpy(np.diff(x.indptr)).float()
        mu, logvar = self.old_posterior(rows)
        z = mu + torch.exp(logvar / 2) * self.noise(rows)
        positive = (z * self.bag(self.weight, x.indices, x.indptr)).sum() + self.bias[torch.from_numpy(x.indices)].sum()
        columns = x.tocsc()
        column = np.repeat(np.arange(self.items), np.diff(columns.indptr))
        logsum = self.softmax.gradients(z, counts, columns.indices.astype(np.int64), column, self.weight.grad, self.bias.grad)
        self.decoder_optimizer.step()
        return ((torch.dot(counts, logsum) - positive) / len(rows)).item()


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="Sparse")  # CSR is called beta
    main(__doc__, Tiled)
