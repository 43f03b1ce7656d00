#include "../support/check_op.h"
#include "ablations.h"
#include "data/data.h"
#include "recvae/recvae.h"

using namespace recvae;
using ::test::distance;

namespace {

/// Users with rows of odd lengths over items of falling popularity; every 17th has none.
data::Csr random_interactions(std::int64_t users, std::int32_t items, std::uint64_t seed) {
  data::Csr m;
  m.cols = items;
  for (std::int64_t u = 0; u < users; ++u) {
    for (std::int32_t i = 0; i < items && u % 17 != 3; ++i) {
      const double r = ad::uniform({.seed = seed}, static_cast<std::uint64_t>(u * items + i));
      if (r < 0.5 / (1 + 0.05 * i) * (1 + static_cast<double>(u % 5)) / 3) m.items.own().push_back(i);
    }
    m.indptr.push_back(static_cast<std::int64_t>(m.items.size()));
  }
  return m;
}

Settings small_settings() {
  Settings s;
  s.hidden_dimension = 16;
  s.latent_dimension = 6;
  s.train_batch_size = 20;
  s.learning_rate = 1e-3;
  s.seed = 3;
  return s;
}

RecVae<float> make_model(const Settings& s, ad::Index items, std::uint64_t seed = 3) {
  return recvae::make_model(architecture(s), items, ad::nn::Init::torch, seed);
}

/// Reports and final weights of a whole run.
struct Trained {
  std::vector<EpochReport> reports;
  RecVae<float> model;
};
Trained run(const Settings& s, const data::Csr& data, std::int64_t epochs, std::uint64_t weights = 3) {
  Trained r{{}, make_model(s, data.cols, weights)};
  Trainer trainer(s, data, r.model, make_model(s, data.cols, weights + 1).encoder);
  while (static_cast<std::int64_t>(r.reports.size()) < epochs) {
    if (const auto report = trainer.step()) r.reports.push_back(*report);
  }
  return r;
}

double difference(const RecVae<float>& a, const RecVae<float>& b) {
  std::vector<const ad::Parameter<float>*> others;
  ad::nn::for_each_parameter_unnamed(b, [&](const ad::Parameter<float>& p) { others.push_back(&p); });
  std::size_t k = 0;
  double largest = 0;
  ad::nn::for_each_parameter_unnamed(
      a, [&](const ad::Parameter<float>& p) { largest = std::max(largest, distance(p.value, others[k++]->value)); });
  return largest;
}

struct Moments {
  double mean = 0, deviation = 0;
};
Moments moments(const std::vector<double>& x) {
  Moments m;
  for (double v : x) m.mean += v / static_cast<double>(x.size());
  for (double v : x) m.deviation += (v - m.mean) * (v - m.mean) / static_cast<double>(x.size() - 1);
  m.deviation = std::sqrt(m.deviation);
  return m;
}

}  // namespace

namespace {

/// Three epochs without chance on the users of golden/trajectory/, from init.safetensors of a folder of golden/, end
/// where final_float64.safetensors does, to the rounding of float.
void check_trajectory(const std::string& folder, Settings s) {
  const std::string golden = std::string(RECVAE_GOLDEN) + "/", dir = golden + folder;
  data::DataOptions options;
  options.path = golden + "trajectory";
  const data::Dataset data = data::load(options);
  LoadedModel start = load_model(dir + "/init.safetensors", Load::with_old_encoder);
  const LoadedModel init = load_model(dir + "/init.safetensors", Load::model),
                    final = load_model(dir + "/final_float64.safetensors", Load::model);
  s.train_batch_size = 16;
  s.dropout_prob = 0;
  s.epsilon_std = 0;
  s.shuffle = false;
  Trainer trainer(s, data.train, start.model, start.old_encoder ? *start.old_encoder : start.model.encoder);
  for (int epochs = 0; epochs < 3;) epochs += trainer.step().has_value();

  std::vector<const ad::Parameter<float>*> inits, finals;
  ad::nn::for_each_parameter_unnamed(init.model, [&](const ad::Parameter<float>& p) { inits.push_back(&p); });
  ad::nn::for_each_parameter_unnamed(final.model, [&](const ad::Parameter<float>& p) { finals.push_back(&p); });
  std::size_t k = 0;
  ad::nn::for_each_parameter(start.model, [&](const std::string& name, const ad::Parameter<float>& p) {
    CAPTURE(name);
    double error = 0, movement = 0;
    for (ad::Index i = 0; i < p.value.size(); ++i) {
      error += std::pow(static_cast<double>(p.value.data()[i]) - finals[k]->value.data()[i], 2);
      movement += std::pow(static_cast<double>(finals[k]->value.data()[i]) - inits[k]->value.data()[i], 2);
    }
    CHECK(std::sqrt(error / movement) < 5e-5);
    ++k;
  });
}

}  // namespace

TEST_CASE("trajectory: three outer epochs end where float64 does, to the rounding of float") {
  check_trajectory("trajectory", small_settings());
}

