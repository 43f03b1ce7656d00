#include "recvae/tune/space.h"

#include <doctest/doctest.h>

#include <cmath>

#include "data/error.h"

using namespace recvae;
using namespace recvae::tune;

namespace {

Space read(const std::string& text) { return parse_space(text, "p", Settings{}); }

std::string refused(const std::string& text) {
  try {
    read(text);
  } catch (const data::DataError& e) {
    return e.what();
  }
  return "accepted";
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the file of RecBole's documentation page") {
  const Space space = read(
      "learning_rate choice [0.01,0.005,0.001,0.0005,0.0001]\n"
      "latent_dimension choice [64,100,128,150,200,256,300,400,512]\n");
  REQUIRE(space.parameters.size() == 2);
  CHECK(space.parameters[0].name == "learning_rate");
  CHECK(space.parameters[0].choices == Texts{"0.01", "0.005", "0.001", "0.0005", "0.0001"});
  CHECK(space.parameters[1].choices.size() == 9);
  CHECK(space.runs() == 1);
}

TEST_CASE("values are read as their settings are") {
  const auto choices = [](const std::string& line) { return read(line).parameters[0].choices; };
  CHECK(choices("learning_rate choice [1e-3, .5,0.10]") == Texts{"0.001", "0.5", "0.1"});
  CHECK(choices("shuffle choice [True,false]") == Texts{"true", "false"});
  CHECK(choices("clip_grad_norm choice [None,2]") == Texts{"none", "2.0"});
  CHECK(choices("stopping_step choice [none,5]") == Texts{"none", "5"});
  CHECK(choices("init choice ['torch',\"xavier_normal\"]") == Texts{"torch", "xavier_normal"});
  CHECK(choices("prior_update choice [epoch,never]") == Texts{"epoch", "never"});
  const Texts lists{"[0.15,0.75,0.1]", "[0.5,0.5,0.0]"};
  CHECK(choices("mixture_weights choice ['[0.15,0.75,0.1]','[.5, .5, 0]']") == lists);
  CHECK(choices("mixture_weights choice [[0.15,0.75,0.1],[.5,.5,0]]") == lists);
}

TEST_CASE("comments, blanks and empty lines") {
  const Space space =
      read("# a comment of four words\n\n  beta\tchoice  [ 0.1 , 0.2 ]  # two\r\ngamma uniform 0 , 1\r\n");
  REQUIRE(space.parameters.size() == 2);
  CHECK(space.parameters[0].choices == Texts{"0.1", "0.2"});
  CHECK(space.parameters[1].high == 1);
}

TEST_CASE("a seed is no parameter but runs of every point") {
  const Space space = read("seed choice [1,2,3]\nbeta choice [0.1,0.2]\n");
  CHECK(space.parameters.size() == 1);
  CHECK(space.runs() == 3);
  const Settings s = space.settings(Settings{}, {"0.2"}, 1);
  CHECK(s.beta == 0.2);
  CHECK(s.seed == 2);
  CHECK(space.settings(Settings{}, {"0.2"}, 0).seed == 1);
  CHECK(read("seed choice [5]").settings(Settings{}, {}, 0).seed == 5);
}

TEST_CASE("ranges") {
  const auto at = [](const std::string& line, double u) { return read(line).parameters[0].at(u); };
  CHECK(at("gamma uniform 1,3", 0) == "1.0");
  CHECK(at("gamma uniform 1,3", 0.25) == "1.5");
  CHECK(std::stod(at("learning_rate loguniform -8,0", 0.5)) == std::exp(-4.0));
  CHECK(at("latent_dimension quniform 10,30,10", 0) == "10");
  CHECK(at("latent_dimension quniform 10,30,10", 0.5) == "20");
  CHECK(at("latent_dimension quniform 10,30,10", 0.99) == "30");
  CHECK(at("gamma quniform 0,1,0.25", 0.3) == "0.25");
  CHECK(at("clip_grad_norm uniform 1,2", 0.5) == "1.5");
  CHECK(at("beta choice [0.1,0.2]", 0.49) == "0.1");
  CHECK(at("beta choice [0.1,0.2]", 0.5) == "0.2");
  const auto count = [](const std::string& line) { return read(line).parameters[0].count(); };
  CHECK(count("beta choice [0.1,0.2]") == 2);
  CHECK(count("latent_dimension quniform 10,30,10") == 3);
  CHECK(std::isinf(count("gamma uniform 0,1")));
  CHECK(count("gamma uniform 1,1") == 1);
  CHECK(refused("dropout_prob uniform 0,1") == "accepted");  // 1 is never drawn
}

TEST_CASE("what is refused, and where") {
  CHECK(refused("") == "p:0: expected a parameter, such as 'learning_rate choice [0.001,0.0005]', found none");
  CHECK(refused("\n# nothing\n").starts_with("p:2: expected a parameter"));
  CHECK(refused("beta choice [1]\nlatent choice [1]") ==
        "p:2: expected the name of a setting, such as latent_dimension, found 'latent'");
  CHECK(refused("latent_dimendion choice [1]") ==
        "p:1: expected the name of a setting, such as latent_dimension, found 'latent_dimendion'");
  CHECK(refused("beta") == "p:1: expected choice, uniform, loguniform or quniform after beta, found nothing");
  CHECK(refused("beta choose [1]") ==
        "p:1: expected choice, uniform, loguniform or quniform after beta, found 'choose'");
  CHECK(refused("beta choice") == "p:1: expected a list such as [a,b] of values for beta, found nothing");
  CHECK(refused("beta choice 1,2") == "p:1: expected a list such as [a,b] of values for beta, found '1,2'");
  CHECK(refused("beta choice []") == "p:1: expected at least one value for beta, found '[]'");
  CHECK(refused("beta choice [1,,2]") == "p:1: expected a value between commas, found '1,,2'");
  CHECK(refused("mixture_weights choice [[1,0,0]") ==
        "p:1: expected quotes and brackets that are closed, found '[1,0,0'");
  CHECK(refused("init choice ['torch]").starts_with("p:1: expected"));
  CHECK(refused("epochs choice [1.5]") == "p:1: expected a whole number for epochs, found '1.5'");
  CHECK(refused("gamma choice [x]") == "p:1: expected a number for gamma, found 'x'");
  CHECK(refused("gamma choice [nan]") == "p:1: expected a number for gamma, found 'nan'");
  CHECK(refused("dropout_prob choice [0.5,1.5]") == "p:1: dropout_prob: expected a number in [0, 1), found '1.5'");
  CHECK(refused("init choice [zeros]") ==
        "p:1: init: expected one of torch, xavier_normal, xavier_uniform, found 'zeros'");
  CHECK(refused(std::string(1'000'000, 'x') + " choice [1]").size() < 200);
  CHECK(refused("beta choice [0.1,1e-1]") == "p:1: expected different values for beta, found '1e-1 twice'");
  CHECK(refused("beta choice [1]\nbeta uniform 0,1") == "p:2: expected each parameter once, found 'beta'");
  CHECK(refused("beta uniform 2,1") == "p:1: expected a low end that is not above the high one, found '2,1'");
  CHECK(refused("beta uniform 1") == "p:1: expected low,high for beta, all numbers, found '1'");
  CHECK(refused("beta uniform 1,x") == "p:1: expected low,high for beta, all numbers, found '1,x'");
  CHECK(refused("beta quniform 1,2,0") == "p:1: expected a step q above 0, found '1,2,0'");
  CHECK(refused("beta quniform 1,2") == "p:1: expected low,high,q for beta, all numbers, found '1,2'");
  CHECK(refused("epochs uniform 1,2") ==
        "p:1: expected choice or quniform for epochs, which is a whole number, found 'uniform'");
  CHECK(refused("epochs quniform 1,2,0.5") == "p:1: expected a whole step q for epochs, found '1,2,0.5'");
  CHECK(refused("epochs quniform 0,1e300,1") == "p:1: expected smaller numbers for epochs, found '0,1e300,1'");
  CHECK(refused("epochs quniform -5,5,1").starts_with("p:1: epochs: expected a positive integer"));
  CHECK(refused("learning_rate loguniform 0,1000") ==
        "p:1: expected smaller numbers for learning_rate, found '0,1000'");
  CHECK(refused("clip_grad_norm loguniform 0,1000") ==
        "p:1: expected smaller numbers for clip_grad_norm, found '0,1000'");
  CHECK(refused("beta uniform -1e308,1e308").starts_with("p:1: "));
  CHECK(refused("init uniform 1,2") == "p:1: expected choice for init, which is no number, found 'uniform'");
  CHECK(refused("seed uniform 1,2").starts_with("p:1: expected choice"));
  CHECK(refused("seed quniform 1,2,1") ==
        "p:1: expected choice for seed: each of its values is a run of every setting, found 'quniform'");
  CHECK(refused("topk choice [10]") ==
        "p:1: expected a parameter that leaves alone what trials are compared by, found 'topk'");
}

TEST_CASE("value_of is what set_value takes, for every setting") {
  Settings s, back;
  s.gamma = 0.1 + 0.2;
  s.stopping_step = 3;
  s.metrics = {"map@3", "gauc"};
  Settings::visit([&](const char* name, const char*, const auto&) { set_value(back, name, value_of(s, name)); }, s);
  CHECK(to_json(back) == to_json(s));
  CHECK_THROWS_AS(set_value(s, "nothing", "1"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(set_value(s, "gamma", "x"), "a number", std::invalid_argument);
  CHECK(s.gamma == 0.1 + 0.2);
}
