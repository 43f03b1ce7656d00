// How results are printed.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "autodiff/blas.h"
#include "autodiff/parallel.h"
#include "recvae/metrics.h"

namespace recvae::tools {

/// "OpenBLAS 0.3.21 Cooperlake, 2 threads": what results and times depend on.
inline std::string engine() { return ad::blas::description() + ", " + std::to_string(ad::threads()) + " threads"; }

/// "ndcg@100:<TAB>0.4425" per metric, with `who` and a space before it if there is one.
inline void print_metrics(const std::vector<Metric>& metrics, const std::vector<double>& means,
                          const std::string& who = "") {
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    std::printf("%s%s%s:\t%.4f\n", who.c_str(), who.empty() ? "" : " ", metrics[m].label().c_str(), means[m]);
  }
  std::fflush(stdout);
}

}  // namespace recvae::tools
