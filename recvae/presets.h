// Settings that go together.
#pragma once

#include <string>

#include "../autodiff/kernels/api.h"
#include "settings.h"

namespace recvae {

/// - `paper`, the defaults: the authors' code (branch master) with the paper's settings;
/// - `wsdm`: the notebook that the paper's figures come from;
/// - `recbole`: RecBole 1.2.1's defaults and quirks for RecVAE, with its metrics and early stopping;
/// - `multvae`, `multdae`: the models of Liang et al. (WWW 2018), as their code trains them.
/// Throws data::UsageError that names these.
RECVAE_API Settings preset(const std::string& name);

/// Takes what says which model is trained, and by what loss, and leaves how that is done and measured: of `multvae` and
/// `recbole` comes what RecBole calls MultiVAE.
RECVAE_API void take_model(const Settings& from, Settings& to);

}  // namespace recvae
