// Modules and optimisers in files.
#include "../support/temp_dir.h"
#include "support.h"

using test::all, test::Model, test::train;

TEST_CASE("save, load: a model and its optimiser in one file; training goes on to the bit") {
  const auto check = [](auto make) {
    const recvae::test::TempDir folder;
    const std::string path = folder.path("training.safetensors");
    Model model;
    auto optimizer = make();
    train(model, optimizer, 0, 7);
    ad::nn::save(path, model, optimizer, {{"epoch", "7"}});
    train(model, optimizer, 7, 12);

    Model again;
    again.table.weight.value.fill(9);
    auto fresh = make();
    ad::nn::load(path, again, fresh);
    train(again, fresh, 7, 12);
    CHECK(test::same_bits(all(again), all(model)));

    Model weights;
    ad::nn::load(path, weights);  // without the optimiser
    ad::nn::SafetensorsReader reader(path);
    CHECK(test::same_bits(weights.out.weight.value, reader.read<double>("out.weight")));
    CHECK(reader.metadata().at("epoch") == "7");
    CHECK(reader.read_integers("optimizer.steps") == std::vector<std::int64_t>{7, 7, 7});
  };
  check([] { return ad::nn::Adam<double>({.learning_rate = 0.05}); });
  check([] { return ad::nn::AdamW<double>({.learning_rate = 0.05, .weight_decay = 0.1}); });
  check([] { return ad::nn::Sgd<double>({.learning_rate = 0.05, .momentum = 0.9}); });
}

TEST_CASE("load: a file of another model, or without an optimiser, says what is missing") {
  const recvae::test::TempDir folder;
  const std::string path = folder.path("model.safetensors");
  const Model model;
  ad::nn::save(path, model);
  ad::nn::Linear<double> other(3, 3, 1);
  CHECK_THROWS_AS(ad::nn::load(path, other), ad::Error);
  Model same;
  ad::nn::Adam<double> adam;
  CHECK_THROWS_AS(ad::nn::load(path, same, adam), ad::Error);
  CHECK_THROWS_AS(ad::nn::load(folder.path("none"), same), ad::Error);
  ad::nn::Embedding<double> smaller(19, 3, 1);
  ad::nn::save(path, smaller);
  ad::nn::Embedding<double> larger(20, 3, 1);
  CHECK_THROWS_AS(ad::nn::load(path, larger), ad::ShapeError);
}
