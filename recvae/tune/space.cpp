#include "space.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <sstream>
#include <type_traits>

#include "../../data/error.h"
#include "../../data/options.h"
#include "../json_value.h"

namespace recvae::tune {
namespace {

constexpr const char* kKinds[] = {"choice", "uniform", "loguniform", "quniform"};

/// What trials are compared by: two of them would not be measured alike.
constexpr const char* kMeasures[] = {"valid_metric", "metrics", "topk", "recall_denominator", "tail_ratio"};

enum class Type { text, whole, real };

template <class T>
constexpr Type type_of(const T&) {
  return std::is_same_v<T, double> ? Type::real : std::is_same_v<T, std::int64_t> ? Type::whole : Type::text;
}
template <class T>
constexpr Type type_of(const std::optional<T>&) {
  return type_of(T{});
}

/// Calls f(member) with the setting of this name. False: there is none.
template <class S, class F>
bool with_setting(S& settings, const std::string& name, F f) {
  bool found = false;
  Settings::visit(
      [&](const char* known, const char*, auto& member) {
        if (name == known) f(member), found = true;
      },
      settings);
  return found;
}

/// Follows a text character by character.
struct Quotes {
  char open = 0;

  /// Is this one outside of quotes, and none itself?
  bool outside(char c) {
    if (open != 0) {
      if (c == open) open = 0;
      return false;
    }
    if (c == '"' || c == '\'') open = c;
    return open == 0;
  }
};

/// A line, its blanks outside quotes taken out but for those around the first two words, up to a # there.
struct Line {
  std::string name, kind, range;

  explicit Line(const std::string& text) {
    std::string* parts[] = {&name, &kind, &range};
    std::size_t part = 0;
    Quotes quotes;
    for (const char c : text) {
      const bool outside = quotes.outside(c);
      if (outside && c == '#') break;
      if (outside && (c == ' ' || c == '\t' || c == '\r')) {
        if (part < 2 && !parts[part]->empty()) ++part;
      } else {
        *parts[part] += c;
      }
    }
  }
};

class Reader {
 public:
  Reader(const std::string& file, const Settings& base) : file_(file), base_(base) {}

  void read(const std::string& text) {
    ++line_;
    const Line line(text);
    if (line.name.empty()) return;
    Parameter p{line.name};
    expect_name(line.name);
    const auto kind = std::ranges::find(kKinds, line.kind);
    if (kind == std::end(kKinds)) fail("choice, uniform, loguniform or quniform after " + line.name, line.kind);
    p.kind = static_cast<Parameter::Kind>(kind - kKinds);
    if (p.kind == Parameter::Kind::choice) {
      read_choices(line.range, p);
    } else {
      read_range(line, p);
    }
    if (p.name != "seed")
      space_.parameters.push_back(std::move(p));
    else if (p.kind == Parameter::Kind::choice)
      space_.seeds = std::move(p.choices);
    else
      fail("choice for seed: each of its values is a run of every setting", line.kind);
  }

  Space finish() {
    if (names_.empty())
      throw data::error_at(file_, line_, "a parameter, such as 'learning_rate choice [0.001,0.0005]'", "none");
    return std::move(space_);
  }

 private:
  [[noreturn]] void fail(const std::string& expected, const std::string& found) const {
    throw data::error_at(file_, line_, expected, found.empty() ? "nothing" : data::excerpt(found));
  }

  std::string nearest(const std::string& name) const {
    std::string best = "latent_dimension";
    if (name.size() > 100) return best;
    Settings::visit(
        [&](const char* known, const char*, const auto&) {
          if (data::name_distance(name, known) < data::name_distance(name, best)) best = known;
        },
        base_);
    return best;
  }

  void expect_name(const std::string& name) {
    if (!with_setting(base_, name, [](const auto&) {})) fail("the name of a setting, such as " + nearest(name), name);
    if (std::ranges::find(kMeasures, name) != std::end(kMeasures))
      fail("a parameter that leaves alone what trials are compared by", name);
    if (std::ranges::find(names_, name) != names_.end()) fail("each parameter once", name);
    names_.push_back(name);
  }

  /// The value as value_of has it, once the setting has taken it.
  std::string checked(const std::string& name, const std::string& text) const {
    Settings s = base_;
    try {
      set_value(s, name, text);
    } catch (const std::invalid_argument& expected) {
      fail(std::string(expected.what()) + " for " + name, text);
    }
    try {
      validate(s);
    } catch (const data::UsageError& refused) {
      const std::string message = refused.what();
      const std::string found = message.find(", found ") == std::string::npos ? ", found " + data::excerpt(text) : "";
      throw data::DataError(file_ + ":" + std::to_string(line_) + ": " + message + found);
    }
    return value_of(s, name);
  }