TEST_CASE("trajectory: three epochs of Mult-VAE, while beta grows and when it has grown") {
  Settings s = preset("multvae");
  s.total_anneal_steps = 40;  // beta is reached at step 8 of 15
  check_trajectory("trajectory_multvae", s);
}

TEST_CASE("the same bits for any number of threads; other bits for another seed") {
  const data::Csr data = random_interactions(150, 700, 1);  // three tiles of items
  std::vector<Settings> variants(2, small_settings());
  variants[1].alternating = false;
  for (const auto& ablation : recvae::test::kAblations) ablation.apply(variants.emplace_back(small_settings()));
  for (const Settings& s : variants) {
    CAPTURE(to_json(s));
    ad::set_threads(1);
    const Trained one = run(s, data, 2);
    for (int threads : {2, 4}) {
      ad::set_threads(threads);
      CHECK(difference(run(s, data, 2).model, one.model) == 0);
    }
    ad::set_threads(0);
    Settings other = s;
    other.seed = 4;
    CHECK(difference(run(other, data, 2).model, one.model) > 0);
  }
}

TEST_CASE(
    "alternation: encoder passes leave the decoder alone, decoder passes the encoder; the refresh comes between") {
  const data::Csr data = random_interactions(50, 90, 1);
  Settings s = small_settings();
  RecVae<float> model = make_model(s, data.cols);
  Trainer trainer(s, data, model, make_model(s, data.cols, 9).encoder);
  const auto distance_of = [](const auto& a, const auto& b) {
    return std::max(distance(a.weight.value, b.weight.value), distance(a.bias.value, b.bias.value));
  };
  std::vector<Trainer::Phase> phases;
  for (bool ended = false; !ended;) {
    const RecVae<float> before = model;
    const Trainer::Phase phase = trainer.state().phase;
    phases.push_back(phase);
    ended = trainer.step().has_value();
    CHECK((distance_of(model.decoder, before.decoder) > 0) == (phase == Trainer::Phase::decoder));
    CHECK((distance_of(model.encoder.fc1, before.encoder.fc1) > 0) == (phase == Trainer::Phase::encoder));
    CHECK((distance_of(model.encoder.fc_logvar, before.encoder.fc_logvar) > 0) == (phase == Trainer::Phase::encoder));
  }
  std::vector<Trainer::Phase> expected(9, Trainer::Phase::encoder);  // three passes of three batches
  expected.insert(expected.end(), 3, Trainer::Phase::refresh);
  expected.insert(expected.end(), 3, Trainer::Phase::decoder);
  CHECK(phases == expected);
  CHECK(trainer.state().epoch == 2);
}

TEST_CASE("the random half: dropout and noise have their size, in the passes that they belong to") {
  // At a vanishing learning rate a run's means differ by its masks, noise and order alone.
  const data::Csr data = random_interactions(200, 120, 2);
  Settings s = small_settings();
  s.learning_rate = 1e-12;
  const auto sample = [&](double dropout, double noise, auto of) {
    std::vector<double> x;
    s.dropout_prob = dropout;
    s.epsilon_std = noise;
    for (std::int64_t seed = 1; seed <= 24; ++seed) {
      s.seed = seed;
      x.push_back(of(run(s, data, 1, 3).reports[0]));
    }
    return moments(x);
  };
  const auto mll = [](const EpochReport& r) { return r.train_mll; };
  const auto decoder = [](const EpochReport& r) { return *r.decoder_mll; };

  // No dropout, no noise: nothing random is left but the order, which only rounds.
  CHECK(sample(0, 0, mll).deviation < 1e-4);
  // Dropout alone moves the encoder passes and never the decoder passes.
  CHECK(sample(0.5, 0, mll).deviation > 1e-3);
  CHECK(sample(0.5, 0, decoder).deviation < 1e-4);
  CHECK(sample(0.5, 0, decoder).mean == doctest::Approx(sample(0, 0, decoder).mean).epsilon(1e-6));
  // Noise alone moves both; each pass has noise of its own, so both deviate alike.
  const Moments noisy = sample(0, 1, mll), noisy_decoder = sample(0, 1, decoder);
  CHECK(noisy.deviation > 1e-3);
  CHECK(noisy_decoder.deviation / noisy.deviation == doctest::Approx(1).epsilon(0.7));
  CHECK(std::abs(noisy.mean - noisy_decoder.mean) < 3 * (noisy.deviation + noisy_decoder.deviation) / std::sqrt(24.0));

  // Against draws of the same kind made here, every user apart: one mask or one noise shared by a batch would deviate
  // by a factor of about the root of the batch.
  s.dropout_prob = 0.5;
  s.epsilon_std = 1;
  const RecVae<float> model = make_model(s, data.cols);
  Batch<float> batch(data);
  std::vector<std::int32_t> user{0};
  std::vector<double> reference;
  for (std::uint64_t pass = 0; pass < 60; ++pass) {
    double sum = 0;
    ad::Tape<float> tape;
    const auto no_grad = tape.no_grad();
    for (std::int32_t u = 0; u < data.rows(); ++u) {
      user[0] = u;
      batch.gather(user);
      const ad::RandomKey mask{.seed = 1000 + pass, .stream = 1, .step = static_cast<std::uint64_t>(u)},
          noise{.seed = 1000 + pass, .stream = 2, .step = static_cast<std::uint64_t>(u)};
      const auto q = model.encoder(tape, ad::dropout(tape, batch.normalised(), 0.5, mask));
      const auto z = ad::reparameterise(q.mu, q.logvar, 1.0, noise);
      sum += static_cast<double>(mean_log_likelihood(model, z, batch.x()).value()(0, 0));
      tape.reset();
    }
    reference.push_back(sum / static_cast<double>(data.rows()));
  }
  const Moments expected = moments(reference), got = sample(0.5, 1, mll);
  CHECK(std::abs(got.mean - expected.mean) < 4 * expected.deviation / std::sqrt(24.0));
  CHECK(got.deviation / expected.deviation > 0.5);
  CHECK(got.deviation / expected.deviation < 2);
}

