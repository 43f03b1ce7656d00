#include "command_line.h"
#include "data/data.h"

namespace {

void prepare(recvae::tools::CommandLine& line) {
  recvae::data::DataOptions options;
  std::string out;
  line.describe("Splits interactions by users, as RecVAE's authors do, and writes the prepared directory.");
  line.add("out", &out, "directory to write; must be new or empty");
  recvae::tools::add_data_options(line, options, recvae::tools::DataUse::splitting);
  if (!line.parse()) return;
  line.require("data");
  line.require("out");
  recvae::data::check_options(options);
  recvae::tools::fetch_text(options);
  const auto summary = recvae::data::prepare(options, out, recvae::tools::stop_requested);
  recvae::tools::log_info(describe(summary));
}

}  // namespace

int main(int argc, char** argv) { return recvae::tools::run_command("recvae_prepare", argc, argv, prepare); }
