// The loss and its gradients against float64 values of the authors' code, and of make_multvae.py: tests/golden/.
#include "../support/check_op.h"
#include "../support/sparse.h"
#include "recvae/recvae.h"

using test::distance;

namespace {

/// A golden file's model, inputs and expectations, in T.
template <class T>
struct Golden {
  ad::nn::SafetensorsReader file;
  recvae::RecVae<T> model;
  recvae::Encoder<T> old_encoder;
  ad::Tensor<T> rows, noise;
  recvae::Objective objective;
  double dropout;

  explicit Golden(const std::string& name) : file(std::string(RECVAE_GOLDEN) + "/" + name + ".safetensors") {
    const auto number = [&](const char* key) { return std::stod(file.metadata().at(key)); };
    const auto items = static_cast<ad::Index>(number("items")), hidden = static_cast<ad::Index>(number("hidden")),
               latent = static_cast<ad::Index>(number("latent"));
    const auto is = [&](const char* key, const std::string& value) {
      return file.metadata().count(key) && file.metadata().at(key) == value;
    };
    const recvae::EncoderKind kind = is("encoder", "multvae")   ? recvae::EncoderKind::multvae
                                     : is("encoder", "multdae") ? recvae::EncoderKind::multdae
                                                                : recvae::EncoderKind::recvae;
    model.encoder =
        recvae::Encoder<T>(items, hidden, latent, number("layer_norm_eps"), ad::nn::Init::torch, 1, 0, kind);
    using Linear = ad::nn::Linear<T>;
    if (is("decoder", "multvae"))
      model.decoder = {Linear(latent, hidden, 1), Linear(hidden, items, 1)};
    else
      model.decoder = Linear(latent, items, 1);
    old_encoder = model.encoder;
    ad::nn::read_parameters(file, model, "");
    if (file.contains("prior.encoder_old.fc1.weight")) ad::nn::read_parameters(file, old_encoder, "prior.encoder_old");
    if (is("prior", "standard")) objective.prior = recvae::Prior::standard;
    if (is("prior", "old_posterior")) objective.prior = recvae::Prior::old_posterior;
    rows = file.read<T>("input.x");
    noise = file.read<T>("input.noise");
    objective.gamma = file.metadata().count("gamma") ? number("gamma") : 0;
    objective.beta = file.metadata().count("beta") ? number("beta") : 0;
    dropout = number("dropout");
  }

  /// The rows divided by their norms; with a mask, only what it keeps, scaled.
  ad::Tensor<T> input() {
    ad::Tensor<T> x = normalised();
    if (!file.contains("input.mask")) return x;
    const ad::Tensor<T> mask = file.template read<T>("input.mask");
    for (ad::Index i = 0; i < x.size(); ++i) x.data()[i] *= mask.data()[i] / static_cast<T>(1 - dropout);
    return x;
  }

  ad::Tensor<T> normalised() {
    ad::Tensor<T> x = rows;
    for (ad::Index u = 0; u < x.rows(); ++u) {
      T squares = 0;
      for (ad::Index j = 0; j < x.cols(); ++j) squares += x(u, j) * x(u, j);
      for (ad::Index j = 0; j < x.cols(); ++j) x(u, j) /= std::sqrt(squares);
    }
    return x;
  }

  double error(const std::string& expected, ad::ConstMatrix<T> got) {
    const auto& info = file.tensors().at(expected);
    const ad::Tensor<double> b =
        file.template read<double>(expected, info.shape.size() == 1 ? ad::nn::Layout::vector : ad::nn::Layout::matrix);
    REQUIRE(b.size() == got.size());
    return distance(ad::Tensor<T>(got), b);
  }

  /// Every gradient of the file; returns how many there are.
  int check_gradients(ad::Tape<T>& tape, double tolerance) {
    int checked = 0;
    ad::nn::for_each_parameter(model, [&](const std::string& name, const ad::Parameter<T>& p, ad::nn::Layout layout) {
      CAPTURE(name);
      const ad::Gradient<T> g = tape.gradient(p);
      REQUIRE(static_cast<bool>(g) == file.contains("grad." + name));  // and no gradient that the phase does not need
      if (!g) return;
      const ad::Tensor<double> expected = file.template read<double>("grad." + name, layout);
      CHECK(distance(test::dense(g, p.value.rows(), p.value.cols()), expected) < tolerance);
      ++checked;
    });
    return checked;
  }
};

template <class T>
constexpr double kTolerance = sizeof(T) == 8 ? 1e-10 : 1e-5;

/// The loss as it is trained, on a golden file; also everything that the file expects of it.
template <class T>
void check_loss(const std::string& name, bool decoder_frozen, int gradients) {
  CAPTURE(name);
  Golden<T> golden(name);
  ad::nn::set_trainable(golden.model.decoder, !decoder_frozen);
  ad::Tape<T> tape;
  const test::Sparse<T> x(golden.rows), input(golden.input()), whole(golden.normalised());
  ad::ConstMatrix<T> old_mu, old_logvar;
  if (golden.objective.prior != recvae::Prior::standard) {
    const auto no_grad = tape.no_grad();
    const recvae::Posterior<T> old = golden.old_encoder(tape, whole.view());
    old_mu = old.mu.value();
    old_logvar = old.logvar.value();
  }
  const recvae::Loss<T> l = recvae::loss<T>(tape, golden.model, x.binary_view(), input.view(), golden.noise.view(),
                                            old_mu, old_logvar, golden.objective);
  const recvae::Posterior<T> q = golden.model.encoder(tape, input.view());
  CHECK(golden.error("expect.mu", q.mu.value()) < kTolerance<T>);
  ad::Var<T> z = q.mu;
  if (golden.file.contains("expect.logvar")) {
    CHECK(golden.error("expect.logvar", q.logvar.value()) < kTolerance<T>);
    z = ad::reparameterise(q.mu, q.logvar, ad::ConstMatrix<T>(golden.noise));
  }
  CHECK(golden.error("expect.z", z.value()) < kTolerance<T>);
  CHECK(golden.error("expect.logits", golden.model.decoder(z).value()) < kTolerance<T>);
  CHECK(golden.error("expect.mll", l.mll.value()) < kTolerance<T>);
  CHECK(golden.error("expect.kld", l.kld.value()) < kTolerance<T>);
  CHECK(golden.error("expect.loss", l.loss.value()) < kTolerance<T>);
  tape.backward(l.loss);
  CHECK(golden.check_gradients(tape, kTolerance<T>) == gradients);
}

}  // namespace

