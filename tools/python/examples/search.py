"""A random search over settings with scikit-learn's ParameterSampler.

  python search.py ratings.csv [--tries 8] [--epochs 20]

Every try is trained on the training users and judged on validation; the best one is tested once, at the end.
"""
import argparse

import recvae
from sklearn.base import clone
from sklearn.model_selection import ParameterSampler

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("ratings")
parser.add_argument("--tries", type=int, default=8)
parser.add_argument("--epochs", type=int, default=20)
options = parser.parse_args()

data = recvae.read(options.ratings, split="strong")
space = {"learning_rate": [1e-3, 5e-4], "gamma": [0.0035, 0.005, 0.01], "latent_dimension": [64, 128, 200],
         "dropout_prob": [0.3, 0.5, 0.7]}
base = recvae.RecVAE(epochs=options.epochs, stopping_step=4)

best = None
for settings in ParameterSampler(space, options.tries, random_state=1):
    model = clone(base).set_params(**settings)
    try:
        model.fit(data, progress=False)
    except recvae.Error as error:  # it diverged
        print(f"{model}: {error}")
        continue
    print(f"{model}: {model.best_score_:.4f} after epoch {model.best_epoch_}")
    if best is None or model.best_score_ > best.best_score_:
        best = model

assert best is not None, "every try diverged"
print(f"best: {best}")
tested = recvae.evaluate(best, *data.test, bootstrap=1000)
for name, value in tested.items():
    low, high = tested.intervals[name]
    print(f"{name}: {value:.4f} ({low:.4f} to {high:.4f})")
