#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../autodiff/kernels/api.h"

namespace recvae::data {

/// A value as Python and JSON write them: `{'rating': '[4,inf)', "genre": ["a", 'b']}`, `[0.8, 0.1]`, `True`. Numbers
/// and words are text: what they mean is for the reader to say.
struct RECVAE_API Literal {
  /// What it is.
  enum class Kind {
    text,  ///< a word, a number, a quoted text
    list,  ///< [a, b]
    map    ///< {k: a}
  };
  Kind kind = Kind::text;           ///< what it is
  std::string text{};               ///< of a text
  std::vector<Literal> elements{};  ///< of a list, or the values of a map
  std::vector<std::string> keys{};  ///< of a map, one for each element, all different

  const Literal* find(std::string_view key) const;  ///< the value of a map's key; nullptr: there is none
};

/// Throws std::invalid_argument, what was expected, for text that is none, and for more than 8 levels. Text that begins
/// with neither a quote nor a bracket that another one ends is one word, blanks around it stripped: `[4,inf)` is one.
RECVAE_API Literal parse_literal(std::string_view text);

/// As parse_literal reads it back: of a map or list in JSON's form, every text in quotes but plain words and numbers.
RECVAE_API std::string to_text(const Literal& literal);

}  // namespace recvae::data
