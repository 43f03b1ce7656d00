// Settings in a YAML file, as recvae_train reads them; what was read is written and read again.
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "config_file.h"
#include "data_input.h"
#include "tools/common/model_metadata.h"
#include "tools/recbole/keys.h"
#include "tools/training/run_config.h"

using namespace recvae;
using namespace recvae::test;

namespace {

/// The run that a file describes, settings checked, as YAML.
std::string run_of(const std::string& file) {
  std::string arguments[] = {"fuzz", "--quiet", "--config", file};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), arguments[3].data()};
  tools::RunConfig run;
  Settings given;
  tools::CommandLine line("fuzz", 4, argv);
  line.dialect(tools::recbole_dialect());
  line.config();
  line.recbole_spelling();
  tools::add_data_options(line, run.data);
  Settings::visit([&](const char* name, const char* help, auto& member) { line.add(name, &member, help); }, given);
  line.parse();
  line.check([&] {
    tools::take_given(line, given, run.settings);
    validate(run.settings);
  });
  return tools::config_text(run);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string file = folder().write("x.yaml", std::string(as_text(bytes, size)));
  survives([&] {
    nlohmann::ordered_json j = nlohmann::ordered_json::object();
    const std::vector<tools::ConfigEntry> read = tools::read_config(file);
    for (const tools::ConfigEntry& e : read) {
      j.push_back({e.key, e.is_null ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(e.value)});
    }
    const std::vector<tools::ConfigEntry> again =
        tools::read_config(folder().write("again.yaml", tools::config_text(j)));
    const auto equal = [](const auto& a, const auto& b) {
      return a.key == b.key && a.value == b.value && a.is_null == b.is_null;
    };
    promise(std::ranges::equal(read, again, equal), "texts survive being written");
  });
  survives([&] {
    const std::string run = run_of(file);
    promise(run_of(folder().write("again.yaml", run)) == run, "a run survives being written");
  });
  return 0;
}
