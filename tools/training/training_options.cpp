#include "training_options.h"

#include <ctime>
#include <filesystem>

#include "data/read/input.h"
#include "model_metadata.h"
#include "recbole_keys.h"
#include "recvae/presets.h"
#include "recvae/tune/space.h"

namespace recvae::tools {

void add_training_options(CommandLine& line, TrainingOptions& o) {
  line.ignore(kRecboleKeysWithoutMeaning);
  line.add("preset", &o.preset,
           "paper (default), wsdm, recbole, multvae, multdae: settings that the options below change");
  line.config();
  add_data_options(line, o.data);
  line.group("RecBole's spelling");
  line.recbole_spelling();
  line.group("Model and training");
  const Settings paper;
  Settings::visit(
      [&](const char* name, const char* help, auto& member) {
        line.add(name, &member, std::string(help) + " (paper: " + tune::value_of(paper, name) + ")");
      },
      o.given);
}

void resolve(const CommandLine& line, TrainingOptions& o) {
  line.check([&] {
    o.settings = preset(o.preset);
    take_given(line, o.given, o.settings);
    validate(o.settings);
    if (line.given("data")) data::check_options(o.data);
  });
  if (line.spelled_as_recbole() && !line.given("preset")) log_info("preset: " + o.preset);
}

std::string default_out(const std::string& prefix, const std::string& data_path) {
  const std::string name = data_path == "-" ? "stdin" : data::base_name(data_path);
  const std::time_t now = std::time(nullptr);
  char time[32];
  std::strftime(time, sizeof time, "%Y%m%d-%H%M%S", std::localtime(&now));
  const std::string out = "runs/" + prefix + name.substr(0, name.find('.', 1)) + "-" + time;
  std::string unused = out;
  for (int n = 2; std::filesystem::exists(unused); ++n) unused = out + "-" + std::to_string(n);
  return unused;
}

}  // namespace recvae::tools
