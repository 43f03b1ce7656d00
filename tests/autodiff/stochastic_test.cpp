#include "../support/check_op.h"
#include "../support/sparse.h"

using test::check_op;
using test::random_tensor;

TEST_CASE("dropout: gradients with its mask held") {
  check_op("dropout", [](auto&, auto in) { return ad::dropout(in[0], 0.4, ad::RandomKey{.seed = 3, .stream = 1}); },
           {random_tensor(5, 7, 0.5, 2, 1)});
  check_op("dropout", [](auto&, auto in) { return ad::scale(ad::dropout(in[0], 0.0, ad::RandomKey{}), 1.0); },
           {random_tensor(2, 3, 0.5, 2, 1)});
  ad::Tape<double> tape;
  CHECK_THROWS_AS(ad::dropout(tape.variable(ad::Tensor<double>(1, 1)), 1.0, ad::RandomKey{}), ad::Error);
  CHECK_THROWS_AS(ad::dropout(tape.variable(ad::Tensor<double>(1, 1)), -0.1, ad::RandomKey{}), ad::Error);
}

TEST_CASE("dropout: rate and scale, masks differ by step, stream and seed") {
  const ad::Index n = 200000;
  ad::Tape<float> tape;
  ad::Tensor<float> ones(1, n);
  ones.fill(1);
  const auto x = tape.constant(ones);
  const auto mask = [&](double p, ad::RandomKey key) { return ad::dropout(x, p, key).value(); };
  for (double p : {0.1, 0.5, 0.9}) {
    const auto m = mask(p, {.seed = 1});
    double kept = 0;
    for (ad::Index i = 0; i < n; ++i) {
      if (m.data[i] == 0) continue;
      CHECK(m.data[i] == static_cast<float>(1 / (1 - p)));
      ++kept;
    }
    CHECK(std::abs(kept / n - (1 - p)) < 4 * std::sqrt(p * (1 - p) / n));
  }
  // Two independent masks of rate a half agree in half of the places.
  const auto base = mask(0.5, {.seed = 1, .stream = 2, .step = 3});
  for (ad::RandomKey key : {ad::RandomKey{.seed = 2, .stream = 2, .step = 3},
                            {.seed = 1, .stream = 3, .step = 3},
                            {.seed = 1, .stream = 2, .step = 4}}) {
    const auto other = mask(0.5, key);
    double agree = 0;
    for (ad::Index i = 0; i < n; ++i) agree += base.data[i] == other.data[i];
    CHECK(std::abs(agree / n - 0.5) < 4 * 0.5 / std::sqrt(n));
  }
  const auto again = mask(0.5, {.seed = 1, .stream = 2, .step = 3});
  CHECK(std::equal(base.data, base.data + n, again.data));
}

TEST_CASE("dropout of sparse entries: the dropped left out, the others scaled, decided by position") {
  ad::Tensor<double> dense = random_tensor(40, 300, 1, 2, 1);
  for (ad::Index u = 0; u < 40; ++u) {
    for (ad::Index j = 0; j < 300; ++j) {
      if ((u + j) % 3) dense(u, j) = 0;
    }
  }
  for (ad::Index j = 0; j < 300; ++j) dense(7, j) = 0;  // an empty row
  const test::Sparse<double> x(dense);
  const ad::RandomKey key{.seed = 5, .stream = 6, .step = 7};
  ad::Tape<double> tape;
  const ad::CsrView<double> kept = ad::dropout(tape, x.view(), 0.25, key);
  ad::check(kept);
  CHECK(kept.row(7).empty());
  std::int64_t entries = 0;
  for (ad::Index u = 0; u < 40; ++u) {
    for (std::int64_t at = kept.indptr[u]; at < kept.indptr[u + 1]; ++at) {
      CHECK(kept.values[at] == doctest::Approx(dense(u, kept.indices[at]) / 0.75));
      CHECK(ad::uniform(key, static_cast<std::uint64_t>(u * 300 + kept.indices[at])) >= 0.25);
      ++entries;
    }
  }
  const double n = static_cast<double>(x.indices.size());
  CHECK(std::abs(static_cast<double>(entries) / n - 0.75) < 4 * std::sqrt(0.1875 / n));
  // A row's mask is its own: rows with the same columns keep different ones.
  const auto a = kept.row(0), b = kept.row(3);
  CHECK_FALSE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  CHECK(ad::dropout(tape, x.view(), 0.0, key).indices == x.view().indices);
}

