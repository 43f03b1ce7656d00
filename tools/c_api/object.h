// What an object of recvae/c_api.h is inside, and how exceptions become status codes.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "command_line.h"
#include "data/read/matrix.h"
#include "recvae/c_api.h"
#include "recvae/json_value.h"
#include "recvae/settings.h"

namespace recvae::c_api {

using Json = nlohmann::ordered_json;

/// The object is none that does this, or not yet.
class StateError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// What an object is. An unknown name is a StateError.
class Content {
 public:
  virtual ~Content() = default;
  virtual const char* kind() const = 0;                 ///< "a model"
  virtual std::string text(const std::string& name);    ///< see recvae_text
  virtual recvae_array array(const std::string& name);  ///< see recvae_array_of
  virtual void step(recvae_progress& progress);         ///< see recvae_step
};

/// `numbers` as an array of an object.
recvae_array array_of(const std::int32_t* numbers, std::int64_t count);
recvae_array array_of(const std::int64_t* numbers, std::int64_t count);
recvae_array array_of(const float* numbers, std::int64_t rows, std::int64_t cols = 0);
recvae_array array_of(const double* numbers, std::int64_t rows, std::int64_t cols = 0);

}  // namespace recvae::c_api

struct recvae_object {
  std::shared_ptr<recvae::c_api::Content> content{};
  std::string error{}, text{};
  std::vector<std::string> warnings{};
};

namespace recvae::c_api {

/// Stores what went wrong, and returns its status.
int failed(recvae_object* object, int status, const char* what);

/// Does `work`, whose exceptions become a status and a text of `object`.
template <class F>
int guarded(recvae_object* object, const F& work) {
  if (!object) return RECVAE_BAD_STATE;
  try {
    const tools::LogTo log([object](tools::LogLevel level, const std::string& text) {
      if (level == tools::LogLevel::warning) object->warnings.push_back(text);
    });
    work();
    return RECVAE_OK;
  } catch (const data::Stopped& e) {
    return failed(object, RECVAE_STOPPED, e.what());
  } catch (const StateError& e) {
    return failed(object, RECVAE_BAD_STATE, e.what());
  } catch (const std::bad_alloc&) {
    return failed(object, RECVAE_NO_MEMORY, "not enough memory");
  } catch (const data::DataError& e) {
    return failed(object, RECVAE_BAD_DATA, e.what());
  } catch (const std::filesystem::filesystem_error& e) {
    return failed(object, RECVAE_BAD_DATA, e.what());
  } catch (const std::invalid_argument& e) {
    return failed(object, RECVAE_BAD_VALUE, e.what());
  } catch (const std::exception& e) {
    return failed(object, RECVAE_FAILED, e.what());
  } catch (...) {
    return failed(object, RECVAE_FAILED, "an unknown error");
  }
}

/// Fills an empty object with what `make` returns.
template <class F>
int make(recvae_object* object, const F& make) {
  return guarded(object, [&] {
    if (object->content) throw StateError(std::string("expected an empty object, found ") + object->content->kind());
    object->content = make();
  });
}

/// The content of an object that is a T, such as "a model".
template <class T>
std::shared_ptr<T> content(const recvae_object* object, const char* kind) {
  const auto found = object ? std::dynamic_pointer_cast<T>(object->content) : nullptr;
  if (found) return found;
  throw StateError(std::string("expected ") + kind + ", found " +
                   (object && object->content ? object->content->kind() : "an empty object"));
}

/// Throws UsageError, which names `what`, unless the struct is there and of the size that it is here.
template <class T>
const T& checked(const T* given, const char* what) {
  if (!given) throw data::UsageError(std::string(what) + ": expected it, found NULL");
  if (given->size == sizeof(T)) return *given;
  throw data::UsageError(std::string(what) + ": expected a size of " + std::to_string(sizeof(T)) + ", found " +
                         std::to_string(given->size));
}

/// A matrix of another program.
data::Csr rows_of(const recvae_rows* rows, const char* name);

/// An object of JSON, all of whose members are of `known`; NULL is an empty one. Throws UsageError.
nlohmann::json options_of(const char* text, const std::string& what, const std::vector<std::string>& known);
/// Takes the member `name`, if it is there. Throws UsageError, which begins with it.
template <class T>
void take_option(const nlohmann::json& options, const char* name, T& value) {
  const auto it = options.find(name);
  if (it == options.end()) return;
  if (const char* expected = take_value(*it, value))
    throw data::UsageError(std::string(name) + ": expected " + expected + ", found " +
                           (it->is_string() ? data::excerpt(it->get<std::string>()) : it->dump().substr(0, 40)));
}
/// All settings, those of the preset paper where they are not given. Throws UsageError.
Settings settings_of(const char* text);
/// A list of names; NULL: "0", "1", .. Throws UsageError where it has not `count` of them.
std::vector<std::string> tokens_of(const char* text, std::int64_t count, const std::string& what);
/// The same of items, which a model can have: all different.
std::vector<std::string> item_tokens_of(const char* text, std::int64_t count);
/// Of a program's function.
std::function<bool()> stop_of(recvae_stop stop, void* context);

}  // namespace recvae::c_api
