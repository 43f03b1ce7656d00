#include "recvae/serve/export.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "../../support/temp_dir.h"
#include "../support.h"

using namespace recvae;

namespace {

LoadedModel make_model(std::int32_t items) {
  LoadedModel loaded;
  loaded.model = {Encoder<float>(items, 6, 3, 0.25, ad::nn::Init::torch, 1, 0), ad::nn::Linear<float>(3, items, 1)};
  for (std::int32_t i = 0; i < items; ++i) loaded.item_tokens.push_back("i" + std::to_string(i));
  return loaded;
}

std::string header(std::string shape) {
  const std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + text + std::string(117 - text.size(), ' ') + "\n";
}

}  // namespace

TEST_CASE("export: .npy files, whatever the number of rows") {
  const test::TempDir dir;
  LoadedModel loaded = make_model(2500);
  export_item_vectors(dir.path(), loaded);
  const std::string file = test::read_file(dir.path("item_vectors.npy"));
  REQUIRE(file.size() == 128 + 2500 * 4 * 4);
  CHECK(file.substr(0, 128) == header("2500, 4"));
  const auto* numbers = reinterpret_cast<const float*>(file.data() + 128);
  for (ad::Index i = 0; i < 2500; ++i) {
    REQUIRE(numbers[4 * i + 2] == loaded.model.decoder.weight.value(i, 2));
    REQUIRE(numbers[4 * i + 3] == loaded.model.decoder.bias.value(0, i));
  }
  export_user_codes(dir.path(), loaded.model, test::csr(2500, {}), {});
  CHECK(test::read_file(dir.path("user_codes.npy")) == header("0, 4"));
  CHECK(test::read_file(dir.path("users.txt")).empty());
  CHECK(ad::nn::SafetensorsReader(dir.path("user_codes.safetensors")).read<float>("user_codes").rows() == 0);
}

TEST_CASE("export: what fails writes nothing") {
  const test::TempDir dir;
  LoadedModel loaded = make_model(5);
  const data::Csr histories = test::csr(5, {{1, 2}, {}});
  const std::string folder = dir.path("");
  const auto stop = [] { throw std::runtime_error("stopped"); };
  CHECK_THROWS_WITH(export_user_codes(folder, loaded.model, histories, {"u", "a\nb"}),
                    (folder + "users.txt: expected ids without line breaks, found 'a\\x0ab'").c_str());
  CHECK_THROWS_WITH(export_user_codes(folder, loaded.model, histories, {"u"}),
                    "user codes: expected 2 user tokens, found 1");
  CHECK_THROWS_WITH(export_user_codes(folder, loaded.model, histories, {"u", "v"}, stop), "stopped");
  CHECK_THROWS_WITH(export_item_vectors(folder, loaded, stop), "stopped");
  loaded.model.encoder.fc_mu.weight.value.fill(3e38f);
  CHECK_THROWS_AS(export_user_codes(folder, loaded.model, histories, {"u", "v"}), ad::Error);
  loaded.item_tokens.clear();
  CHECK_THROWS_WITH(export_item_vectors(folder, loaded), "item vectors: expected 5 item tokens, found 0");
  CHECK_THROWS_AS(export_item_vectors(folder + "/none", make_model(5)), ad::Error);
  CHECK(std::filesystem::is_empty(folder));
}
