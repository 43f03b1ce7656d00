#include "data/literal.h"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace recvae::data;

namespace {

std::string error_of(const std::string& text) {
  try {
    parse_literal(text);
  } catch (const std::invalid_argument& expected) {
    return expected.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("Python's and JSON's literals, and words that are none") {
  const Literal map =
      parse_literal(R"x( {'rating': '[4,inf)', "genre": ["a", 'b c', 7], nothing: None, 'deep': {'x': []}} )x");
  REQUIRE(map.kind == Literal::Kind::map);
  CHECK(map.find("rating")->text == "[4,inf)");
  CHECK(map.find("genre")->elements[1].text == "b c");
  CHECK(map.find("genre")->elements[2].text == "7");
  CHECK(map.find("nothing")->text == "None");
  CHECK(map.find("deep")->find("x")->kind == Literal::Kind::list);
  CHECK(map.find("else") == nullptr);
  CHECK(parse_literal("[4,inf)").text == "[4,inf)");
  CHECK(parse_literal(" a, b ").text == "a, b");
  CHECK(parse_literal(R"('it\'s')").text == "it's");
  CHECK(parse_literal("[0.8, 0.1,]").elements.size() == 2);
  CHECK(parse_literal("").text.empty());
}

TEST_CASE("a literal survives its text") {
  for (const char* text : {R"x({rating: "[4,inf)", list: [a, "b c", "\"q\"", "\\"], map: {k: 1e-3}})x", "[]", "{}",
                           R"([[1], [2, [3]]])"}) {
    CHECK(to_text(parse_literal(text)) == text);
  }
}

TEST_CASE("what is no literal") {
  for (const char* text : {"{'a' 1}", "{'a': }", "{'a': 1, 'a': 2}", "['a]", "[1]]", "{:1}", "{'a': [1}"})
    CHECK(error_of(text) != "no error");
  CHECK(error_of("['a]") == "a closing quote");
  CHECK(error_of(std::string(8, '[') + std::string(8, ']')) == "no error");
  CHECK(error_of(std::string(9, '[') + std::string(9, ']')) == "at most 8 levels of lists and maps");
  CHECK(error_of(std::string(100'000, '[') + std::string(100'000, ']')) == "at most 8 levels of lists and maps");
}
