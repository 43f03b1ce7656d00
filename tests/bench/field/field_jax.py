#!/usr/bin/env python3
"""bench_field's programs in JAX, each jitted whole: field_jax.py PROGRAM THREADS. One thread: one core of the process."""
import os
import sys

THREADS = int(sys.argv[2])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])  # before JAX counts the cores

import jax
import jax.numpy as jnp

import inputs

jax.config.update("jax_enable_x64", sys.argv[1] != "mlp")


def mlp():
    # user: mlp
    def loss_of(layers, x, y):
        for weight, bias in layers[:-1]:
            x = jax.nn.relu(x @ weight.T + bias)
        logits = x @ layers[-1][0].T + layers[-1][1]
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean()

    def adam(p, g, m, v, t):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        return p - 1e-3 * (m / (1 - 0.9 ** t)) / (jnp.sqrt(v / (1 - 0.999 ** t)) + 1e-8), m, v

    def step(layers, ms, vs, t, x, y):
        loss, grads = jax.value_and_grad(loss_of)(layers, x, y)
        moved = jax.tree.map(lambda *a: adam(*a, t), layers, grads, ms, vs)
        return loss, *[jax.tree.map(lambda three: three[k], moved, is_leaf=lambda n: isinstance(n[0], jax.Array) and len(n) == 3) for k in range(3)]

    step = jax.jit(step, donate_argnums=(0, 1, 2))
    # end
    layers = jax.tree.map(jnp.asarray, inputs.network())
    state = {"weights": (layers, jax.tree.map(jnp.zeros_like, layers), jax.tree.map(jnp.zeros_like, layers)), "step": 0}
    batches = [(jnp.asarray(x), jnp.asarray(y.astype("int32"))) for x, y in inputs.pictures()]

    def one():
        loss, *state["weights"] = step(*state["weights"], state["step"] + 1.0, *batches[state["step"] % len(batches)])
        state["loss"] = loss.item()
        jax.block_until_ready(state["weights"])
        state["step"] += 1

    return lambda steps: {"seconds": inputs.median_seconds(steps, one), "loss": state["loss"]}


def gmm():
    parameters, points = jax.tree.map(jnp.asarray, inputs.mixture())

    # user: gmm
    @jax.jit
    def likelihood(parameters, points):
        alpha, means, q, below = parameters
        scales, lower = jnp.exp(q), jnp.tril(below, -1)
        factors = lower + jax.vmap(jnp.diag)(scales)
        distances = jnp.square((points[None] - means[:, None]) @ factors.mT).sum(2)
        logs = alpha + q.sum(1) - 0.5 * distances.T
        prior = 0.5 * (jnp.square(scales).sum() + jnp.square(lower).sum())
        return jax.nn.logsumexp(logs, 1).sum() - len(points) * jax.nn.logsumexp(alpha) + prior

    gradient = jax.jit(jax.grad(likelihood))
    # end
    result = {}

    def objective():
        result["loss"] = likelihood(parameters, points).item()

    def slopes():
        result["slope"] = jax.block_until_ready(gradient(parameters, points))[2][0, 0].item()

    return lambda steps: {"objective": inputs.median_seconds(steps, objective), "seconds": inputs.median_seconds(steps, slopes)} | result


def fit(slope, initial, z):
    observed = jnp.asarray(inputs.observed())

    # user: ode
    def loss_of(parameters):
        h = inputs.ODE_STEP

        def move(z, row):
            k1 = slope(parameters, z)
            k2 = slope(parameters, z + h / 2 * k1)
            k3 = slope(parameters, z + h / 2 * k2)
            k4 = slope(parameters, z + h * k3)
            z = z + h / 6 * (k1 + 2 * (k2 + k3) + k4)
            return z, jnp.square(z - row).sum()

        return jax.lax.scan(move, z, observed)[1].sum()

    @jax.jit
    def step(parameters):
        loss, grads = jax.value_and_grad(loss_of)(parameters)
        return loss, jax.tree.map(lambda p, g: p - inputs.ODE_RATE * g, parameters, grads)
    # end

    def rounds(steps):
        state = {"p": jax.tree.map(jnp.asarray, initial)}

        def one():
            loss, state["p"] = step(state["p"])
            state["loss"] = loss.item()
            jax.block_until_ready(state["p"])

        return {"seconds": inputs.median_seconds(steps, one), "loss": state["loss"]}

    return rounds


def ode():
    # user: ode
    def slope(parameters, z):
        a, b, c, d = parameters
        both = z[0] * z[1]
        return jnp.stack([a * z[0] - b * both, d * both - c * z[1]])
    # end

    return fit(slope, [1.2, 0.5, 0.9, 0.4], jnp.ones(2))


def tape():
    def many(p):
        # user: tape
        x = p
        for _ in range(10):
            x = jnp.square(x) + x * 0.5
        return x
        # end

    gradient, p, result = jax.jit(jax.grad(many)), jnp.asarray(0.4), {}

    def step():
        result["loss"] = gradient(p).item()

    return lambda steps: {"seconds": inputs.median_seconds(steps, step)} | result


if __name__ == "__main__":
    inputs.serve(f"JAX {jax.__version__}", globals()[sys.argv[1]]())
