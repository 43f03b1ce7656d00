// Command lines of recvae_train, and what a model's metadata add to them: the first line of an input is the metadata,
// the others are arguments.
#include "command_line.h"
#include "data_input.h"
#include "tools/common/model_metadata.h"
#include "tools/recbole/keys.h"

using namespace recvae;
using namespace recvae::test;

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::string_view text = as_text(bytes, size);
  const std::string metadata(cut(text, "\n"));
  std::vector<std::string> arguments{"fuzz", "--quiet"};
  while (!text.empty()) {
    std::string argument(cut(text, "\n"));
    std::replace(argument.begin(), argument.end(), '\0', ' ');  // no argument has one
    if (!argument.starts_with("--help") && !argument.starts_with("--version") && argument != "-h") {
      arguments.push_back(std::move(argument));
    }
  }
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());

  static const std::string table = folder().write("x.csv", "userId,movieId\n1,2\n");
  survives([&] {
    data::DataOptions options;
    Settings given, settings;
    tools::CommandLine line("fuzz", static_cast<int>(argv.size()), argv.data());
    line.dialect(tools::recbole_dialect());
    tools::add_data_options(line, options);
    Settings::visit([&](const char* name, const char* help, auto& member) { line.add(name, &member, help); }, given);
    if (!line.parse()) return;
    options.path = table;
    tools::take_given(line, given, settings);
    validate(settings);
    data::check_options(options, false);
    tools::apply_data_metadata("m", metadata, line, options);
    data::check_options(options);
    const std::string written = tools::settings_metadata(settings, options);
    data::DataOptions read;
    read.path = table;
    std::string program = "fuzz";
    char* alone[] = {program.data()};
    tools::CommandLine nothing("fuzz", 1, alone);
    nothing.parse();
    tools::apply_data_metadata("m", written, nothing, read);
    promise(tools::settings_metadata(settings, read) == written, "options survive a model's metadata");
  });
  return 0;
}
