#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

#include "../support/temp_dir.h"
#include "recvae/model_file.h"

using namespace recvae;

namespace {

RecVae<float> small_model(ad::Index items, std::uint64_t seed) {
  return {Encoder<float>(items, 6, 3, 0.25, ad::nn::Init::torch, seed, 0), ad::nn::Linear<float>(3, items, {seed, 16})};
}

std::vector<std::string> tokens(ad::Index n, const std::string& prefix = "item \"") {
  std::vector<std::string> t;
  for (ad::Index i = 0; i < n; ++i) t.push_back(prefix + std::to_string(i));
  return t;
}

bool equal(const ad::Tensor<float>& a, const ad::Tensor<float>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && std::equal(a.data(), a.data() + a.size(), b.data());
}

std::string error_of(const std::string& path, Load what = Load::model) {
  try {
    load_model(path, what);
  } catch (const ad::Error& e) {
    return e.what();
  }
  return "no error";
}

/// A model file's tensors, to be changed and written again.
struct Parts {
  RecVae<float> model = small_model(9, 1);
  ad::Tensor<float> constant{1, 3}, surplus{1, 1};
  std::vector<ad::nn::NamedTensor<float>> list;

  Parts() {
    ad::nn::append_parameters(list, model.encoder, "encoder");
    ad::nn::append_parameters(list, model.encoder, "prior.encoder_old");
    ad::nn::append_parameters(list, model.decoder, "decoder");
  }
  std::string write(const test::TempDir& dir, const ad::nn::Metadata& metadata = {}) const {
    ad::nn::write_safetensors(dir.path("m"), list, metadata);
    return dir.path("m");
  }
};

}  // namespace

TEST_CASE("a model is written and read back whole, its eps from its settings") {
  const test::TempDir dir;
  const RecVae<float> model = small_model(9, 1);
  const Encoder<float> old = small_model(9, 2).encoder;
  Settings settings;
  settings.layer_norm_eps = 0.25;
  const std::string json = to_json(settings), hash = "a1b2";
  const std::vector<std::string> names = tokens(9);
  const ModelMetadata metadata{json, names, hash};
  save_model(dir.path("m"), model, old, metadata);
  const LoadedModel loaded = load_model(dir.path("m"), Load::with_old_encoder);
  CHECK(equal(loaded.model.encoder.fc1.weight.value, model.encoder.fc1.weight.value));
  CHECK(equal(loaded.model.decoder.bias.value, model.decoder.bias.value));
  CHECK(equal(loaded.old_encoder->fc1.weight.value, old.fc1.weight.value));
  CHECK(loaded.item_tokens == tokens(9));
  CHECK(loaded.trained_on == "a1b2");
  CHECK(loaded.model.encoder.ln3.eps == 0.25);
  CHECK(settings_from_json(loaded.settings).layer_norm_eps == 0.25);
  CHECK_FALSE(load_model(dir.path("m"), Load::model).old_encoder);

  save_old_encoder(dir.path("old"), old);
  ad::nn::SafetensorsReader on_disk(dir.path("old"));
  std::filesystem::remove(dir.path("old"));  // as training does: the open file is enough, each time
  for (const char* name : {"n", "n"}) {
    save_model(dir.path(name), model, on_disk, metadata);
    CHECK(test::read_file(dir.path(name)) == test::read_file(dir.path("m")));
  }

  ad::nn::SafetensorsReader file(dir.path("m"));
  CHECK(file.tensors().size() == 24 + 24 + 2 + 3);
  CHECK(file.read<float>("prior.logvar_uniform_prior")(0, 2) == 10);
  CHECK(file.read<float>("prior.mu_prior")(0, 2) == 0);
  CHECK(file.metadata().at("format") == "recvae 1");
}