  void read_choices(const std::string& range, Parameter& p) const {
    if (range.size() < 2 || range.front() != '[' || range.back() != ']')
      fail("a list such as [a,b] of values for " + p.name, range);
    std::set<std::string> seen;
    for (const std::string& text : elements(range.substr(1, range.size() - 2))) {
      p.choices.push_back(checked(p.name, text));
      if (!seen.insert(p.choices.back()).second) fail("different values for " + p.name, text + " twice");
    }
    if (p.choices.empty()) fail("at least one value for " + p.name, range);
  }

  /// Cuts at commas outside quotes and brackets; quotes around an element are dropped.
  std::vector<std::string> elements(const std::string& list) const {
    std::vector<std::string> out;
    if (list.empty()) return out;
    out.emplace_back();
    Quotes quotes;
    int depth = 0;
    for (const char c : list) {
      const bool outside = quotes.outside(c);
      if (outside && depth == 0 && c == ',') {
        out.emplace_back();
      } else {
        if (outside) depth += (c == '[') - (c == ']');
        out.back() += c;
      }
    }
    for (std::string& e : out) {
      if (e.size() >= 2 && (e[0] == '"' || e[0] == '\'') && e.back() == e[0]) e = e.substr(1, e.size() - 2);
      if (e.empty()) fail("a value between commas", list);
    }
    if (quotes.open != 0 || depth != 0) fail("quotes and brackets that are closed", list);
    return out;
  }

  void read_range(const Line& line, Parameter& p) const {
    Type type = Type::text;
    with_setting(base_, p.name, [&](const auto& member) { type = type_of(member); });
    const bool steps = p.kind == Parameter::Kind::quniform;
    p.whole = type == Type::whole;
    if (type == Type::text) fail("choice for " + p.name + ", which is no number", line.kind);
    if (p.whole && !steps) fail("choice or quniform for " + p.name + ", which is a whole number", line.kind);
    std::vector<double> numbers;
    try {
      data::parse_value(line.range, numbers);
    } catch (const std::invalid_argument&) {
      numbers.clear();
    }
    if (numbers.size() != (steps ? 3 : 2))
      fail((steps ? "low,high,q for " : "low,high for ") + p.name + ", all numbers", line.range);
    p.low = numbers[0], p.high = numbers[1], p.step = steps ? numbers[2] : 0;
    if (p.low > p.high) fail("a low end that is not above the high one", line.range);
    if (steps && !(p.step > 0)) fail("a step q above 0", line.range);
    if (p.whole && p.step != std::floor(p.step)) fail("a whole step q for " + p.name, line.range);
    if (p.whole && std::max({std::abs(p.low), std::abs(p.high), p.step}) > kLargestWhole)
      fail("smaller numbers for " + p.name, line.range);
    for (const double u : {0.0, kLargestDraw}) {
      if (data::is_none(p.at(u))) fail("smaller numbers for " + p.name, line.range);  // what is not finite has no text
      checked(p.name, p.at(u));
    }
  }

  static constexpr double kLargestDraw = 1 - 0x1p-32;
  static constexpr double kLargestWhole = 1e15;  // a double has all whole numbers up to here
  const std::string& file_;
  const Settings& base_;
  std::int64_t line_ = 0;
  std::vector<std::string> names_;
  Space space_;
};

}  // namespace

void set_value(Settings& settings, const std::string& name, const std::string& text) {
  const bool known = with_setting(settings, name, [&](auto& member) {
    auto value = member;
    data::parse_value(text, value);
    member = std::move(value);
  });
  if (!known) throw std::invalid_argument("the name of a setting");
}

std::string value_of(const Settings& settings, const std::string& name) {
  std::string text;
  with_setting(settings, name, [&](const auto& member) {
    const nlohmann::ordered_json j = to_json_value(member);
    text = j.is_null() ? "none" : j.dump();
  });
  std::erase(text, '"');
  return text;
}

std::string Parameter::at(double u) const {
  if (kind == Kind::choice) {
    const auto place = static_cast<std::size_t>(u * static_cast<double>(choices.size()));
    return choices[std::min(place, choices.size() - 1)];
  }
  double x = low + u * (high - low);
  if (kind == Kind::loguniform) x = std::exp(x);
  if (kind == Kind::quniform) x = std::round(x / step) * step;
  return whole ? std::to_string(static_cast<std::int64_t>(x)) : nlohmann::json(x).dump();
}

double Parameter::count() const {
  if (kind == Kind::choice) return static_cast<double>(choices.size());
  if (low == high) return 1;
  return kind == Kind::quniform ? std::round(high / step) - std::round(low / step) + 1
                                : std::numeric_limits<double>::infinity();
}

Settings Space::settings(const Settings& base, const Point& point, std::size_t run) const {
  Settings s = base;
  for (std::size_t k = 0; k < parameters.size(); ++k) set_value(s, parameters[k].name, point[k]);
  if (!seeds.empty()) set_value(s, "seed", seeds[run]);
  return s;
}

Space parse_space(const std::string& text, const std::string& file, const Settings& base) {
  Reader reader(file, base);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) reader.read(line);
  return reader.finish();
}

}  // namespace recvae::tune
