"""The settings of RecVAE: written by generate_settings.py of the library's own list; do not edit."""
from __future__ import annotations

from typing import Sequence


class Settings:
    """The constructor of RecVAE. Every argument is an option of ``recvae_train``, with its default."""

    def __init__(
        self,
        *,
        hidden_dimension: int = 600,
        latent_dimension: int = 200,
        dropout_prob: float = 0.5,
        beta: float = 0.2,
        total_anneal_steps: int = 0,
        gamma: float = 0.005,
        encoder: str = 'recvae',
        decoder: str = 'linear',
        prior: str = 'composite',
        mixture_weights: Sequence[float] = (0.15, 0.75, 0.1),
        epsilon_std: float = 1.0,
        layer_norm_eps: float = 0.1,
        init: str = 'torch',
        alternating: bool = True,
        n_enc_epochs: int = 3,
        n_dec_epochs: int = 1,
        decoder_dropout_prob: float = 0.0,
        implicit_slim: int = 0,
        implicit_slim_lambda: float = 50.0,
        implicit_slim_alpha: float = 1.0,
        implicit_slim_threshold: int | None = None,
        prior_update: str = 'epoch',
        prior_init: str = 'random',
        epochs: int = 50,
        train_batch_size: int = 500,
        eval_batch_size: int = 500,
        learning_rate: float = 0.0005,
        weight_decay: float = 0.0,
        clip_grad_norm: float | None = None,
        shuffle: bool = True,
        include_padding_user: bool = False,
        seed: int = 1337,
        stopping_step: int | None = None,
        eval_step: int = 1,
        valid_metric: str = 'ndcg@100',
        selection_ties: str = 'first',
        selection_decimals: int | None = None,
        metrics: Sequence[str] = ('ndcg@100', 'recall@20', 'recall@50'),
        topk: Sequence[int] = (20, 50, 100),
        recall_denominator: str | None = None,
        tail_ratio: float | None = None,
    ) -> None:
        """
        Parameters
        ----------
        hidden_dimension : int, default 600
            width of the encoder's hidden layers
        latent_dimension : int, default 200
            width of the latent code
        dropout_prob : float, default 0.5
            share of a user's items dropped in encoder passes, in [0, 1)
        beta : float, default 0.2
            KL weight of every user; used when gamma is 0
        total_anneal_steps : int, default 0
            steps in which beta would grow from 0 to 1, and stays at beta from there on; 0: at
            once
        gamma : float, default 0.005
            KL weight per interaction of a user; 0: use beta
        encoder : str, default 'recvae'
            recvae; multvae: one hidden layer of tanh; multdae: that, and a code of tanh without
            noise and KL
        decoder : str, default 'linear'
            linear; multvae: a hidden layer of tanh before it
        prior : str, default 'composite'
            composite, standard (normal), old_posterior; the latter two with the KL in closed
            form
        mixture_weights : Sequence[float], default (0.15, 0.75, 0.1)
            composite prior: standard normal, old posterior, wide normal
        epsilon_std : float, default 1.0
            standard deviation of the noise of z (RecBole: 0.01)
        layer_norm_eps : float, default 0.1
            epsilon of the layer norms (wsdm: 1e-5)
        init : str, default 'torch'
            fresh weights: torch, xavier_normal, xavier_uniform
        alternating : bool, default True
            false: one joint pass with dropout per epoch
        n_enc_epochs : int, default 3
            encoder passes per epoch
        n_dec_epochs : int, default 1
            decoder passes per epoch
        decoder_dropout_prob : float, default 0.0
            share of a user's items dropped in decoder passes, in [0, 1)
        implicit_slim : int, default 0
            at the first epoch, and then every so many, item embeddings are ImplicitSLIM's; 0:
            never
        implicit_slim_lambda : float, default 50.0
            of ImplicitSLIM: regularisation of the item-item weights, 1e-6 to 1e9
        implicit_slim_alpha : float, default 1.0
            of ImplicitSLIM: how freely it changes an embedding's size, 1e-6 to 1e9
        implicit_slim_threshold : int | None, default None
            of ImplicitSLIM: items with fewer users lend their embedding to nobody; none: as
            many as leave 85 % of all interactions
        prior_update : str, default 'epoch'
            the old posterior becomes the encoder's: epoch, never
        prior_init : str, default 'random'
            the old posterior before its first update: random, encoder
        epochs : int, default 50
            outer epochs, each of all encoder and decoder passes
        train_batch_size : int, default 500
            users per training step
        eval_batch_size : int, default 500
            accepted; changes nothing
        learning_rate : float, default 0.0005
            Adam's learning rate
        weight_decay : float, default 0.0
            L2, added to the gradient
        clip_grad_norm : float | None, default None
            largest joint norm of a step's gradients, or none
        shuffle : bool, default True
            false: users in ascending order
        include_padding_user : bool, default False
            a user without items is trained on, too, and counts in the means of a batch
            (RecBole: true)
        seed : int, default 1337
            seed of weights, order, dropout and noise
        stopping_step : int | None, default None
            stop after more than so many evaluations without improvement, or none
        eval_step : int, default 1
            epochs between evaluations
        valid_metric : str, default 'ndcg@100'
            metric that chooses the best epoch
        selection_ties : str, default 'first'
            which of equally good epochs is the best: first, last (RecBole: last)
        selection_decimals : int | None, default None
            decimals of valid_metric that count, or none: all (RecBole: 4)
        metrics : Sequence[str], default ('ndcg@100', 'recall@20', 'recall@50')
            metrics; one without its own cutoff is crossed with topk
        topk : Sequence[int], default (20, 50, 100)
            cutoffs
        recall_denominator : str | None, default None
            min(k, n) or all n of a user's targets; none: min under a strong split, else all
        tail_ratio : float | None, default None
            of tailpercentage: share of the items that are tail; above 1: their most users;
            none: 0.1
        """
        self.hidden_dimension = hidden_dimension
        self.latent_dimension = latent_dimension
        self.dropout_prob = dropout_prob
        self.beta = beta
        self.total_anneal_steps = total_anneal_steps
        self.gamma = gamma
        self.encoder = encoder
        self.decoder = decoder
        self.prior = prior
        self.mixture_weights = mixture_weights
        self.epsilon_std = epsilon_std
        self.layer_norm_eps = layer_norm_eps
        self.init = init
        self.alternating = alternating
        self.n_enc_epochs = n_enc_epochs
        self.n_dec_epochs = n_dec_epochs
        self.decoder_dropout_prob = decoder_dropout_prob
        self.implicit_slim = implicit_slim
        self.implicit_slim_lambda = implicit_slim_lambda
        self.implicit_slim_alpha = implicit_slim_alpha
        self.implicit_slim_threshold = implicit_slim_threshold
        self.prior_update = prior_update
        self.prior_init = prior_init
        self.epochs = epochs
        self.train_batch_size = train_batch_size
        self.eval_batch_size = eval_batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.clip_grad_norm = clip_grad_norm
        self.shuffle = shuffle
        self.include_padding_user = include_padding_user
        self.seed = seed
        self.stopping_step = stopping_step
        self.eval_step = eval_step
        self.valid_metric = valid_metric
        self.selection_ties = selection_ties
        self.selection_decimals = selection_decimals
        self.metrics = metrics
        self.topk = topk
        self.recall_denominator = recall_denominator
        self.tail_ratio = tail_ratio


NAMES = (
    "hidden_dimension",
    "latent_dimension",
    "dropout_prob",
    "beta",
    "total_anneal_steps",
    "gamma",
    "encoder",
    "decoder",
    "prior",
    "mixture_weights",
    "epsilon_std",
    "layer_norm_eps",
    "init",
    "alternating",
    "n_enc_epochs",
    "n_dec_epochs",
    "decoder_dropout_prob",
    "implicit_slim",
    "implicit_slim_lambda",
    "implicit_slim_alpha",
    "implicit_slim_threshold",
    "prior_update",
    "prior_init",
    "epochs",
    "train_batch_size",
    "eval_batch_size",
    "learning_rate",
    "weight_decay",
    "clip_grad_norm",
    "shuffle",
    "include_padding_user",
    "seed",
    "stopping_step",
    "eval_step",
    "valid_metric",
    "selection_ties",
    "selection_decimals",
    "metrics",
    "topk",
    "recall_denominator",
    "tail_ratio",
)
