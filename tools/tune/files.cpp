#include "files.h"

#include <filesystem>

#include "../training/run_config.h"
#include "command_line.h"
#include "nn/atomic_file.h"
#include "recvae/tune/table.h"
#include "search_page.h"

namespace recvae::tools {
namespace {

constexpr const char* kLog = "/trials.jsonl";

}  // namespace

SearchLog read_search(const std::string& folder) {
  SearchLog log;
  const std::string path = folder + kLog;
  if (!std::filesystem::exists(path))
    throw data::DataError(folder + ": expected a search to go on with, found no trials.jsonl");
  data::TextSource lines = open_text(path);
  for (std::string_view line; lines.next(line);) {
    try {
      if (lines.line() == 1)
        std::tie(log.setup, log.data) = setup_from_json(std::string(line));
      else
        log.records.push_back(tune::record_from_json(std::string(line)));
    } catch (const std::runtime_error& error) {
      throw data::DataError(path + ":" + std::to_string(lines.line()) + ": " + error.what());
    }
  }
  if (lines.line() == 0) throw data::DataError(path + ": expected a search, found nothing");
  return log;
}

SearchFiles::SearchFiles(std::string folder, const SearchLog& log, const tune::Search& search,
                         const std::vector<Metric>& metrics)
    : folder_(std::move(folder)),
      log_text_(to_json(log.setup, log.data) + "\n"),
      setup_(log.setup),
      search_(search),
      metrics_(metrics) {
  for (const tune::Record& r : log.records) log_text_ += tune::to_json(r) + "\n";
}

void SearchFiles::add(const tune::Record& record) {
  log_text_ += tune::to_json(record) + "\n";
  write_all();
}

void SearchFiles::write_all() const {
  write(kLog, log_text_);
  write("/trials.tsv", tune::trials_table(search_, metrics_));
  if (!search_.plan().space.seeds.empty()) write("/settings.tsv", tune::settings_table(search_, metrics_));
  if (const std::optional<std::size_t> best = search_.best()) {
    RunConfig run;
    run.data = setup_.data;
    run.settings = search_.plan().settings(*best * search_.plan().space.runs());
    write("/config.yaml", config_text(run));
  }
  write("/tune.html", search_page(setup_, search_, metrics_));
}

void SearchFiles::write(const std::string& name, const std::string& text) const {
  ad::nn::AtomicFile file(folder_ + name);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace recvae::tools
