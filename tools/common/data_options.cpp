#include "command_line.h"

namespace recvae::tools {
namespace {

/// A check: a list that is given has elements.
template <class T>
void not_empty(const T&) {}
template <class T>
void not_empty(const std::vector<T>& list) {
  if (list.empty()) throw std::invalid_argument("numbers");
}

}  // namespace

void add_data_options(CommandLine& line, data::DataOptions& options, DataUse use) {
  using data::OptionUse;
  const char* title = "";
  data::DataOptions::visit(
      [&](const data::Option& option, auto& member) {
        if (use == DataUse::histories && option.use > OptionUse::filter) return;
        if (use == DataUse::splitting && option.use > OptionUse::seed) return;
        const char* group = option.use == OptionUse::source   ? "Data"
                            : option.use == OptionUse::filter ? "Filters"
                                                              : "Split";
        if (group != title) line.group(title = group);
        line.add(option.name, &member, option.help, [](const auto& value) { not_empty(value); });
      },
      options);
  line.group("Options");
}

}  // namespace recvae::tools
