#include <unordered_set>

#include "../error.h"
#include "readers.h"

namespace recvae::data {
namespace {

constexpr std::size_t kLongestField = std::size_t{1} << 24;

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The part of `text` up to `separator`, which it loses.
std::string_view cut(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

}  // namespace

void read_dumpavail(TextSource& text, InteractionBuilder& out) {
  Vocabulary names;  // of both sides, to tell pairs apart
  std::unordered_set<std::uint64_t> seen;
  std::string package, depends;
  bool any = false, in_depends = false;

  const auto finish_package = [&] {
    std::string_view list = depends;
    while (!package.empty() && !list.empty()) {
      const std::string_view clause = cut(list, ',');
      const std::string_view first = without_blanks(clause.substr(0, clause.find('|')));
      const std::string_view name = first.substr(0, first.find_first_of(" \t:([<"));  // version, architecture
      if (name.empty()) continue;
      const std::uint64_t from = static_cast<std::uint32_t>(names.add(package));
      const std::uint64_t to = static_cast<std::uint32_t>(names.add(name));
      if (seen.insert(from << 32 | to).second) out.add(package, name);
    }
    package.clear();
    depends.clear();
  };

  std::string_view line;
  while (text.next(line)) {
    if (line.empty()) {
      finish_package();
      in_depends = false;
    } else if (line[0] == ' ' || line[0] == '\t') {  // goes on with the field of the line before
      if (in_depends) depends += line;
      if (depends.size() > kLongestField)
        throw error_at(text.name(), text.line(), "a shorter Depends", "more than 16 MiB");
    } else {
      in_depends = line.starts_with("Depends:");
      if (in_depends) depends = line.substr(8);
      if (line.starts_with("Package:")) {
        package = without_blanks(line.substr(8));
        any = true;
      }
    }
  }
  finish_package();
  if (!any) throw DataError(text.name() + ": expected lines that begin with 'Package:', found none");
}

}  // namespace recvae::data
