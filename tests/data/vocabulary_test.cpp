#include "data/vocabulary.h"

#include <doctest/doctest.h>

using recvae::data::Vocabulary;

TEST_CASE("tokens are numbered as they appear") {
  Vocabulary words;
  CHECK(words.find("a") == -1);
  CHECK(words.add("b") == 0);
  CHECK(words.add("a") == 1);
  CHECK(words.add("") == 2);
  CHECK(words.add("b") == 0);
  for (int k = 0; k < 5000; ++k) CHECK(words.add("token " + std::to_string(k)) == 3 + k);
  for (int k = 0; k < 5000; ++k) CHECK(words.find("token " + std::to_string(k)) == 3 + k);
  CHECK(words.find("token 5000") == -1);
  CHECK(words.size() == 5003);
  CHECK(words.tokens()[1] == "a");
}

TEST_CASE("a vocabulary of given tokens") {
  const Vocabulary words({"x", "y", "x"});
  CHECK(words.find("x") == 0);
  CHECK(words.find("y") == 1);
  CHECK(words.size() == 3);
  CHECK(Vocabulary(std::vector<std::string>{}).find("x") == -1);
}
