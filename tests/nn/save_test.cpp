// Modules and optimisers in files.
#include <filesystem>

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
    CHECK(ad::nn::load(path, again, fresh).at("epoch") == "7");
    train(again, fresh, 7, 12);
    CHECK(test::same_bits(all(again), all(model)));

    Model weights;
    ad::nn::load(path, weights);  // without the optimiser
    ad::nn::SafetensorsReader reader(path);
    CHECK(test::same_bits(weights.out.weight.value, reader.read<double>("out.weight")));
    CHECK(reader.metadata().at("epoch") == "7");
    CHECK(reader.read_integers("optimizer.out.weight.steps") == std::vector<std::int64_t>{7});
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

namespace {

struct Two {
  ad::nn::Linear<double> a{2, 2, 1}, b{2, 2, 2};
  const char *first = "a", *second = "b";
  template <class Self, class F>
  static void visit(Self& self, F&& f) {
    f(self.first, self.a);
    f(self.second, self.b);
  }
};

}  // namespace

TEST_CASE("load: of a file that does not fit, nothing is taken") {
  const recvae::test::TempDir folder;
  const std::string path = folder.path("two.safetensors");
  Two two;
  ad::nn::Adam<double> adam;
  ad::nn::save(path, two, adam);
  Two other;
  other.a.weight.value.fill(7);
  other.b = ad::nn::Linear<double>(2, 3, 1);
  CHECK_THROWS_AS(ad::nn::load(path, other), ad::ShapeError);
  CHECK_THROWS_AS(ad::nn::load(path, other, adam), ad::ShapeError);
  CHECK(other.a.weight.value(0, 0) == 7);
  Two same;
  same.a.weight.value.fill(7);
  ad::nn::AdamW<double> adamw;
  CHECK_THROWS_WITH_AS(ad::nn::load(path, same, adamw),
                       (path + ": expected the state of AdamW, found that of Adam").c_str(), ad::Error);
  ad::nn::save(path, two);
  CHECK_THROWS_WITH_AS(ad::nn::load(path, same, adam),
                       (path + ": expected the state of Adam, found none of any optimiser").c_str(), ad::Error);
  CHECK(same.a.weight.value(0, 0) == 7);
}

TEST_CASE("load: an optimiser's counts are of parameters, not of places; negative ones are refused") {
  const recvae::test::TempDir folder;
  const std::string path = folder.path("two.safetensors");
  Two two;
  ad::nn::Adam<double> adam;
  ad::Tape<double> tape;
  for (int step = 0; step < 3; ++step) {
    const auto x = tape.constant(ad::Tensor<double>(1, 2, {1, 2}));
    tape.backward(ad::sum(step > 1 ? two.a(two.b(x)) : two.a(x)));
    adam.step(two, tape);
    tape.reset();
  }
  ad::nn::save(path, two, adam);
  Two turned;
  std::swap(turned.first, turned.second);
  ad::nn::Adam<double> fresh;
  ad::nn::load(path, turned, fresh);
  fresh.for_each_state(turned, [](const std::string& name, auto, auto, std::int64_t& steps) {
    CHECK(steps == (name.starts_with("a.") ? 3 : 1));
    steps = -1;
  });
  ad::nn::save(path, turned, fresh);
  CHECK_THROWS_WITH_AS(ad::nn::load(path, turned, fresh),
                       (path + ": tensor optimizer.b.weight.steps: expected one number from 0 on").c_str(), ad::Error);
}

TEST_CASE("save: a name that two parameters have is refused, and no file is written") {
  const recvae::test::TempDir folder;
  const std::string path = folder.path("two.safetensors");
  Two two;
  two.second = "a";
  CHECK_THROWS_WITH_AS(ad::nn::save(path, two), (path + ": a.weight is the name of two tensors").c_str(), ad::Error);
  two.first = two.second = "_a";
  CHECK_THROWS_WITH_AS(ad::nn::save(path, two), (path + ": _a.weight is the name of two tensors").c_str(), ad::Error);
  const ad::Parameter<double> p(ad::Tensor<double>(1, 1));
  CHECK_THROWS_WITH_AS(ad::nn::write_safetensors<double>(path, {{"__metadata__", p.value.view()}}, {}),
                       (path + ": __metadata__ is no name for a tensor").c_str(), ad::Error);
  CHECK_FALSE(std::filesystem::exists(path));
}
