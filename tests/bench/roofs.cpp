#include "roofs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

#include "autodiff/kernels/blas.h"
#include "autodiff/parallel.h"
#include "autodiff/random.h"
#include "bandwidth.h"

namespace recvae::bench {
namespace {

using ad::Index;

constexpr int kRuns = 4;
constexpr Index kPiece = Index{1} << 18;

/// Seconds of the fastest of some calls.
template <class F>
double fastest(const F& f) {
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    f();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = run == 0 ? seconds : std::min(best, seconds);
  }
  return best;
}

// Larger than any cache; and than what malloc keeps after it is freed, so that no later peak of memory has it in it.
constexpr Index kArray = Index{1} << 24;

double gemm_gflops(ad::Tensor<float>& a, ad::Tensor<float>& b, ad::Tensor<float>& c) {
  constexpr Index n = 2048;
  ad::fill_uniform<float>({a.data(), n, n}, -1, 1, {.stream = 1});
  ad::fill_uniform<float>({b.data(), n, n}, -1, 1, {.stream = 2});
  const ad::blas::Session blas;
  const Index tile = std::max<Index>(32, n / (4 * ad::threads()));  // as many tasks as the library's ops have
  const double seconds = fastest([&] {
    ad::parallel_chunks(n, tile, [&](Index begin, Index end) {
      blas.gemm<float>(end - begin, n, n, 1, {a.data() + begin * n, n}, {b.data(), n}, 0, c.data() + begin * n, n);
    });
  });
  return 2.0 * n * n * n / seconds / 1e9;
}

}  // namespace

Roofs Roofs::best(const Roofs& other) const {
  return {std::max(gemm_gflops, other.gemm_gflops), std::max(triad_gbs, other.triad_gbs),
          std::max(read_gbs, other.read_gbs)};
}

Roofs measure_roofs() {
  ad::Tensor<float> a(kArray, 1), b(kArray, 1), c(kArray, 1);
  Roofs roofs;
  roofs.gemm_gflops = gemm_gflops(a, b, c);
  b.fill(1);
  c.fill(2);
  roofs.triad_gbs = 16.0 * kArray / 1e9 / fastest([&] {
                      ad::parallel_chunks(kArray, kPiece, [&](Index begin, Index end) {
                        triad(a.data() + begin, b.data() + begin, c.data() + begin, 3, end - begin);
                      });
                    });
  std::atomic<float> sum = 0;  // of all that was read: so nothing is optimised away
  roofs.read_gbs = 8.0 * kArray / 1e9 / fastest([&] {
                     for (const ad::Tensor<float>* x : {&b, &c}) {
                       ad::parallel_chunks(kArray, kPiece, [&](Index begin, Index end) {
                         sum.fetch_add(read_all(x->data() + begin, end - begin), std::memory_order_relaxed);
                       });
                     }
                   });
  return roofs;
}

}  // namespace recvae::bench