TEST_CASE("weights without metadata or constants are taken; what is missing, surplus or misshapen is named") {
  const test::TempDir dir;
  Parts parts;
  const LoadedModel plain = load_model(parts.write(dir), Load::model, 1e-5);
  CHECK(plain.item_tokens.empty());
  CHECK(plain.settings.empty());
  CHECK(plain.model.encoder.ln1.eps == 1e-5);
  {
    Parts p;
    p.list.push_back({"prior.mu_prior", p.constant.view()});
    CHECK(error_of(p.write(dir)) == "no error");
  }
  {
    Parts p;
    p.list.push_back({"surplus", p.surplus.view()});
    CHECK(error_of(p.write(dir)).ends_with("surplus tensor surplus"));
  }
  {
    Parts p;
    p.list.push_back({"encoder.fc6.bias", p.surplus.view()});
    CHECK(error_of(p.write(dir)).find("surplus tensor") != std::string::npos);
  }
  {
    Parts p;
    std::erase_if(p.list, [](const auto& t) { return t.name == "encoder.ln4.bias"; });
    CHECK(error_of(p.write(dir)).find("tensor encoder.ln4.bias is missing") != std::string::npos);
  }
  {
    Parts p;
    for (auto& t : p.list) {
      if (t.name == "encoder.fc_mu.bias") t.value = p.surplus.view();
    }
    CHECK(error_of(p.write(dir)).find("tensor encoder.fc_mu.bias: expected [3], found [1]") != std::string::npos);
  }
  {
    Parts p;  // no old encoder: fine to start from, not a whole model
    std::erase_if(p.list, [](const auto& t) { return t.name.starts_with("prior."); });
    CHECK(error_of(p.write(dir)).find("prior.encoder_old.fc1.weight is missing") != std::string::npos);
    CHECK(error_of(p.write(dir), Load::with_old_encoder) == "no error");
  }
  {
    Parts p;
    p.model.encoder.ln2.bias.value(0, 1) = std::numeric_limits<float>::quiet_NaN();
    CHECK(error_of(p.write(dir)).find("encoder.ln2.bias has a value that is not a finite number") != std::string::npos);
  }
  CHECK(error_of(parts.write(dir, {{"format", "recvae 2"}}))
            .find("expected 'recvae 1' or 'recvae serving 1', found 'recvae 2'") != std::string::npos);
  CHECK(
      error_of(parts.write(dir, {{"item_tokens", "[\"a\"]"}})).find("item_tokens: expected a JSON list of 9 strings") !=
      std::string::npos);
  CHECK(error_of(parts.write(dir, {{"settings", "{\"epochs\": \"x\"}"}})).find("epochs: expected") !=
        std::string::npos);
  CHECK(error_of(std::string(RECVAE_GOLDEN) + "/golden_gamma.safetensors").find("surplus tensor") != std::string::npos);
}

