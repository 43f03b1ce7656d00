// A picture of a recording.
#pragma once

#include <string>

#include "../tape.h"

namespace ad {

/// The recording as text for Graphviz (`dot -Tsvg`): a box for each node with its op and shape, filled where a gradient
/// flows, an ellipse for each leaf; arrows from inputs to what was computed of them.
template <class T>
std::string graphviz(const Tape<T>& tape) {
  std::string text = "digraph tape {\n  rankdir=TB;\n  node [fontname=\"sans-serif\", style=filled];\n";
  for (std::size_t id = 0; id < tape.size(); ++id) {
    const typename Tape<T>::NodeView n = tape.node(id);
    const std::string name = std::string("n").append(std::to_string(id));
    text += "  " + name + " [label=\"" + n.op + "\\n" + shape_string(n.value) +
            "\", shape=" + (n.inputs.empty() ? "ellipse" : "box") + ", fillcolor=\"" +
            (n.wants_grad ? "#cfe8cf" : "#eeeeee") + "\"];\n";
    for (std::uint32_t input : n.inputs) text += "  n" + std::to_string(input) + " -> " + name + ";\n";
  }
  return text + "}\n";
}

}  // namespace ad
