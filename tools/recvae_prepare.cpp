#include "command_line.h"
#include "data/data.h"
#include "data_summary.h"

namespace {

void prepare(recvae::tools::CommandLine& line) {
  recvae::data::DataOptions options;
  std::string out;
  line.describe(
      "Splits interactions and writes what training on them with the same options would use.\n\n"
      "Users held out (--split strong, or time with --time_users new): the files of RecVAE's authors, train.csv, "
      "validation_tr.csv, validation_te.csv, test_tr.csv, test_te.csv, unique_sid.txt, unique_uid.txt.\n"
      "Rows held out (--split ratio, loo, time): OUT/NAME.train.inter, OUT/NAME.valid.inter, OUT/NAME.test.inter, as "
      "RecBole's benchmark_filename takes them; NAME is OUT's last name.");
  line.add("out", &out, "directory to write; must be new or empty");
  recvae::tools::add_data_options(line, options, recvae::tools::DataUse::splitting);
  if (!line.parse()) return;
  line.require("data");
  line.require("out");
  recvae::data::check_options(options);
  recvae::tools::fetch_text(options);
  const auto summary = recvae::data::prepare(options, out);
  recvae::tools::log_summary(summary);
}

}  // namespace

int main(int argc, char** argv) { return recvae::tools::run_command("recvae_prepare", argc, argv, prepare); }
