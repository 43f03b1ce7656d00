// What a search found, as text: a record to go on from, and tables to read.
#pragma once

#include <string>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "search.h"

namespace recvae::tune {

/// A record as one line of JSON, without the line's end.
RECVAE_API std::string to_json(const Record& record);
/// Back, to the bit. Throws std::runtime_error for text that is none.
RECVAE_API Record record_from_json(const std::string& text);

/// "learning_rate:0.001, latent_dimension:64", as RecBole writes it.
RECVAE_API std::string describe_point(const Plan& plan, std::size_t point);
/// The same of a trial, with its seed, if that is a parameter.
RECVAE_API std::string describe_trial(const Plan& plan, std::size_t trial);

/// Tab-separated, a row per trial: `trial` from 1, a column per parameter and `seed` where it is one, the validation
/// metric under its own name, `status`, `best_epoch`, `epochs`, a column `test M` per metric of `metrics`, `seconds`.
/// Numbers have as many digits as tell them apart; what there is none of is empty.
RECVAE_API std::string trials_table(const Search& search, const std::vector<Metric>& metrics);

/// The same per point, best first, over its runs with each seed: parameters, the validation metric's mean under its own
/// name, `n`, `deviation`, and the tests' means and deviations.
RECVAE_API std::string settings_table(const Search& search, const std::vector<Metric>& metrics);

}  // namespace recvae::tune
