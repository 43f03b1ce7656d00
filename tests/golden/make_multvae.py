#!/usr/bin/env python3
"""What PyTorch makes, in float64, of Mult-VAE, Mult-DAE, and RecVAE with priors whose divergence has a closed form.

  make_multvae.py          writes golden_{multvae,multdae,standard,old_posterior}.safetensors and trajectory_multvae/ beside itself
A golden file holds weights, one batch with its noise and dropout mask, and the loss with all its gradients; trajectory_multvae/ the
weights before and after three epochs on the users of trajectory/.
"""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.distributions import Normal, kl_divergence

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "bench"))
from torch_model import Encoder as DenseEncoder  # noqa: E402

MULTVAE = {"encoder": "multvae", "decoder": "multvae", "prior": "standard"}
BATCH, ITEMS, HIDDEN, LATENT, DROPOUT = 6, 31, 12, 5, 0.5


class Encoder(nn.Module):
    """One hidden layer of tanh, and heads of mean and log variance (Mult-VAE), or one of tanh (Mult-DAE)."""

    def __init__(self, items, hidden, latent, variance):
        super().__init__()
        self.fc1, self.fc_mu = nn.Linear(items, hidden), nn.Linear(hidden, latent)
        if variance:
            self.fc_logvar = nn.Linear(hidden, latent)

    def forward(self, x):
        h = torch.tanh(self.fc1(x))
        return (self.fc_mu(h), self.fc_logvar(h)) if hasattr(self, "fc_logvar") else (torch.tanh(self.fc_mu(h)), None)


class Decoder(nn.Linear):
    def __init__(self, latent, hidden, items):
        super().__init__(hidden, items)
        self.fc1 = nn.Linear(latent, hidden)

    def forward(self, z):
        return super().forward(torch.tanh(self.fc1(z)))


def of_recvae(items, hidden, latent):
    encoder = DenseEncoder(items, hidden, latent)
    return nn.ModuleDict({"encoder": encoder, "decoder": nn.Linear(latent, items)}), lambda x: encoder(x, 0)


def of_multvae(items, hidden, latent, variance=True):
    encoder = Encoder(items, hidden, latent, variance)
    return nn.ModuleDict({"encoder": encoder, "decoder": Decoder(latent, hidden, items)}), encoder


def loss_of(model, encode, x, fed, noise, weight, old=None):
    """All that golden files expect; `old` is another posterior in place of the standard normal."""
    mu, logvar = encode(fed)
    found = {"mu": mu, "z": mu, "kld": x.new_zeros(())}
    if logvar is not None:
        found |= {"logvar": logvar, "z": mu + noise * torch.exp(logvar / 2)}
        prior = Normal(torch.zeros_like(mu), 1) if old is None else Normal(old[0], torch.exp(old[1] / 2))
        found["kld"] = (weight * kl_divergence(Normal(mu, torch.exp(logvar / 2)), prior).sum(1)).mean()
    found["logits"] = model["decoder"](found["z"])
    found["mll"] = (x * torch.log_softmax(found["logits"], 1)).sum(1).mean()
    return found | {"loss": found["kld"] - found["mll"]}


def golden(name, settings, model, encode, beta=None, gamma=None, old=None):
    x = (torch.rand(BATCH, ITEMS) < 0.3).double()
    noise, mask = torch.randn(BATCH, LATENT), (torch.rand(BATCH, ITEMS) >= DROPOUT).double()
    rows = x / x.norm(dim=1, keepdim=True)
    tensors, fed, dropout = {"input.x": x, "input.noise": noise}, rows, 0.0
    if settings["encoder"] != "recvae":  # RecVAE's own golden files have dropout
        tensors["input.mask"], fed, dropout = mask, rows * mask / (1 - DROPOUT), DROPOUT
    with torch.no_grad():
        old_posterior = old[1](rows) if old else None
    found = loss_of(model, encode, x, fed, noise, beta or gamma * x.sum(1), old_posterior)
    found["loss"].backward()
    tensors |= dict(model.named_parameters())
    tensors |= {f"expect.{key}": value for key, value in found.items()}
    tensors |= {f"grad.{key}": weight.grad for key, weight in model.named_parameters()}
    if old:
        tensors |= {f"prior.encoder_old.{key}": value for key, value in old[0]["encoder"].named_parameters()}
    numbers = {"items": ITEMS, "hidden": HIDDEN, "latent": LATENT, "layer_norm_eps": 0.1, "dropout": dropout, "beta": beta, "gamma": gamma}
    metadata = settings | {key: str(value) for key, value in numbers.items() if value is not None}
    save(f"golden_{name}.safetensors", tensors, metadata)


def save(name, tensors, metadata):
    tensors = {key: value.detach().reshape(value.shape or (1,)).contiguous().clone() for key, value in tensors.items()}
    save_file(tensors, HERE / name, metadata)
    (HERE / name).chmod(0o644)


def trajectory(epochs=3, batch=16, beta=0.2, total_anneal_steps=40):
    """Joint training without noise, dropout and shuffling; Adam's step t, from 0, weighs with min(beta, t / total_anneal_steps)."""
    folder = HERE / "trajectory"
    pairs = [list(map(int, line.split(","))) for line in (folder / "train.csv").read_text().split()[1:]]
    rows = torch.zeros(max(user for user, _ in pairs) + 1, len((folder / "unique_sid.txt").read_text().split()))
    for user, item in pairs:
        rows[user, item] = 1
    model, encode = of_multvae(rows.shape[1], 24, 10)
    model.load_state_dict({name: value.float().double() for name, value in model.state_dict().items()})  # as float32 holds them
    metadata = {"settings": json.dumps(MULTVAE)}
    (HERE / "trajectory_multvae").mkdir(exist_ok=True)
    save("trajectory_multvae/init.safetensors", {name: value.float() for name, value in model.state_dict().items()}, metadata)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    batches = [x for _ in range(epochs) for x in rows.split(batch)]
    for step, x in enumerate(batches):
        adam.zero_grad()
        fed = x / x.norm(dim=1, keepdim=True)
        loss_of(model, encode, x, fed, torch.zeros(1, 10), min(beta, step / total_anneal_steps))["loss"].backward()
        adam.step()
    save("trajectory_multvae/final_float64.safetensors", model.state_dict(), metadata)


def main():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(18)
    sizes = ITEMS, HIDDEN, LATENT
    golden("multvae", MULTVAE, *of_multvae(*sizes), beta=0.2)
    golden("multdae", MULTVAE | {"encoder": "multdae"}, *of_multvae(*sizes, variance=False), beta=0.2)
    recvae = {"encoder": "recvae", "decoder": "linear"}
    golden("standard", recvae | {"prior": "standard"}, *of_recvae(*sizes), gamma=0.05)
    golden("old_posterior", recvae | {"prior": "old_posterior"}, *of_recvae(*sizes), gamma=0.05, old=of_recvae(*sizes))
    trajectory()


main()