TEST_CASE("a file for serving: no old encoder, half precision if asked for; only there may that be") {
  const test::TempDir dir;
  Parts parts;
  LoadedModel whole{parts.model, {}, tokens(9), R"({"layer_norm_eps":0.25})", "a1b2"};
  for (const auto precision : {ad::nn::Precision::full, ad::nn::Precision::half}) {
    save_for_serving(dir.path("s"), whole, precision);
    for (const Load what : {Load::model, Load::with_old_encoder}) {
      const LoadedModel loaded = load_model(dir.path("s"), what);
      CHECK_FALSE(loaded.old_encoder);
      CHECK(loaded.item_tokens == tokens(9));
      CHECK(loaded.trained_on == "a1b2");
      CHECK(loaded.settings == whole.settings);
      CHECK(loaded.model.encoder.ln1.eps == 0.25);
      for (ad::Index i = 0; i < 9 * 6; ++i) {
        const float before = whole.model.encoder.fc1.weight.value.data()[i];
        REQUIRE(std::abs(loaded.model.encoder.fc1.weight.value.data()[i] - before) <=
                (precision == ad::nn::Precision::full ? 0 : std::abs(before) / 2048 + 1e-7f));
      }
      CHECK(ad::nn::SafetensorsReader(dir.path("s")).tensors().size() == 24 + 2);
    }
  }
  // An older version, which would misread it, does not: its format is another.
  ad::nn::SafetensorsReader half(dir.path("s"));
  CHECK(half.metadata().at("format") == "recvae serving 1");

  const auto write = [&](const char* format, ad::nn::Precision precision) {
    ad::nn::write_safetensors(dir.path("m"), parts.list, {{"format", format}}, precision);
    return error_of(dir.path("m"));
  };
  CHECK(write("recvae 1", ad::nn::Precision::half)
            .ends_with("tensor encoder.fc1.weight: expected F32 or F64, found F16"));
  CHECK(write("recvae serving 1", ad::nn::Precision::half).ends_with("surplus tensors: expected 26, found 50"));
  std::erase_if(parts.list, [](const auto& t) { return t.name.starts_with("prior."); });
  CHECK(write("recvae serving 1", ad::nn::Precision::half) == "no error");
  CHECK(write("recvae serving 1", ad::nn::Precision::full) == "no error");
  CHECK(write("recvae 1", ad::nn::Precision::full)
            .ends_with("prior.encoder_old.fc1.weight is missing: not a RecVAE model"));
  parts.list.push_back({"prior.mu_prior", parts.constant.view()});
  CHECK(write("recvae serving 1", ad::nn::Precision::full).ends_with("surplus tensors: expected 26, found 27"));
  parts.list.erase(parts.list.end() - 3, parts.list.end());
  CHECK(write("recvae serving 1", ad::nn::Precision::full).ends_with("decoder.weight is missing: not a RecVAE model"));

  whole.settings.clear();  // weights from elsewhere: what they need is said
  whole.item_tokens.clear();
  save_for_serving(dir.path("s"), whole);
  CHECK(load_model(dir.path("s"), Load::model).model.encoder.ln1.eps == 0.25);
  CHECK(load_model(dir.path("s"), Load::model).item_tokens.empty());
  whole.model.decoder.bias.value.data()[2] = std::numeric_limits<float>::infinity();
  save_for_serving(dir.path("s"), whole);
  CHECK(error_of(dir.path("s")).ends_with("tensor decoder.bias has a value that is not a finite number"));
  CHECK_THROWS_AS(save_for_serving(dir.path("h"), whole, ad::nn::Precision::half), ad::Error);
}

