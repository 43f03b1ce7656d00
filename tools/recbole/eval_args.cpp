#include "eval_args.h"

#include <stdexcept>

#include "data/literal.h"

namespace recvae::tools {
namespace {

using data::Literal;

[[noreturn]] void expect(const std::string& what) { throw std::invalid_argument(what); }

/// full, also as {'valid': 'full', 'test': 'full'}.
void check_mode(const Literal& mode) {
  const auto check = [](const Literal& one) {
    if (one.kind == Literal::Kind::text && one.text == "full") return;
    expect(
        "mode full: metrics on samples of the items, or on labels, rank models otherwise than lists of all items do");
  };
  if (mode.kind != Literal::Kind::map) return check(mode);
  for (std::size_t k = 0; k < mode.keys.size(); ++k) {
    if (mode.keys[k] != "valid" && mode.keys[k] != "test") expect("mode full, or {'valid': 'full', 'test': 'full'}");
    check(mode.elements[k]);
  }
}

/// Puts --split, and --ratios where there are any, into `out`.
void translate_split(const Literal& split, CommandLine::Translated& out) {
  if (split.kind != Literal::Kind::map || split.keys.size() != 1)
    expect("split {'RS': [0.8,0.1,0.1]} or {'LS': 'valid_and_test'}");
  const Literal& how = split.elements[0];
  if (split.keys[0] == "RS") {
    if (how.kind != Literal::Kind::list || how.elements.size() != 3) expect("RS with a list of three ratios");
    out.options = {{"split", "ratio"}, {"ratios", to_text(how)}};
  } else if (split.keys[0] == "LS") {
    if (how.text != "valid_and_test")
      expect("LS valid_and_test: without a part there is no choice of an epoch, or no test");
    out.options = {{"split", "loo"}};
  } else {
    expect("split RS or LS (for one moment for everybody there is --split time)");
  }
}

}  // namespace

CommandLine::Translated eval_args(const std::string& text) {
  const Literal value = data::parse_literal(text);
  if (value.kind != Literal::Kind::map) expect("a map such as {'split': {'RS': [0.8,0.1,0.1]}, 'order': 'RO'}");
  CommandLine::Translated out{true, {{"split", "ratio"}, {"ratios", "[0.8, 0.1, 0.1]"}}, {}};
  std::string order = "RO", group_by = "user";
  for (std::size_t k = 0; k < value.keys.size(); ++k) {
    const std::string& key = value.keys[k];
    const Literal& part = value.elements[k];
    if (key == "split") {
      translate_split(part, out);
    } else if (key == "mode") {
      check_mode(part);
    } else if (key == "order" && (part.text == "RO" || part.text == "TO")) {
      order = part.text;
    } else if (key == "group_by" && (part.text == "user" || part.text == "-" || is_none(part.text))) {
      group_by = part.text == "user" ? "user" : "none";
    } else if (key == "order" || key == "group_by") {
      expect(key == "order" ? "order RO or TO" : "group_by user or none");
    } else {
      expect("its keys split, order, group_by and mode, not " + data::excerpt(key));
    }
  }
  out.options.emplace_back("order", order);
  out.options.emplace_back("group_by", group_by);
  return out;
}

}  // namespace recvae::tools
