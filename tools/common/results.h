// How results are printed and written.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "recvae/evaluate/bootstrap.h"
#include "recvae/serve/query.h"

namespace recvae::tools {

/// "OpenBLAS 0.3.21 Cooperlake, 2 threads": what results and times depend on; and where BLAS's kernels are slower than
/// the processor allows, that they are.
std::string engine();

/// "ndcg@100:<TAB>0.4425" per metric, with `who` and a space before it if there is one.
void print_metrics(const std::vector<Metric>& metrics, const std::vector<double>& means, const std::string& who = "");

/// What recvae_evaluate has to say; what was not asked for is empty.
struct Report {
  std::vector<double> means;
  std::vector<Interval> intervals;
  std::vector<double> compared_means;
  std::vector<Difference> differences;
};

/// As lines: of a metric its mean; then "interval ndcg@100:<TAB>low<TAB>high", "compared ndcg@100:<TAB>mean" and
/// "difference ndcg@100:<TAB>mean<TAB>low<TAB>high<TAB>p" where they are and are numbers.
void print_report(const std::vector<Metric>& metrics, const Report& report);

/// As one JSON object with 17 significant digits: {"ndcg@100": mean, ..., "intervals": {"ndcg@100": [low, high]},
/// "compared": {"ndcg@100": mean}, "differences": {"ndcg@100": {"mean": , "low": , "high": , "p": }}}.
void print_json(const std::vector<Metric>& metrics, const Report& report);

/// With 9 significant digits, from which the float can be read back.
std::string score_text(float score);

/// Does `work`, and then warns, once, of what it met that the catalogue does not know; also where `work` throws.
void with_complaint(const Catalogue& catalogue, const std::function<void()>& work);

/// Names by token, of a file of `token<TAB>name` lines; what follows another tab is left out. Throws DataError.
std::unordered_map<std::string, std::string> read_item_names(const std::string& path);

/// Throws DataError, "path: expected ...", where tab-separated lines cannot hold these tokens.
void require_no_tabs(const std::string& path, const std::vector<std::string>& tokens);

/// Throws DataError where `write_per_user` could not write into that folder, or an id of `data` not into that format.
void check_per_user(const std::string& path, const std::string& data, const std::vector<std::string>& user_tokens);

/// Tab-separated, a row per user: header `user` and the metrics; 17 significant digits, empty where a value is not
/// defined. A regular file is complete or not there; a pipe or a device is written to. Throws DataError where it cannot
/// be written.
void write_per_user(const std::string& path, const std::vector<std::string>& user_tokens,
                    const std::vector<Metric>& metrics, const Evaluation& evaluation);

}  // namespace recvae::tools
