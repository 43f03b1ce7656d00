#include "../error.h"
#include "readers.h"

namespace recvae::data {

WeakSplit read_parts(const Input& input, const DataOptions& options) {
  WeakSplit split;
  InteractionBuilder builder;
  const auto read = [&](const std::string& file) {
    TextSource text = open_file(file, options);
    read_text(input.format, text, options, builder);
    return builder.rows();
  };
  split.train_end = read(input.train);
  if (split.train_end == 0) throw DataError(input.train + ": expected interactions, found none");
  split.train_users = builder.users();
  split.has_validation = !input.valid.empty();
  split.valid_end = split.has_validation ? read(input.valid) : split.train_end;
  if (read(input.test) == split.valid_end && input.format == Format::adjacency) {
    throw DataError(input.test + ": expected interactions, found none");
  }
  split.rows = builder.take();
  return split;
}

}  // namespace recvae::data
