#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <string>

#include "recvae/presets.h"

using namespace recvae;

TEST_CASE("presets are valid and differ where the authors' branches do") {
  validate(preset("paper"));
  validate(preset("wsdm"));
  CHECK(preset("paper").layer_norm_eps == 0.1);
  CHECK(preset("wsdm").layer_norm_eps == 1e-5);
  CHECK(preset("wsdm").prior_init == "encoder");
  CHECK_THROWS_WITH_AS(preset("nope"), "preset: expected one of paper, wsdm, recbole, multvae, multdae, found 'nope'",
                       std::invalid_argument);
}

TEST_CASE("settings survive JSON; unknown keys are left alone") {
  Settings s;
  s.hidden_dimension = 7;
  s.gamma = 0.1 + 0.2;
  s.clip_grad_norm = 2.5;
  s.stopping_step = std::nullopt;
  s.metrics = {"map@3"};
  s.shuffle = false;
  const Settings back = settings_from_json(to_json(s));
  CHECK(back.hidden_dimension == 7);
  CHECK(back.gamma == s.gamma);
  CHECK(back.clip_grad_norm == 2.5);
  CHECK_FALSE(back.stopping_step);
  CHECK(back.metrics == s.metrics);
  CHECK_FALSE(back.shuffle);
  CHECK(settings_from_json("{\"else\": 1}").epochs == 50);
  CHECK_THROWS_AS(settings_from_json("[1]"), std::runtime_error);
  CHECK_THROWS_AS(settings_from_json("{\"epochs\": \"x\"}"), std::runtime_error);
}

TEST_CASE("settings from JSON are what they should be, in type and range, and do not nest") {
  const auto refused = [](const std::string& text) {
    try {
      settings_from_json(text);
    } catch (const std::runtime_error& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  CHECK(refused("{\"epochs\": 1.5}") == "settings: epochs: expected an integer, found '1.5'");
  CHECK(refused("{\"epochs\": 18446744073709551615}").starts_with("settings: epochs: expected a smaller"));
  for (const char* value : {"true", "1e30", "\"5\"", "null", "[5]", "{}"}) {
    CHECK(refused(std::string("{\"epochs\": ") + value + "}").starts_with("settings: epochs: expected"));
  }
  for (const char* member : {"\"gamma\": true", "\"gamma\": \"1\"", "\"shuffle\": 1", "\"topk\": [1, 2.5]",
                             "\"topk\": 5", "\"metrics\": [1]", "\"init\": 3", "\"clip_grad_norm\": \"none\""}) {
    CHECK(refused(std::string("{") + member + "}").find(": expected ") != std::string::npos);
  }
  CHECK(refused("{\"gamma\": 1, \"clip_grad_norm\": null, \"stopping_step\": 3}") == "accepted");
  CHECK(refused("{\"gamma\": NaN}") == "settings: not a JSON object");
  CHECK(refused("{\"gamma\": 1e999}") == "settings: not a JSON object");
  CHECK(refused("{\"topk\":" + std::string(80'000, '[')).starts_with("settings: expected values and lists"));
}

TEST_CASE("validate names the setting that makes no sense") {
  const auto refused = [](auto change) {
    Settings s;
    change(s);
    try {
      validate(s);
    } catch (const std::invalid_argument& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  CHECK(refused([](Settings& s) { s.hidden_dimension = 0; }) ==
        "hidden_dimension: expected a positive integer, found 0");
  CHECK(refused([](Settings& s) { s.latent_dimension = -1; }).starts_with("latent_dimension:"));
  CHECK(refused([](Settings& s) { s.dropout_prob = 1; }).starts_with("dropout_prob:"));
  CHECK(refused([&](Settings& s) { s.dropout_prob = nan; }).starts_with("dropout_prob:"));
  CHECK(refused([&](Settings& s) { s.learning_rate = inf; }).starts_with("learning_rate:"));
  CHECK(refused([](Settings& s) { s.learning_rate = -1; }).starts_with("learning_rate:"));
  CHECK(refused([](Settings& s) { s.mixture_weights = {0.5, 0.5, 0.5}; }).starts_with("mixture_weights:"));
  CHECK(refused([](Settings& s) { s.mixture_weights = {1.5, -0.5, 0}; }).starts_with("mixture_weights:"));
  CHECK(refused([](Settings& s) { s.mixture_weights = {1}; }).starts_with("mixture_weights:"));
  CHECK(refused([](Settings& s) { s.mixture_weights = {0.15, 0.75, 0.1000005}; }) == "accepted");
  CHECK(refused([](Settings& s) { s.init = "zeros"; }).starts_with("init:"));
  CHECK(refused([](Settings& s) { s.prior_update = "step"; }).starts_with("prior_update:"));
  CHECK(refused([](Settings& s) { s.valid_metric = "ndcg"; }).starts_with("valid_metric:"));
  CHECK(refused([](Settings& s) { s.clip_grad_norm = 0; }).starts_with("clip_grad_norm:"));
  CHECK(refused([](Settings& s) { s.epochs = 0; }).starts_with("epochs:"));
  for (const double eps : {-5.0, 0.0, nan, inf, 1e-300, 1e-40, 1e39}) {
    CHECK(refused([&](Settings& s) { s.layer_norm_eps = eps; }).starts_with("layer_norm_eps:"));
  }
  CHECK(refused([](Settings& s) {
          s.metrics.assign(11, "ndcg");
          for (std::int64_t k = 1; k <= 11'000; ++k) s.topk.push_back(k);
        }).starts_with("metrics: expected at most 1000"));
  CHECK(refused([](Settings& s) { s.topk.assign(200'000, 20); }) == "accepted");  // no metric is crossed with them
  CHECK(refused([](Settings& s) {
          s.metrics = {"ndcg"};
          s.topk.assign(200'000, 20);
        }).starts_with("metrics: expected at most 10000"));
  CHECK(refused([](Settings& s) { s.metrics.assign(20'000, "ndcg"); }).starts_with("metrics: expected at most 10000"));
  for (const std::int64_t k : {std::int64_t{0}, std::int64_t{-1}}) {
    CHECK(refused([&](Settings& s) { s.topk = {k}; }).starts_with("topk:"));
  }
}
