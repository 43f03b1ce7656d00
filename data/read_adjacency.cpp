#include "error.h"
#include "fields.h"
#include "readers.h"

namespace recvae::data {

void read_adjacency(TextSource& text, InteractionBuilder& out) {
  std::string_view line;
  while (text.next(line)) {
    std::int32_t user = -1;
    for (;;) {
      const auto begin = line.find_first_not_of(" \t");
      if (begin == std::string_view::npos) break;
      const auto end = line.find_first_of(" \t", begin);
      const std::string_view id = line.substr(begin, end - begin);
      if (!parse_index(id)) throw error_at(text.name(), text.line(), "an id from 0 to 2147483647", excerpt(id));
      if (user < 0) {
        user = out.add_user(id);
      } else {
        out.add_row(user, id);
      }
      if (end == std::string_view::npos) break;
      line.remove_prefix(end);
    }
  }
}

}  // namespace recvae::data
