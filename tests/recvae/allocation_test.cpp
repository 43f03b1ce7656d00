// After the first epoch no training step allocates, on any thread. The counters replace the C library's functions for
// the whole process, OpenBLAS and TBB included; operator new ends in malloc or aligned_alloc.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "ablations.h"
#include "autodiff/parallel.h"
#include "autodiff/random.h"
#include "recvae/recvae.h"

namespace {
std::atomic<long> allocations{0};
}

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* p, std::size_t size) {
  ++allocations;
  return __libc_realloc(p, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocations;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** p, std::size_t alignment, std::size_t size) {
  ++allocations;
  *p = __libc_memalign(alignment, size);
  return *p ? 0 : ENOMEM;
}
void* mmap(void* address, std::size_t length, int protection, int flags, int file, off_t offset) noexcept {
  ++allocations;
  return reinterpret_cast<void*>(syscall(SYS_mmap, address, length, protection, flags, file, offset));
}
}

using namespace recvae;

TEST_CASE("the counters see operator new, malloc, aligned memory and mmap") {
  const auto counts = [](auto allocate) {
    const long before = allocations;
    allocate();
    return allocations - before;
  };
  CHECK(counts([] { ::operator delete(::operator new(8)); }) == 1);  // a call by name is never removed
  void* volatile kept;                                               // a compiler may remove a pair that nothing sees
  CHECK(counts([&] { kept = std::malloc(10); }) == 1);
  std::free(kept);
  CHECK(counts([] { ad::Tensor<float> t(3, 3); }) == 1);
  CHECK(counts([] { munmap(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096); }) == 1);
}

TEST_CASE("no training step of a later epoch allocates: shuffled, partial last batch, rows of very different lengths") {
  data::Csr data;
  data.cols = 900;
  for (std::int64_t u = 0; u < 130; ++u) {
    const double share = u % 10 == 0 ? 0.5 : 0.02;  // one heavy user in ten: batches differ much
    for (std::int32_t i = 0; i < data.cols; ++i) {
      if (ad::uniform({.seed = 5}, static_cast<std::uint64_t>(u * data.cols + i)) < share) data.items.own().push_back(i);
    }
    data.indptr.push_back(static_cast<std::int64_t>(data.items.size()));
  }
  std::vector<Settings> variants(2);
  variants[1].alternating = false;
  for (const auto& ablation : test::kAblations) ablation.apply(variants.emplace_back());
  for (Settings& s : variants) {
    for (const int threads : {1, 3}) {
      for (const std::int64_t hidden : {40, 200}) {  // below and above the sizes that OpenBLAS calls small
        CAPTURE(to_json(s));
        ad::set_threads(threads);
        s.hidden_dimension = hidden;
        s.latent_dimension = hidden / 2;
        s.train_batch_size = 20;
        RecVae<float> model = make_model(architecture(s), data.cols, ad::nn::Init::torch, 1);
        Trainer trainer(s, data, model, model.encoder);
        while (!trainer.step()) {
        }
        const long before = allocations;
        for (int epochs = 0; epochs < 5;) epochs += trainer.step().has_value();
        CHECK(allocations - before == 0);
      }
    }
  }
  ad::set_threads(0);
}
