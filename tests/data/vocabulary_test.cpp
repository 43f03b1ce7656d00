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

TEST_CASE("numbers and other text, however far apart, are told apart and found again") {
  Vocabulary vocabulary;
  std::vector<std::string> tokens;
  for (int k = 0; k < 3000; ++k) {
    for (const std::string& token :
         {std::to_string(k * 37), "0" + std::to_string(k), std::to_string(k * 100'003LL), "t" + std::to_string(k),
          "-" + std::to_string(k), std::to_string(99'999'999 - k), std::to_string(k) + " "}) {
      if (vocabulary.find(token) < 0) tokens.push_back(token);
      vocabulary.add(token);
    }
  }
  REQUIRE(vocabulary.tokens() == tokens);
  const Vocabulary again(tokens);
  for (std::size_t k = 0; k < tokens.size(); ++k) {
    REQUIRE(vocabulary.find(tokens[k]) == static_cast<std::int32_t>(k));
    REQUIRE(again.find(tokens[k]) == static_cast<std::int32_t>(k));
  }
  CHECK(vocabulary.find("000") == -1);
  CHECK(vocabulary.find("") == -1);
}
