#include "data.h"

#include "data/load.h"
#include "data_summary.h"
#include "recvae/model_file.h"

namespace recvae::c_api {
namespace {

/// A part of a data set by its name: "train", "test.hidden". Null: there is none of that name.
const data::Csr* part_of(const data::Dataset& d, const std::string& name) {
  if (name == "train") return &d.train;
  if (name == "train_and_validation") return &d.train_and_validation;
  for (const auto& [part, held_out] : {std::pair{"validation.", &d.validation}, {"test.", &d.test}}) {
    if (name == std::string(part) + "shown") return &held_out->history;
    if (name == std::string(part) + "hidden") return &held_out->targets;
    if (name == std::string(part) + "masked") return &held_out->masked;
  }
  return nullptr;
}

data::DataOptions data_options(const char* text) {
  data::DataOptions options;
  std::vector<std::string> known{"text"};
  data::DataOptions::visit([&](const data::Option& option, const auto&) { known.emplace_back(option.name); }, options);
  const nlohmann::json given = options_of(text, "option of the data", known);
  data::DataOptions::visit(
      [&](const data::Option& option, auto& value) {
        if constexpr (std::is_same_v<std::remove_reference_t<decltype(value)>,
                                     std::string>) {  // a moment may be a number
          if (const auto it = given.find(option.name); it != given.end() && it->is_number())
            return void(value = it->dump());
        }
        take_option(given, option.name, value);
      },
      options);
  if (given.contains("text")) {
    std::string table;
    take_option(given, "text", table);
    options.path = "-";
    options.text = [table = std::move(table)] { return data::TextSource::from_text(table, "table"); };
  }
  return options;
}

}  // namespace

std::string DataSet::text(const std::string& name) {
  const data::Dataset& d = *dataset_;
  const auto list = [](const std::vector<std::string>& tokens) {
    return nlohmann::json(tokens).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  if (name == "item_tokens") return list(d.item_tokens);
  if (name == "user_tokens") return list(d.user_tokens);
  if (name == "validation.user_tokens") return list(d.validation.user_tokens);
  if (name == "test.user_tokens") return list(d.test.user_tokens);
  if (name == "summary") return tools::summary_json(d.summary);
  if (name == "strong") return d.strong ? "true" : "false";
  return Content::text(name);
}

recvae_array DataSet::array(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot != std::string::npos) {
    const std::string column = name.substr(dot + 1);
    if (const data::Csr* part = part_of(*dataset_, name.substr(0, dot))) {
      if (column == "indptr") return array_of(part->indptr.data(), std::ssize(part->indptr));
      if (column == "indices") return array_of(part->items.data(), static_cast<std::int64_t>(part->items.size()));
    }
  }
  return Content::array(name);
}

}  // namespace recvae::c_api

using namespace recvae;
using namespace recvae::c_api;

extern "C" int recvae_read(recvae_object* data, const char* options, recvae_stop stop, void* context) {
  return make(data, [&] {
    data::DataOptions o = data_options(options);
    if (o.path == "-" && !o.text) throw data::UsageError("data: expected a file or a directory, found -");
    if (o.path == "demo") tools::fetch_text(o);
    o.stop = stop_of(stop, context);
    data::Dataset set = data::load(o);
    tools::log_summary(set.summary);
    check_item_tokens(o.path, set.item_tokens);
    o.stop = nullptr;
    o.text = nullptr;
    o.progress = nullptr;
    return std::make_shared<DataSet>(std::move(set), std::move(o));
  });
}
