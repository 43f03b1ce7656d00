"""RecVAE as a PyTorch module, with the authors' state-dict names: the part that the programs and torch_init.py share."""
import math

import torch
from torch import nn

MIXTURE = (0.15, 0.75, 0.10)  # standard normal, old posterior, wide normal
BLOCKS = range(1, 6)


class Encoder(nn.Module):
    def __init__(self, items, hidden=600, latent=200, eps=0.1):
        super().__init__()
        for i in BLOCKS:
            self.add_module(f"fc{i}", nn.Linear(items if i == 1 else hidden, hidden))
            self.add_module(f"ln{i}", nn.LayerNorm(hidden, eps=eps))
        self.fc_mu, self.fc_logvar = nn.Linear(hidden, latent), nn.Linear(hidden, latent)

    def forward(self, x, dropout):
        x = nn.functional.dropout(x / x.norm(dim=1, keepdim=True), dropout, self.training)
        outputs = []
        for i in BLOCKS:
            a = getattr(self, f"fc{i}")(outputs[-1] if outputs else x)
            for h in outputs:
                a = a + h
            outputs.append(getattr(self, f"ln{i}")(a * torch.sigmoid(a)))
        return self.fc_mu(outputs[-1]), self.fc_logvar(outputs[-1])


class RecVAE(nn.Module):
    def __init__(self, items, hidden=600, latent=200):
        super().__init__()
        self.encoder = Encoder(items, hidden, latent)
        self.prior = nn.Module()
        self.prior.encoder_old = Encoder(items, hidden, latent).requires_grad_(False)
        self.decoder = nn.Linear(latent, items)


def log_normal(z, mean, log_variance):
    return -0.5 * (log_variance + math.log(2 * math.pi) + (z - mean) ** 2 / torch.exp(log_variance))


def kl(z, mu, logvar, old_mu, old_logvar, weight):
    """The single-sample estimate against the composite prior, weighted per user, mean over the batch."""
    zero = torch.zeros_like(mu)
    components = (zero, zero), (old_mu, old_logvar), (zero, zero + 10)
    prior = torch.logsumexp(torch.stack([log_normal(z, *c) + math.log(w) for c, w in zip(components, MIXTURE)]), 0)
    return ((log_normal(z, mu, logvar) - prior).sum(1) * weight).mean()
