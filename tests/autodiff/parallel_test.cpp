#include <atomic>
#include <thread>

#include "../support/check_op.h"

namespace {

struct Threads {
  explicit Threads(int n) { ad::set_threads(n); }
  ~Threads() { ad::set_threads(0); }
};

// Trains a small net by gradient descent on a tape of its own; returns its weights.
ad::Tensor<float> train(std::uint64_t seed) {
  ad::Parameter<float> w1(ad::Tensor<float>(60, 40)), b1(ad::Tensor<float>(1, 60)), w2(ad::Tensor<float>(1, 60)),
      b2(ad::Tensor<float>(1, 1));
  ad::Tensor<float> x(300, 40), y(300, 1);
  ad::fill_uniform<float>(w1.value, -0.2, 0.2, {.seed = seed});
  ad::fill_uniform<float>(w2.value, -0.2, 0.2, {.seed = seed, .stream = 1});
  ad::fill_uniform<float>(x, -1, 1, {.seed = seed, .stream = 2});
  ad::fill_uniform<float>(y, -1, 1, {.seed = seed, .stream = 3});
  ad::Tape<float> tape;
  for (int step = 0; step < 30; ++step) {
    const auto h = ad::tanh(ad::linear(tape.constant(x), tape.parameter(w1), tape.parameter(b1)));
    const auto error = ad::linear(h, tape.parameter(w2), tape.parameter(b2)) - tape.constant(y);
    tape.backward(ad::mean(ad::square(error)));
    for (auto* p : {&w1, &b1, &w2, &b2}) {
      const auto g = tape.gradient(*p);
      for (ad::Index i = 0; i < p->value.size(); ++i) p->value.data()[i] -= 0.1f * g.values.data[i];
    }
    tape.reset();
  }
  return w1.value;
}

}  // namespace

TEST_CASE("two threads with a tape each: the same bits as one after the other") {
  const Threads three(3);
  const ad::Tensor<float> expected[] = {train(1), train(2)};
  for (int round = 0; round < 3; ++round) {
    ad::Tensor<float> got[2];
    std::thread other([&] { got[1] = train(2); });
    got[0] = train(1);
    other.join();
    for (int k = 0; k < 2; ++k) CHECK(test::distance(got[k], expected[k]) == 0);
  }
}

TEST_CASE("tasks within tasks: every one runs once, workers are apart") {
  const Threads three(3);
  std::vector<int> counts(50 * 40);
  ad::parallel_for(50, [&](ad::Index i) {
    ad::parallel_for_workers(40, 2, [&](ad::Index j, ad::Index worker) {
      if (worker < 2) ++counts[static_cast<std::size_t>(i * 40 + j)];
    });
  });
  CHECK(std::all_of(counts.begin(), counts.end(), [](int n) { return n == 1; }));
}

TEST_CASE("a number of threads that no machine has is refused") {
  for (const int n : {-1, 4097, std::numeric_limits<int>::max()}) CHECK_THROWS_AS(ad::set_threads(n), ad::Error);
}

TEST_CASE("what a task throws arrives, and the threads are there for the next loop") {
  for (const int threads : {1, 3}) {
    const Threads set(threads);
    const auto loop = [](bool nested) {
      ad::parallel_for(100, [&](ad::Index i) {
        if (nested)
          ad::parallel_for(10, [&](ad::Index j) {
            if (i == 41 && j == 7) throw ad::Error("task 41");
          });
        if (!nested && i == 41) throw ad::Error("task 41");
      });
    };
    for (const bool nested : {false, true}) CHECK_THROWS_WITH_AS(loop(nested), "task 41", ad::Error);
    std::atomic<int> ran{0};
    ad::parallel_for(100, [&](ad::Index) { ++ran; });
    CHECK(ran == 100);
  }
}
