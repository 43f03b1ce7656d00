"""What the Python programs beside bench_field share: its numbers, its rounds, its command line."""
import json
import statistics
import sys
import time

import numpy as np

BATCH, BATCHES, WIDTHS = 256, 16, (784, 512, 512, 10)
POINTS, DIMENSIONS, COMPONENTS = 1000, 10, 25
ODE_STEPS, ODE_STEP, ODE_RATE = 200, 0.05, 1e-7


def uniform(count, seed):
    """bench_field's draw on [0, 1), as doubles."""
    h = np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    h = (h ^ h >> 16) * np.uint32(0x7FEB352D)
    h = (h ^ h >> 15) * np.uint32(0x846CA68B)
    return (h ^ h >> 16) / 4294967296.0


def drawn(rows, cols, low, high, seed):
    return (low + (high - low) * uniform(rows * cols, seed)).reshape(rows, cols)


def network():
    """Weights and biases [out, in], [out], by layer."""
    layers, seed = [], 1
    for fan_in, out in zip(WIDTHS, WIDTHS[1:]):
        bound = fan_in ** -0.5
        layers.append((drawn(out, fan_in, -bound, bound, seed).astype(np.float32), drawn(1, out, -bound, bound, seed + 1)[0].astype(np.float32)))
        seed += 2
    return layers


def pictures():
    """Batches of pictures and of their labels."""
    x = drawn(BATCHES * BATCH, WIDTHS[0], 0, 1, 7).astype(np.float32)
    y = (10 * uniform(BATCHES * BATCH, 8)).astype(np.int64)
    return [(x[i:i + BATCH], y[i:i + BATCH]) for i in range(0, len(x), BATCH)]


def mixture():
    """alpha [k], means [k, d], q [k, d], what may lie below the diagonal [k, d, d]; the points [n, d]."""
    k, d = COMPONENTS, DIMENSIONS
    return (drawn(1, k, -1, 1, 1)[0], drawn(k, d, 0, 1, 2), drawn(k, d, -1, 1, 3), drawn(k * d, d, -1, 1, 4).reshape(k, d, d)), drawn(POINTS, d, 0, 1, 5)


def observed():
    return drawn(ODE_STEPS, 2, 0.5, 2, 6)


def median_seconds(steps, step):
    seconds = []
    for _ in range(steps):
        begin = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def serve(engine, rounds):
    """For each number of steps on standard input, a JSON object; `rounds` runs so many steps and gives it."""
    print(json.dumps({"engine": engine}), flush=True)
    for line in sys.stdin:
        print(json.dumps(rounds(int(line))), flush=True)