TEST_CASE_TEMPLATE("golden: both halves at once, gamma and beta", T, float, double) {
  check_loss<T>("golden_gamma", false, 26);
  check_loss<T>("golden_beta", false, 26);
}

TEST_CASE_TEMPLATE("golden: the encoder phase, with its dropout mask", T, float, double) {
  check_loss<T>("golden_encoder_phase", true, 24);
}

TEST_CASE_TEMPLATE("golden: Mult-VAE and Mult-DAE, with their dropout masks", T, float, double) {
  check_loss<T>("golden_multvae", false, 10);
  check_loss<T>("golden_multdae", false, 8);
}

TEST_CASE_TEMPLATE("golden: RecVAE with a divergence in closed form", T, float, double) {
  check_loss<T>("golden_standard", false, 26);
  check_loss<T>("golden_old_posterior", false, 26);
}

TEST_CASE_TEMPLATE("golden: the decoder phase", T, float, double) {
  Golden<T> golden("golden_decoder_phase");
  ad::nn::set_trainable(golden.model.encoder, false);
  ad::Tape<T> tape;
  const test::Sparse<T> x(golden.rows), input(golden.normalised());
  const recvae::Posterior<T> q = golden.model.encoder(tape, input.view());
  const ad::Var<T> z = ad::reparameterise(q.mu, q.logvar, ad::ConstMatrix<T>(golden.noise));
  const ad::Var<T> mll = recvae::mean_log_likelihood(golden.model, z, x.binary_view());
  CHECK(golden.error("expect.mu", q.mu.value()) < kTolerance<T>);
  CHECK(golden.error("expect.logvar", q.logvar.value()) < kTolerance<T>);
  CHECK(golden.error("expect.z", z.value()) < kTolerance<T>);
  CHECK(golden.error("expect.mll", mll.value()) < kTolerance<T>);
  tape.backward(-mll);
  CHECK(golden.check_gradients(tape, kTolerance<T>) == 2);

  // The terms that the phase leaves out, and the logits that it never forms, by the unfused ops.
  ad::Tape<T> other;
  const recvae::Posterior<T> old = golden.old_encoder(other, input.view());
  const recvae::Loss<T> l = recvae::loss<T>(other, golden.model, x.binary_view(), input.view(), golden.noise.view(),
                                            old.mu.value(), old.logvar.value(), golden.objective);
  CHECK(golden.error("expect.kld", l.kld.value()) < kTolerance<T>);
  CHECK(golden.error("expect.loss", l.loss.value()) < kTolerance<T>);
  const recvae::Posterior<T> q2 = golden.model.encoder(other, input.view());
  const ad::Var<T> z2 = ad::reparameterise(q2.mu, q2.logvar, ad::ConstMatrix<T>(golden.noise));
  CHECK(golden.error("expect.logits", golden.model.decoder(z2).value()) < kTolerance<T>);
}

TEST_CASE("gradcheck: the whole loss by every weight, double, with gamma and with beta") {
  for (const char* name : {"golden_gamma", "golden_beta"}) {
    Golden<double> golden(name);
    const test::Sparse<double> x(golden.rows), input(golden.input());
    ad::Tensor<double> old_mu, old_logvar;
    {
      ad::Tape<double> tape;
      const recvae::Posterior<double> old = golden.old_encoder(tape, input.view());
      old_mu = ad::Tensor<double>(old.mu.value());
      old_logvar = ad::Tensor<double>(old.logvar.value());
    }
    const auto value = [&](ad::Tape<double>& tape) {
      return recvae::loss<double>(tape, golden.model, x.binary_view(), input.view(), golden.noise.view(), old_mu.view(),
                                  old_logvar.view(), golden.objective)
          .loss;
    };
    ad::Tape<double> tape, probe;
    tape.backward(value(tape));
    double worst = 0, largest = 0;
    int weight = 0;
    ad::nn::for_each_parameter_unnamed(golden.model, [&](ad::Parameter<double>& p) {
      const ad::Tensor<double> g = test::dense(tape.gradient(p), p.value.rows(), p.value.cols());
      for (ad::Index i = 0; i < p.value.size(); i += 1 + (weight++ % 7)) {  // a good part of all elements
        const double before = p.value.data()[i], h = 1e-5;
        const auto at = [&](double v) {
          p.value.data()[i] = v;
          const auto no_grad = probe.no_grad();
          const double result = value(probe).value()(0, 0);
          probe.reset();
          return result;
        };
        const double n = (at(before + h) - at(before - h)) / (2 * h), a = g.data()[i];
        p.value.data()[i] = before;
        worst = std::max(worst, std::abs(a - n) / std::max({1.0, std::abs(a), std::abs(n)}));
        largest = std::max(largest, std::abs(a));
      }
    });
    CHECK(worst < 1e-6);
    CHECK(largest > 0.1);
  }
}
