// Where the first NaN or infinity of a recording came from.
#pragma once

#include <cmath>
#include <string>

#include "../tape.h"

namespace ad {

/// Names the first node whose value is not finite, else, after a backward, the first in its order (from the loss on)
/// whose gradient is not: "log, node 7 [32, 10]: value (3, 1) is -inf". Empty where all are finite.
template <class T>
std::string first_not_finite(const Tape<T>& tape) {
  const auto look = [](const typename Tape<T>::NodeView& n, std::size_t id, const char* what, ConstMatrix<T> m,
                       std::span<const std::int32_t> rows = {}) {
    for (Index i = 0; i < m.size(); ++i) {
      if (std::isfinite(m.data[i])) continue;
      const Index row = rows.empty() ? i / m.cols : rows[static_cast<std::size_t>(i / m.cols)];
      return std::string(n.op) + ", node " + std::to_string(id) + " " + shape_string(n.value) + ": " + what + " (" +
             std::to_string(row) + ", " + std::to_string(i % m.cols) + ") is " + std::to_string(m.data[i]);
    }
    return std::string();
  };
  std::string found;
  for (std::size_t id = 0; found.empty() && id < tape.size(); ++id) {
    found = look(tape.node(id), id, "value", tape.node(id).value);
  }
  for (std::size_t id = tape.size(); found.empty() && id-- > 0;) {
    const Gradient<T> g = tape.node(id).gradient;
    found = look(tape.node(id), id, "gradient", g.values, g.rows);
  }
  return found;
}

}  // namespace ad