TEST_CASE("the old posterior: of the whole row, of its own encoder until the first refresh, then of the encoder") {
  const data::Csr data = random_interactions(60, 80, 1);
  Settings s = small_settings();
  s.learning_rate = 1e-12;
  s.epsilon_std = 0;
  s.train_batch_size = 100;
  const RecVae<float> model = make_model(s, data.cols);
  // The loss of the whole data by hand: dropped rows go to the encoder, whole ones to the old encoder.
  const auto kld = [&](const Encoder<float>& old, double dropout, std::uint64_t step) {
    std::vector<std::int32_t> users(static_cast<std::size_t>(data.rows()));
    for (std::size_t u = 0; u < users.size(); ++u) users[u] = static_cast<std::int32_t>(u);
    Batch<float> batch(data);
    batch.gather(users);
    ad::Tape<float> tape;
    const auto no_grad = tape.no_grad();
    const auto q = old(tape, batch.normalised());
    const auto input = ad::dropout(tape, batch.normalised(), dropout,
                                   {.seed = static_cast<std::uint64_t>(s.seed), .stream = 1001, .step = step});
    const ad::Tensor<float> noise(data.rows(), s.latent_dimension);
    return static_cast<double>(
        loss<float>(tape, model, batch.x(), input, noise.view(), q.mu.value(), q.logvar.value(), {}).kld.value()(0, 0));
  };
  s.shuffle = false;
  s.n_enc_epochs = 1;
  for (const char* update : {"epoch", "never"}) {
    s.prior_update = update;
    RecVae<float> trained = model;
    const Encoder<float> old = make_model(s, data.cols, 9).encoder;
    Trainer trainer(s, data, trained, old);
    std::vector<EpochReport> reports;
    while (reports.size() < 2) {
      if (const auto r = trainer.step()) reports.push_back(*r);
    }
    CHECK(reports[0].train_kld == doctest::Approx(kld(old, s.dropout_prob, 0)).epsilon(1e-5));
    // A step each of encoder and decoder later: the third draw.
    const Encoder<float>& second = std::string(update) == "epoch" ? model.encoder : old;
    CHECK(reports[1].train_kld == doctest::Approx(kld(second, s.dropout_prob, 2)).epsilon(1e-5));
  }
}

TEST_CASE("joint training: one pass with both halves moving, no decoder figure") {
  const data::Csr data = random_interactions(50, 90, 1);
  Settings s = small_settings();
  s.alternating = false;
  const Trained r = run(s, data, 1);
  CHECK_FALSE(r.reports[0].decoder_mll);
  const RecVae<float> start = make_model(s, data.cols);
  CHECK(distance(r.model.decoder.weight.value, start.decoder.weight.value) > 0);
  CHECK(distance(r.model.encoder.fc1.weight.value, start.encoder.fc1.weight.value) > 0);
}

TEST_CASE("training learns, clipped or not; a diverging one says so") {
  const data::Csr data = random_interactions(150, 90, 1);
  Settings s = small_settings();
  s.learning_rate = 5e-3;
  for (const std::optional<double> clip : {std::optional<double>(), std::optional<double>(0.5)}) {
    s.clip_grad_norm = clip;
    const Trained r = run(s, data, 8);
    CHECK(r.reports.back().train_loss() < r.reports.front().train_loss() - 1);
    CHECK(r.reports.back().train_loss() == r.reports.back().train_kld - r.reports.back().train_mll);
  }
  s.clip_grad_norm = std::nullopt;
  s.learning_rate = 1e30;
  CHECK_THROWS_AS(run(s, data, 5), ad::Error);
}

TEST_CASE("users without interactions and batches larger than the data simply work") {
  data::Csr data = random_interactions(20, 30, 1);
  for (int empty = 0; empty < 5; ++empty) data.indptr.push_back(data.nnz());
  Settings s = small_settings();
  s.train_batch_size = 1000;
  const Trained r = run(s, data, 2);
  CHECK(std::isfinite(r.reports[1].train_loss()));
  CHECK_THROWS_AS(run(s, data::Csr{3, {0}, {}}, 1), ad::Error);
}
