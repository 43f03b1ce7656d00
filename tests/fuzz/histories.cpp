// Requests for lists, a line each, as recvae_recommend reads them.
#include "data/read/text_source.h"
#include "fuzz.h"
#include "recvae/serve/query.h"

using namespace recvae;
using namespace recvae::test;

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Catalogue catalogue({"1", "2", "-3", "a", "b b", "\xc3\xa9", "{"});
  const auto among_items = [&](const std::vector<std::int32_t>& items) {
    for (const std::int32_t item : items) {
      promise(item >= 0 && item < std::ssize(catalogue.tokens()), "an item is the catalogue's");
    }
  };
  data::TextSource text = data::TextSource::from_text(as_text(bytes, size), "standard input");
  std::string_view line;
  const auto next = [&] {
    bool there = false;
    return survives([&] { there = text.next(line); }) && there;
  };
  while (next()) {
    const std::int64_t number = text.line();
    Query q{.line = number};
    if (!survives([&] { q = parse_query(line, text.name(), q, catalogue); })) continue;
    for (const auto* items : {&q.items, &q.exclude, &q.seen}) among_items(*items);
    if (q.candidates) among_items(*q.candidates);
    promise(std::ranges::adjacent_find(q.items, std::greater_equal<>()) == q.items.end(), "items ascend, each once");
    promise(q.line == number && q.topk >= 1, "a line keeps its number and asks for something");
    promise(q.user.find('\n') == std::string::npos, "a user is one line of JSON");
  }
  promise(catalogue.complaint().find('\n') == std::string::npos, "a warning is one line");
  return 0;
}
