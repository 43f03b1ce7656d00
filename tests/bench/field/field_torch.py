#!/usr/bin/env python3
"""bench_field's programs in PyTorch: field_torch.py PROGRAM THREADS [eager|fused|compile]"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

import inputs


def mlp(how):
    # user: mlp
    model = torch.nn.Sequential(torch.nn.Linear(784, 512), torch.nn.ReLU(), torch.nn.Linear(512, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10))
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=how != "eager")
    loss_of = lambda x, y: F.cross_entropy(model(x), y)
    if how == "compile":
        loss_of = torch.compile(loss_of)

    def step(x, y):
        loss = loss_of(x, y)
        value = loss.item()
        adam.zero_grad()
        loss.backward()
        adam.step()
        return value
    # end

    with torch.no_grad():
        for layer, (weight, bias) in zip(model[::2], inputs.network()):
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
    batches = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in inputs.pictures()]
    state = {"step": 0}

    def one():
        state["loss"] = step(*batches[state["step"] % len(batches)])
        state["step"] += 1

    return lambda steps: {"seconds": inputs.median_seconds(steps, one), "loss": state["loss"]}


def gmm(how):
    (alpha, means, q, below), points = inputs.mixture()
    parameters = [torch.tensor(v, requires_grad=True) for v in (alpha, means, q, below)]
    points = torch.from_numpy(points)

    # user: gmm
    def likelihood(alpha, means, q, below, points):
        scales, lower = torch.exp(q), torch.tril(below, -1)
        factors = lower + torch.diag_embed(scales)
        distances = ((points[None] - means[:, None]) @ factors.mT).square().sum(2)
        logs = alpha + q.sum(1) - 0.5 * distances.T
        prior = 0.5 * (scales.square().sum() + lower.square().sum())
        return torch.logsumexp(logs, 1).sum() - len(points) * torch.logsumexp(alpha, 0) + prior
    # end

    if how == "compile":
        likelihood = torch.compile(likelihood)
    result = {}

    def objective():
        with torch.no_grad():
            result["loss"] = likelihood(*parameters, points).item()

    # user: gmm
    def gradient():
        result["slope"] = torch.autograd.grad(likelihood(*parameters, points), parameters)[2][0, 0].item()
    # end

    return lambda steps: {"objective": inputs.median_seconds(steps, objective), "seconds": inputs.median_seconds(steps, gradient)} | result


# user: ode
def animals(parameters, observed):
    a, b, c, d = parameters

    def slope(x, y):
        both = x * y
        return a * x - b * both, d * both - c * y

    def moved(z, h, k):
        return z[0] + h * k[0], z[1] + h * k[1]

    h, loss, z = inputs.ODE_STEP, 0, (torch.tensor(1.0, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64))
    for x, y in observed:
        k1 = slope(*z)
        k2 = slope(*moved(z, h / 2, k1))
        k3 = slope(*moved(z, h / 2, k2))
        k4 = slope(*moved(z, h, k3))
        z = moved(z, h / 6, [p + 2 * (q + r) + s for p, q, r, s in zip(k1, k2, k3, k4)])
        loss = loss + (z[0] - x).square() + (z[1] - y).square()
    return loss
# end


# user: ode rows
def rows(parameters, observed):
    m, r = parameters
    slope = lambda z: z * F.linear(z, m, r)
    h, loss, z = inputs.ODE_STEP, 0, torch.ones(1, 2, dtype=torch.float64)
    for row in observed:
        k1 = slope(z)
        k2 = slope(z + h / 2 * k1)
        k3 = slope(z + h / 2 * k2)
        k4 = slope(z + h * k3)
        z = z + h / 6 * (k1 + 2 * (k2 + k3) + k4)
        loss = loss + (z - row).square().sum()
    return loss
# end


def fit(loss_of, initial, observed):
    def rounds(steps):
        result = {}
        # user: ode step
        parameters = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in initial]
        sgd = torch.optim.SGD(parameters, lr=inputs.ODE_RATE)

        def step():
            loss = loss_of(parameters, observed)
            result["loss"] = loss.item()
            sgd.zero_grad()
            loss.backward()
            sgd.step()
        # end

        return {"seconds": inputs.median_seconds(steps, step)} | result

    return rounds


def ode(how):
    return fit(animals, [1.2, 0.5, 0.9, 0.4], inputs.observed().tolist())


def ode_rows(how):
    return fit(rows, [[[0, -0.5], [0.4, 0]], [1.2, -0.9]], torch.from_numpy(inputs.observed()))


def tape(how):
    p, result = torch.tensor(0.4, dtype=torch.float64, requires_grad=True), {}

    def step():
        p.grad = None
        # user: tape
        x = p
        for _ in range(10):
            x = x.square() + x * 0.5
        x.backward()
        result["loss"] = p.grad.item()
        # end

    return lambda steps: {"seconds": inputs.median_seconds(steps, step)} | result


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]))
    np.seterr(all="ignore")
    inputs.serve(f"PyTorch {torch.__version__}", globals()[sys.argv[1]](sys.argv[3] if len(sys.argv) > 3 else "eager"))
