// RECBOLE.md says of every key what tools/recbole/keys.cpp makes of it.
#include "tools/recbole/keys.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace recvae::tools;

TEST_CASE("RECBOLE.md has the table of keys, line by line") {
  std::ifstream file(RECBOLE_MD);
  std::ostringstream text;
  text << file.rdbuf();
  std::size_t at = text.str().find("## Every documented key");
  REQUIRE(at != std::string::npos);
  std::size_t rows = 0;
  for (const RecboleKey& key : recbole_keys()) {
    const std::string row = std::string("| `") + key.name + "` | " + name_of(key.fate) + " | " + key.what + " |\n";
    INFO(row);
    at = text.str().find(row, at);
    REQUIRE(at != std::string::npos);
    ++rows;
  }
  std::size_t lines = 0;
  for (std::size_t k = text.str().find("### Environment"); (k = text.str().find("\n| `", k + 1)) != std::string::npos;)
    ++lines;
  CHECK(lines == rows);
}

TEST_CASE("a key is translated where it is not simply an option") {
  for (const RecboleKey& key : recbole_keys()) {
    INFO(key.name);
    if (key.fate != Fate::same) CHECK((key.translate != nullptr));
    if (key.fate == Fate::ignored && key.name != std::string("threshold"))
      CHECK_FALSE(recbole_dialect().translate(key.name, "None").has_meaning);
    if (key.fate == Fate::refused) CHECK_THROWS_AS(recbole_dialect().translate(key.name, "x"), std::invalid_argument);
  }
  CHECK(name_here("latent_dimendion").first == "latent_dimension");
  CHECK(name_here("anneal_cap").first == "beta");
  CHECK(name_here("eval_args").first == "eval_args");
  CHECK(name_here("gamma") == std::pair<std::string, std::string>("gamma", ""));
}
