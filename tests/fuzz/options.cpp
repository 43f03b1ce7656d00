// Options and metadata, a line each: a JSON object is a model's settings; `metrics A,B 5,10`; else words of data
// options.
#include "data_input.h"
#include "recvae/evaluate/metrics.h"
#include "recvae/settings.h"

using namespace recvae;
using namespace recvae::test;

namespace {

std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) list.emplace_back(cut(text, ","));
  return list;
}

void read_settings(const std::string& text) {
  Settings settings;
  try {
    settings = settings_from_json(text);
  } catch (const std::runtime_error& e) {  // load_model names the file and makes an ad::Error of it
    throw ad::Error(e.what());
  }
  validate(settings);
  const std::string written = to_json(settings);
  promise(to_json(settings_from_json(written)) == written, "settings survive their JSON");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  for (std::string_view text = as_text(bytes, size); !text.empty();) {
    std::string_view line = cut(text, "\n");
    if (line.starts_with('{')) {
      survives([&] { read_settings(std::string(line)); });
    } else if (line.starts_with("metrics ")) {
      cut(line, " ");
      survives([&] {
        const std::vector<std::string> names = list_of(cut(line, " "));
        std::vector<std::int64_t> topk;
        for (const std::string& k : list_of(line)) topk.push_back(std::strtoll(k.c_str(), nullptr, 10));
        parse_metrics(names, topk);
      });
    } else {
      data::DataOptions options;
      options.path = "x";
      while (!line.empty()) {
        std::string_view value = cut(line, " ");
        const std::string_view key = cut(value, "=");
        set_option(options, key, value);
      }
      survives([&] { data::check_options(options); });
      survives([&] { data::check_options(options, false); });
    }
  }
  return 0;
}
