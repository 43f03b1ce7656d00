#include "blas.h"

#include <cblas.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <string_view>

#include "level.h"

namespace ad::blas {
namespace {

// BLAS's thread count is process-wide: set on the first entry of any thread, restored on the last exit.
std::mutex session_mutex;
int sessions = 0;
int host_threads = 0;

// The serial flavour of OpenBLAS shares its packing buffers without a lock: two calls at once give wrong products.
std::mutex serial_flavour_mutex;
bool serial_flavour() {
  static const bool serial = openblas_get_parallel() == 0;
  return serial;
}

int blas_int(Index n) {
  if (n > std::numeric_limits<int>::max()) throw ShapeError("gemm: a size exceeds BLAS's 32-bit integers");
  return static_cast<int>(n);
}

void call(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha, const float* a, int lda,
          const float* b, int ldb, float beta, float* c, int ldc) {
  const kernels::FlushDenormals flush;
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void call(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha, const double* a, int lda,
          const double* b, int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/// Is the name of OpenBLAS's kernels one of these?
bool core_is_one_of(std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), openblas_get_corename()) != names.end();
}

/// OpenBLAS's small-matrix kernel for AVX-512 calls malloc where nothing is transposed and k is 32 or more.
bool small_products_allocate() {
  static const bool allocate = core_is_one_of({"SkylakeX", "Cooperlake", "SapphireRapids"});
  return allocate;
}

// Held by a call of the serial flavour, by no other.
std::unique_lock<std::mutex> one_at_a_time() {
  return serial_flavour() ? std::unique_lock(serial_flavour_mutex) : std::unique_lock<std::mutex>();
}

}  // namespace

Session::Session() {
  std::lock_guard lock(session_mutex);
  if (sessions++ == 0) {
    host_threads = openblas_get_num_threads();
    if (host_threads != 1) openblas_set_num_threads(1);
  }
}

Session::~Session() {
  std::lock_guard lock(session_mutex);
  if (--sessions == 0 && host_threads != 1) openblas_set_num_threads(host_threads);
}

template <class T>
void Session::gemm(Index m, Index n, Index k, T alpha, Operand<T> a, Operand<T> b, T beta, T* c, Index c_stride) const {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) c[i * c_stride + j] = beta == T(0) ? T(0) : beta * c[i * c_stride + j];
    }
    return;
  }
  // A training step must not allocate, so a product for which small_products_allocate() is summed from slices of k.
  constexpr Index kSmall = 1'000'000, kSlice = 31;
  if (!a.transposed && !b.transposed && k > kSlice && m * n * k <= kSmall && small_products_allocate()) {
    for (Index from = 0; from < k; from += kSlice) {
      gemm(m, n, std::min(kSlice, k - from), alpha, skip_cols(a, from), skip_rows(b, from), from == 0 ? beta : T(1), c,
           c_stride);
    }
    return;
  }
  // Some of its kernels (Zen's) are slow to clear C; adding to zeros is the same sum.
  if (beta == T(0)) {
    for (Index i = 0; i < m; ++i) std::fill_n(c + i * c_stride, n, T(0));
    beta = T(1);
  }
  const auto lock = one_at_a_time();
  call(a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans, blas_int(m), blas_int(n),
       blas_int(k), alpha, a.data, blas_int(a.stride), b.data, blas_int(b.stride), beta, c, blas_int(c_stride));
}

std::string description() {
  std::string config =
      openblas_get_config();  // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ... Cooperlake MAX_THREADS=64"
  const std::size_t version_end = config.find(' ', config.find(' ') + 1);
  return config.substr(0, version_end) + " " + openblas_get_corename();
}

bool kernels_are_narrower_than_processor() {
  // OpenBLAS's names of kernels for x86-64 with 256 and with 128 bits.
  const bool middle = core_is_one_of({"Haswell", "Zen", "Excavator", "Steamroller", "Piledriver", "Bulldozer"});
  const bool narrow =
      core_is_one_of({"Sandybridge", "Nehalem", "Dunnington", "Penryn", "Core2", "Prescott", "Northwood", "Katmai",
                      "Coppermine", "Banias", "Atom", "Nano", "Opteron", "Opteron(SSE3)", "Barcelona", "Bobcat"});
  const kernels::Level level = kernels::level();
  return (narrow && level >= kernels::Level::v3) || (middle && level == kernels::Level::v4);
}

template void Session::gemm(Index, Index, Index, float, Operand<float>, Operand<float>, float, float*, Index) const;
template void Session::gemm(Index, Index, Index, double, Operand<double>, Operand<double>, double, double*,
                            Index) const;

}  // namespace ad::blas