TEST_CASE("metadata that no model has are refused by a line that names the file") {
  const test::TempDir dir;
  const Parts parts;
  const auto message = [&](const ad::nn::Metadata& metadata) {
    const std::string error = error_of(parts.write(dir, metadata)), path = dir.path("m") + ": ";
    CHECK(error.starts_with(path));
    return error.substr(std::min(path.size(), error.size()));
  };
  const auto with_token = [](const std::string& token) {
    return "[\"" + token + "\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]";
  };
  CHECK(error_of(parts.write(dir, {{"item_tokens", with_token("a")}})) == "no error");
  for (const char* token : {"a\\tb", "a\\nb", "\\u0000", "\\u007f", "", "b"}) {
    CHECK(message({{"item_tokens", with_token(token)}}).starts_with("item_tokens: expected different names without"));
  }
  CHECK(message({{"item_tokens", with_token("i")}}).ends_with("found 'i' twice"));
  for (const std::string& text : {std::string("{}"), std::string("\"a\""), std::string("[1]"), std::string(80'000, '['),
                                  with_token("a") + "x", with_token("a\",\"z"), std::string("null"), std::string()}) {
    CHECK(message({{"item_tokens", text}}) == "item_tokens: expected a JSON list of 9 strings");
  }
  CHECK(message({{"settings", "{\"layer_norm_eps\": -5}"}}) ==
        "layer_norm_eps: expected a positive finite number, also as a float (from 1.2e-38 on)");
  CHECK(message({{"settings", "{\"epochs\": 0}"}}).starts_with("epochs: expected a positive integer"));
  CHECK(message({{"settings", ""}}) == "settings: not a JSON object");
  CHECK(message({{"settings", std::string(80'000, '[')}}).starts_with("settings: expected values"));
  CHECK_THROWS_AS(load_model(parts.write(dir), Load::model, -5), ad::Error);
  for (const std::vector<std::string>& bad : {std::vector<std::string>{"a\tb"}, {""}, {"\xff"}}) {
    CHECK_THROWS_AS(check_item_tokens("f", bad), ad::Error);
    CHECK_THROWS_AS(save_model(dir.path("n"), small_model(1, 1), small_model(1, 1).encoder, {"{}", bad, ""}),
                    ad::Error);
  }
  CHECK_FALSE(std::filesystem::exists(dir.path("n")));
}

TEST_CASE("taking over: rows follow their tokens, new items keep their draw, all else is copied") {
  const test::TempDir dir;
  const RecVae<float> before = small_model(4, 1);
  const Encoder<float> before_old = small_model(4, 2).encoder;
  save_model(dir.path("m"), before, before_old, {to_json({}), {"a", "b", "c", "d"}, ""});
  const LoadedModel loaded = load_model(dir.path("m"), Load::with_old_encoder);
  RecVae<float> to = small_model(3, 3);
  std::optional<Encoder<float>> to_old = small_model(3, 4).encoder;
  const float fresh = to.encoder.fc1.weight.value(1, 0);
  const ItemMapping m = take_over(loaded, to, to_old, {"d", "new", "a"});
  CHECK(m.kept == 2);
  CHECK(m.fresh == 1);
  CHECK(m.dropped == 2);
  for (ad::Index h = 0; h < 6; ++h) {
    CHECK(to.encoder.fc1.weight.value(0, h) == before.encoder.fc1.weight.value(3, h));
    CHECK(to.encoder.fc1.weight.value(2, h) == before.encoder.fc1.weight.value(0, h));
    CHECK(to_old->fc1.weight.value(2, h) == before_old.fc1.weight.value(0, h));
  }
  CHECK(to.encoder.fc1.weight.value(1, 0) == fresh);
  CHECK(to.decoder.bias.value(0, 0) == before.decoder.bias.value(0, 3));
  CHECK(to.decoder.weight.value(2, 1) == before.decoder.weight.value(0, 1));
  CHECK(equal(to.encoder.fc5.weight.value, before.encoder.fc5.weight.value));
  CHECK(equal(to_old->ln2.bias.value, before_old.ln2.bias.value));

  RecVae<float> wide{Encoder<float>(4, 7, 3, 0.1, ad::nn::Init::torch, 1, 0), ad::nn::Linear<float>(3, 4, 1)};
  std::optional<Encoder<float>> wide_old = wide.encoder;
  CHECK_THROWS_AS(take_over(loaded, wide, wide_old, {"a", "b", "c", "d"}), ad::Error);
  LoadedModel nameless = load_model(dir.path("m"), Load::with_old_encoder);
  nameless.item_tokens.clear();
  CHECK_THROWS_AS(take_over(nameless, to, to_old, {"d", "new", "a"}), ad::Error);
}

TEST_CASE("items in another order: every row goes with its token, of the old encoder too; other items are refused") {
  const RecVae<float> model = small_model(4, 1);
  const Encoder<float> old = small_model(4, 2).encoder;
  LoadedModel loaded{model, old, {"a", "b", "c", "d"}, {}, {}};
  CHECK_FALSE(reorder_items(loaded, {"d", "a", "c", "e"}));
  CHECK_FALSE(reorder_items(loaded, {"d", "a", "c"}));
  CHECK(reorder_items(loaded, {"a", "b", "c", "d"}));
  CHECK(equal(loaded.model.decoder.weight.value, model.decoder.weight.value));
  CHECK(reorder_items(loaded, {"d", "a", "c", "b"}));
  CHECK(loaded.item_tokens[0] == "d");
  const ad::Index from[] = {3, 0, 2, 1};
  for (ad::Index j = 0; j < 4; ++j) {
    CHECK(loaded.model.decoder.bias.value(0, j) == model.decoder.bias.value(0, from[j]));
    CHECK(loaded.model.decoder.weight.value(j, 2) == model.decoder.weight.value(from[j], 2));
    CHECK(loaded.model.encoder.fc1.weight.value(j, 5) == model.encoder.fc1.weight.value(from[j], 5));
    CHECK(loaded.old_encoder->fc1.weight.value(j, 5) == old.fc1.weight.value(from[j], 5));
  }
  CHECK(equal(loaded.model.encoder.fc_mu.bias.value, model.encoder.fc_mu.bias.value));
  CHECK(equal(loaded.old_encoder->fc_mu.bias.value, old.fc_mu.bias.value));
  CHECK(loaded.model.encoder.ln5.eps == 0.25);
}
