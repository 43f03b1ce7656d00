#include "object.h"

#include <algorithm>

#include "autodiff/parallel.h"
#include "data/vocabulary.h"
#include "recvae/model_file.h"
#include "recvae/presets.h"
#include "training/training_run.h"

namespace recvae::c_api {

std::string Content::text(const std::string& name) {
  throw StateError(std::string(kind()) + " has no text " + data::excerpt(name));
}

recvae_array Content::array(const std::string& name) {
  throw StateError(std::string(kind()) + " has no numbers " + data::excerpt(name));
}

void Content::step(recvae_progress&) {
  throw StateError(std::string("expected a training run or an evaluation, found ") + kind());
}

namespace {

recvae_array array_of_type(const void* numbers, int type, std::int64_t rows, std::int64_t cols) {
  return {sizeof(recvae_array), numbers, type, cols > 0 ? 2 : 1, {rows, cols}};
}

}  // namespace

recvae_array array_of(const std::int32_t* numbers, std::int64_t count) {
  return array_of_type(numbers, RECVAE_I32, count, 0);
}
recvae_array array_of(const std::int64_t* numbers, std::int64_t count) {
  return array_of_type(numbers, RECVAE_I64, count, 0);
}
recvae_array array_of(const float* numbers, std::int64_t rows, std::int64_t cols) {
  return array_of_type(numbers, RECVAE_F32, rows, cols);
}
recvae_array array_of(const double* numbers, std::int64_t rows, std::int64_t cols) {
  return array_of_type(numbers, RECVAE_F64, rows, cols);
}

int failed(recvae_object* object, int status, const char* what) {
  try {
    object->error = what;
  } catch (const std::bad_alloc&) {
    object->error.clear();
    return RECVAE_NO_MEMORY;
  }
  return status;
}

data::Csr rows_of(const recvae_rows* rows, const char* name) {
  const recvae_rows& r = checked(rows, name);
  const auto type = [](std::int32_t number) { return static_cast<data::NumberType>(number); };
  return data::read_matrix({r.rows, r.cols, r.entries, r.indptr, type(r.indptr_type), r.indices, type(r.indices_type),
                            r.values, type(r.values_type), r.first_row},
                           r.name ? r.name : name);
}

nlohmann::json options_of(const char* text, const std::string& what, const std::vector<std::string>& known) {
  if (!text) return nlohmann::json::object();
  nlohmann::json j = nlohmann::json::parse(text, nullptr, false);
  if (!j.is_object()) throw data::UsageError(what + ": expected a JSON object, found " + data::excerpt(text));
  for (const auto& member : j.items()) {
    const std::string& name = member.key();
    if (std::ranges::find(known, name) != known.end()) continue;
    const auto nearest =
        std::ranges::min_element(known, {}, [&](const std::string& k) { return data::name_distance(name, k); });
    throw data::UsageError("unknown " + what + " " + data::excerpt(name) + ", did you mean " + *nearest + "?");
  }
  return j;
}

Settings settings_of(const char* text) {
  std::vector<std::string> known;
  Settings settings;
  Settings::visit([&](const char* name, const char*, const auto&) { known.emplace_back(name); }, settings);
  const nlohmann::json given = options_of(text, "setting", known);
  Settings::visit([&](const char* name, const char*, auto& value) { take_option(given, name, value); }, settings);
  validate(settings);
  return settings;
}

std::vector<std::string> tokens_of(const char* text, std::int64_t count, const std::string& what) {
  std::vector<std::string> tokens;
  if (!text) {
    tokens.reserve(data::as_size(count));
    for (std::int64_t k = 0; k < count; ++k) tokens.push_back(std::to_string(k));
    return tokens;
  }
  const nlohmann::json j = nlohmann::json::parse(text, nullptr, false);
  if (take_value(j, tokens)) throw data::UsageError(what + ": expected a JSON list of texts");
  if (std::ssize(tokens) == count) return tokens;
  throw data::UsageError(what + ": expected " + std::to_string(count) + ", found " + std::to_string(tokens.size()));
}

std::vector<std::string> item_tokens_of(const char* text, std::int64_t count) {
  std::vector<std::string> tokens = tokens_of(text, count, "item_ids");
  try {
    check_item_tokens("item_ids", tokens);
  } catch (const ad::Error& error) {
    throw data::UsageError(error.what());
  }
  data::Vocabulary distinct;
  for (const std::string& token : tokens) {
    if (const std::int32_t known = distinct.size(); distinct.add(token) != known)
      throw data::UsageError("item_ids: expected different names, found " + data::excerpt(token) + " twice");
  }
  return tokens;
}

std::function<bool()> stop_of(recvae_stop stop, void* context) {
  if (!stop) return {};
  return [stop, context] { return stop(context) != 0; };
}

namespace {

/// A text that needs no data: what settings and options there are.
std::string general_text(const std::string& name) {
  Json list = Json::array();
  const std::string settings = "settings ";
  if (name.starts_with(settings)) {
    Settings s = preset(name.substr(settings.size()));
    Settings::visit(
        [&](const char* setting, const char* help, const auto& value) {
          list.push_back({{"name", setting}, {"help", help}, {"value", to_json_value(value)}});
        },
        s);
  } else if (name == "data options") {
    data::DataOptions options;
    data::DataOptions::visit(
        [&](const data::Option& option, const auto&) {
          list.push_back({{"name", option.name}, {"help", option.help}});
        },
        options);
  } else {
    throw StateError("an empty object has no text " + data::excerpt(name));
  }
  return list.dump();
}

}  // namespace
}  // namespace recvae::c_api

using namespace recvae;
using namespace recvae::c_api;

extern "C" {

const char* recvae_version(int32_t* abi_version) {
  static const std::string version = tools::engine_identity();
  if (abi_version) *abi_version = RECVAE_ABI_VERSION;
  return version.c_str();
}

int32_t recvae_threads(int32_t count) {
  try {
    if (count >= 0) ad::set_threads(count);
    return ad::threads();
  } catch (const std::exception&) {
    return -1;
  }
}

recvae_object* recvae_new(void) { return new (std::nothrow) recvae_object; }

void recvae_free(recvae_object* object) { delete object; }

const char* recvae_error(const recvae_object* object) {
  return object ? object->error.c_str() : "expected an object, found NULL";
}

int recvae_text(recvae_object* object, const char* name, const char** text) {
  return guarded(object, [&] {
    if (!name || !text) throw data::UsageError("expected a name and a place for the text, found NULL");
    object->text = std::string(name) == "warnings" ? Json(std::exchange(object->warnings, {})).dump()
                   : object->content               ? object->content->text(name)
                                                   : general_text(name);
    *text = object->text.c_str();
  });
}

int recvae_array_of(recvae_object* object, const char* name, recvae_array* array) {
  return guarded(object, [&] {
    if (!name) throw data::UsageError("expected a name, found NULL");
    checked(array, "array");
    *array = content<Content>(object, "an object with numbers")->array(name);
  });
}

int recvae_step(recvae_object* object, recvae_progress* progress) {
  return guarded(object, [&] {
    checked(progress, "progress");
    *progress = {};
    progress->size = sizeof(recvae_progress);
    content<Content>(object, "a training run or an evaluation")->step(*progress);
  });
}
}