TEST_CASE("reparameterise: gradients, errors") {
  const auto noise = random_tensor(3, 5, 0.5, 2, 3);
  const auto op = [&]<class T>(ad::Tape<T>&, std::span<const ad::Var<T>> in) {
    const ad::Tensor<T> e = test::convert<T>(noise);
    return ad::reparameterise(in[0], in[1], ad::ConstMatrix<T>(e));  // e dies here: the tape keeps a copy
  };
  const auto mu = random_tensor(3, 5, -2, 2, 1), logvar = random_tensor(3, 5, -1, 1, 2);
  check_op("reparameterise", op, {mu, logvar},
           {{mu, random_tensor(3, 4, 0, 1, 1)}, {random_tensor(2, 5, 0, 1, 1), random_tensor(2, 5, 0, 1, 1)}},
           test::Tasks::few);
  check_op("reparameterise",
           [](auto&, auto in) { return ad::reparameterise(in[0], in[1], 0.7, ad::RandomKey{.seed = 9}); },
           {mu, logvar});
  for (const double std : {0.0, 0.5}) {  // without noise, too: shapes and NaN count
    ad::Tape<double> tape;
    CHECK_THROWS_AS(ad::reparameterise(tape.constant(mu), tape.constant(ad::Tensor<double>(5, 7)), std, {}),
                    ad::ShapeError);
    ad::Tensor<double> broken = logvar;
    broken(1, 1) = std::nan("");
    const auto z = ad::reparameterise(tape.constant(mu), tape.constant(broken), std, {});
    CHECK(std::isnan(z.value()(1, 1)));
    CHECK((z.value()(1, 2) == mu(1, 2)) == (std == 0));
  }
}

TEST_CASE("normal noise: moments, tails, independence of rows, steps and streams") {
  const ad::Index rows = 500, cols = 200, n = rows * cols;
  ad::Tensor<float> e(rows, cols), other(rows, cols);
  ad::fill_normal(e.view(), 2.0, {.seed = 1, .stream = 1, .step = 1});
  const auto moments = [&](const ad::Tensor<float>& x) {
    std::array<double, 4> m{};
    for (ad::Index i = 0; i < n; ++i) {
      double power = 1;
      for (double& v : m) v += (power *= x.data()[i] / 2.0) / static_cast<double>(n);
    }
    return m;
  };
  const auto m = moments(e);
  const double se = 1 / std::sqrt(static_cast<double>(n));
  CHECK(std::abs(m[0]) < 4 * se);
  CHECK(std::abs(m[1] - 1) < 4 * std::sqrt(2.0) * se);
  CHECK(std::abs(m[2]) < 4 * std::sqrt(15.0) * se);
  CHECK(std::abs(m[3] - 3) < 4 * std::sqrt(96.0) * se);
  const auto correlation = [&](auto a, auto b, ad::Index count) {
    double sum = 0;
    for (ad::Index i = 0; i < count; ++i) sum += a(i) * b(i) / 4.0;
    return std::abs(sum) * std::sqrt(1.0 / static_cast<double>(count));
  };
  const auto flat = [](const ad::Tensor<float>& x) {
    return [&x](ad::Index i) { return static_cast<double>(x.data()[i]); };
  };
  for (ad::RandomKey key : {ad::RandomKey{.seed = 1, .stream = 1, .step = 2},
                            {.seed = 1, .stream = 2, .step = 1},
                            {.seed = 2, .stream = 1, .step = 1}}) {
    ad::fill_normal(other.view(), 2.0, key);
    CHECK(correlation(flat(e), flat(other), n) < 4);
  }
  CHECK(correlation(
            flat(e), [&](ad::Index i) { return static_cast<double>(e.data()[(i + cols) % n]); }, n) < 4);  // rows
  CHECK(correlation(
            flat(e), [&](ad::Index i) { return static_cast<double>(e.data()[(i + 1) % n]); }, n) < 4);  // dimensions
}

TEST_CASE("Philox gives the published numbers") {
  // Known answers of Random123: counter and key all zero, and all ones.
  const auto zero = ad::philox(ad::RandomKey{}, 0);
  CHECK(zero == std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const auto ones = ad::philox(ad::RandomKey{~0ull, ~0u, 0xffffffff}, ~0ull);
  CHECK(ones == std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  // All bits of a step count, those beyond the counter's place too, alone and many at a time.
  const ad::RandomKey low{.seed = 1, .step = 5}, high{.seed = 1, .step = 5 + (std::uint64_t{1} << 32)};
  CHECK(ad::philox(low, 0) != ad::philox(high, 0));
  std::uint32_t words[4];
  ad::kernels::loops<float>().words(high, 0, 4, words);
  for (std::size_t k = 0; k < 4; ++k) CHECK(words[k] == ad::philox(high, 0)[k]);
}
