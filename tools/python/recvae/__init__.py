"""RecVAE: recommendations from implicit feedback, trained and served by a C++ library.

>>> import recvae
>>> model = recvae.RecVAE(latent_dimension=64, epochs=20).fit(train)      # a sparse matrix, users x items
>>> ids, scores = model.recommend(0, train[0], N=10)
"""
from ._baselines import EASE, EDLAE, Blend, ItemKNN, Popularity
from ._data import Dataset, HeldOut, data_options, read
from ._evaluate import Comparison, Evaluation, compare, evaluate
from ._load import load
from ._native import DataError, Error, NotFittedError, set_threads, threads, version
from ._recvae import RecVAE
from ._recommender import Recommender

__all__ = [
    "EASE", "EDLAE", "Blend", "Comparison", "DataError", "Dataset", "Error", "Evaluation", "HeldOut", "ItemKNN",
    "NotFittedError", "Popularity", "RecVAE", "Recommender", "compare", "data_options", "evaluate", "load", "read",
    "set_threads", "threads", "version",
]
