#!/usr/bin/env python3
"""P0: RecVAE in PyTorch as the authors' published code does it, moved to the CPU.

  torch_dense.py DIR --init F.safetensors [--epochs N] [--eval] [--serve]
Dense rows into the first layer, a backward pass through the whole model in both phases (each optimizer then steps its own half),
the old encoder run in every step, and torch.optim.Adam as it comes. This is what a user of that code has today.
"""
import torch

from torch_data import arguments, read_train, read_weights, run, train_passes
from torch_model import RecVAE, kl


class Dense:
    def __init__(self, args):
        self.args, self.train = args, read_train(args.dir)
        self.model = RecVAE(self.train.shape[1])
        self.model.load_state_dict(read_weights(args.init))
        self.encoder, self.old, self.decoder = self.model.encoder, self.model.prior.encoder_old, self.model.decoder
        self.optimizers = [torch.optim.Adam(half.parameters(), lr=args.lr) for half in (self.encoder, self.decoder)]

    def step(self, rows, optimizer, dropout):
        x = torch.FloatTensor(self.train[rows].toarray())
        optimizer.zero_grad()
        mu, logvar = self.encoder(x, dropout)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(logvar) * self.args.noise_std
        old_mu, old_logvar = self.old(x, 0.0)
        reconstruction = -(torch.log_softmax(self.decoder(z), 1) * x).sum(1).mean()
        loss = reconstruction + kl(z, mu, logvar, old_mu, old_logvar, self.args.gamma * x.sum(1))
        loss.backward()
        optimizer.step()
        return loss.item(), reconstruction.item()

    def epoch(self, rng, encoder_phase, decoder_phase):
        self.model.train()
        users = self.train.shape[0]
        visits = train_passes(self.args, rng, users, 3, lambda rows: self.step(rows, self.optimizers[0], self.args.dropout)[0], encoder_phase)
        self.old.load_state_dict(self.encoder.state_dict())
        return visits + train_passes(self.args, rng, users, 1, lambda rows: self.step(rows, self.optimizers[1], 0.0)[1], decoder_phase)

    def scores(self, rows):
        self.model.eval()
        return self.decoder(self.encoder(torch.FloatTensor(rows.toarray()), 0.0)[0])


if __name__ == "__main__":
    args = arguments(__doc__).parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    run(args, Dense(args))
