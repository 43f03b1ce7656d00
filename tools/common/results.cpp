#include "results.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>

#include "autodiff/kernels/blas.h"
#include "autodiff/kernels/loops.h"
#include "autodiff/parallel.h"
#include "command_line.h"
#include "nn/atomic_file.h"

namespace fs = std::filesystem;

namespace recvae::tools {
namespace {

std::string digits17(double number) { return formatted("%.17g", number); }

std::string json_number(double number) { return std::isfinite(number) ? digits17(number) : "null"; }

/// `"label": text(m)` of each metric, in braces.
template <class Text>
std::string json_object(const std::vector<Metric>& metrics, const Text& text) {
  std::string object;
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    object += (m == 0 ? "\"" : ", \"") + metrics[m].label() + "\": " + text(m);
  }
  return "{" + object + "}";
}

}  // namespace

std::string engine() {
  std::string text = ad::blas::description() + ", " + std::to_string(ad::threads()) + " threads";
  if (ad::kernels::level() == ad::kernels::Level::portable) text += ", portable loops";
  if (ad::blas::kernels_are_narrower_than_processor()) {
    text += " (slower than this " + std::string(ad::kernels::name(ad::kernels::level())) +
            " processor allows: OpenBLAS took kernels for narrower vectors, as OPENBLAS_CORETYPE can make it)";
  }
  return text;
}

void print_metrics(const std::vector<Metric>& metrics, const std::vector<double>& means, const std::string& who) {
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    std::printf("%s%s%s:\t%.4f\n", who.c_str(), who.empty() ? "" : " ", metrics[m].label().c_str(), means[m]);
  }
  std::fflush(stdout);
}

void print_report(const std::vector<Metric>& metrics, const Report& report) {
  print_metrics(metrics, report.means);
  for (std::size_t m = 0; m < report.intervals.size(); ++m) {
    const Interval& i = report.intervals[m];
    if (!std::isnan(i.low)) std::printf("interval %s:\t%.4f\t%.4f\n", metrics[m].label().c_str(), i.low, i.high);
  }
  if (!report.compared_means.empty()) print_metrics(metrics, report.compared_means, "compared");
  for (std::size_t m = 0; m < report.differences.size(); ++m) {
    const Difference& d = report.differences[m];
    std::printf("difference %s:\t%.4f", metrics[m].label().c_str(), d.mean);
    if (!std::isnan(d.p)) std::printf("\t%.4f\t%.4f\t%.4f", d.interval.low, d.interval.high, d.p);
    std::printf("\n");
  }
}

void print_json(const std::vector<Metric>& metrics, const Report& report) {
  std::string text = json_object(metrics, [&](std::size_t m) { return json_number(report.means[m]); });
  const auto append = [&](const char* key, const std::string& object) {
    text.pop_back();
    text += std::string(", \"") + key + "\": " + object + "}";
  };
  if (!report.intervals.empty()) {
    append("intervals", json_object(metrics, [&](std::size_t m) {
             return "[" + json_number(report.intervals[m].low) + ", " + json_number(report.intervals[m].high) + "]";
           }));
  }
  if (!report.compared_means.empty()) {
    append("compared", json_object(metrics, [&](std::size_t m) { return json_number(report.compared_means[m]); }));
    append("differences", json_object(metrics, [&](std::size_t m) {
             const Difference& d = report.differences[m];
             return "{\"mean\": " + json_number(d.mean) + ", \"low\": " + json_number(d.interval.low) +
                    ", \"high\": " + json_number(d.interval.high) + ", \"p\": " + json_number(d.p) + "}";
           }));
  }
  std::printf("%s\n", text.c_str());
}

std::string score_text(float score) {
  char text[32];
  return {text, std::to_chars(text, std::end(text), score, std::chars_format::general, 9).ptr};
}

void with_complaint(const Catalogue& catalogue, const std::function<void()>& work) {
  const auto complain = [&] {
    if (const std::string complaint = catalogue.complaint(); !complaint.empty()) log_warning(complaint);
  };
  try {
    work();
  } catch (...) {
    complain();
    throw;
  }
  complain();
}

std::unordered_map<std::string, std::string> read_item_names(const std::string& path) {
  std::unordered_map<std::string, std::string> names;
  data::TextSource text = open_text(path);
  for (std::string_view line; text.next(line);) {
    if (line.empty()) continue;
    const std::size_t tab = line.find('\t');
    if (tab == line.npos) throw data::error_at(path, text.line(), "token<TAB>name", data::excerpt(line));
    const std::string_view name = line.substr(tab + 1);
    names[std::string(line.substr(0, tab))] = name.substr(0, name.find('\t'));
  }
  return names;
}

void require_no_tabs(const std::string& path, const std::vector<std::string>& tokens) {
  for (const std::string& token : tokens) {
    if (token.find_first_of("\t\n\r") != token.npos)
      throw data::DataError(path + ": expected ids without tabs and line breaks, found " + data::excerpt(token));
  }
}

void check_per_user(const std::string& path, const std::string& data, const std::vector<std::string>& user_tokens) {
  const fs::path folder = fs::absolute(path).parent_path();
  if (!fs::is_directory(folder))
    throw data::DataError(path + ": expected a folder " + folder.string() + ", found none");
  require_no_tabs(data, user_tokens);
}

void write_per_user(const std::string& path, const std::vector<std::string>& user_tokens,
                    const std::vector<Metric>& metrics, const Evaluation& evaluation) {
  std::string text = "user";
  for (const Metric& m : metrics) text += "\t" + m.label();
  text += '\n';
  for (std::size_t u = 0; u < evaluation.rows.size(); ++u) {
    text += user_tokens[static_cast<std::size_t>(evaluation.rows[u])];
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      const UserValue& v = evaluation.value(u, m);
      text += "\t" + (v.weight > 0 ? digits17(v.value) : "");
    }
    text += '\n';
  }
  ad::nn::write_file(path, text);
}

}  // namespace recvae::tools
