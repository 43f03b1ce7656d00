// What a model of Debian's dependency graph has learned: held-out packages that everybody knows, and a list completed.
#include <cstdio>

#include "autodiff/parallel.h"
#include "command_line.h"
#include "model_metadata.h"
#include "recvae/recvae.h"

namespace recvae::tools {
namespace {

// Looked for among the test users, in this order: the first three that are held out are shown.
constexpr const char* kWellKnown[] = {"blender",
                                      "git",
                                      "firefox-esr",
                                      "gimp",
                                      "vlc",
                                      "inkscape",
                                      "libreoffice-writer",
                                      "emacs-gtk",
                                      "vim-gtk3",
                                      "thunderbird",
                                      "nginx-core",
                                      "postgresql-15",
                                      "mariadb-server",
                                      "apache2-bin",
                                      "openssh-server",
                                      "qemu-system-x86",
                                      "wireshark",
                                      "audacity",
                                      "krita",
                                      "evince",
                                      "nautilus",
                                      "dolphin",
                                      "kate",
                                      "transmission-gtk",
                                      "ffmpeg",
                                      "imagemagick-6.q16",
                                      "gnome-shell",
                                      "plasma-desktop",
                                      "chromium",
                                      "python3-matplotlib",
                                      "python3-pandas",
                                      "r-base-core",
                                      "octave",
                                      "texlive-binaries",
                                      "obs-studio",
                                      "scribus",
                                      "darktable",
                                      "digikam",
                                      "calibre",
                                      "gcc-12",
                                      "clang-14",
                                      "cmake",
                                      "gdb",
                                      "php8.2-cli",
                                      "ruby3.1",
                                      "samba",
                                      "cups-daemon",
                                      "network-manager",
                                      "remmina",
                                      "mpv"};
constexpr std::size_t kShown = 3;
constexpr std::int64_t kListed = 10;

// The real use: dependencies as somebody would type them, to be completed.
constexpr const char* kTyped[] = {"python3-numpy", "python3-scipy", "python3-matplotlib", "python3-pandas", "python3"};

/// "a, b, c", in lines of about 100 columns under a label of 14.
std::string join(const std::vector<std::string>& names) {
  constexpr std::size_t kIndent = 14, kWidth = 100;
  std::string text;
  std::size_t column = kIndent;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (column + names[k].size() > kWidth && column > kIndent) {
      text += "\n" + std::string(kIndent, ' ');
      column = kIndent;
    }
    text += names[k] + (k + 1 < names.size() ? ", " : "");
    column += names[k].size() + 2;
  }
  return text.empty() ? "-" : text;
}

std::vector<std::vector<Scored>> best_of(Scorer& scorer, const data::Csr& histories) {
  std::vector<std::vector<Scored>> lists;
  recommend(scorer, histories, kListed, {.history = true},
            [&](std::int64_t, std::span<const Scored> best) { lists.emplace_back(best.begin(), best.end()); });
  return lists;
}

data::Csr rows_of(const data::Csr& m, const std::vector<std::int64_t>& rows) {
  data::Csr out;
  out.cols = m.cols;
  for (std::int64_t r : rows) out.append(m.row(r));
  return out;
}

void demo(CommandLine& line) {
  data::DataOptions options;
  std::string model_path;
  line.describe("Shows what a model of `recvae_train --data demo` recovers of packages that it has never seen.");
  line.add("model", &model_path, "model.safetensors");
  add_data_options(line, options);
  if (!line.parse()) return;
  line.require("model");
  line.require("data");
  ad::set_threads(line.threads());
  const LoadedModel loaded = load_model(model_path, Load::model);
  fetch_text(options);
  apply_data_metadata(loaded.settings, line, options);
  const data::Dataset data = data::load(options);
  if (loaded.item_tokens != data.item_tokens) {
    throw data::DataError(model_path +
                          ": the model's items do not match the data: the package lists have changed, train again");
  }

  std::vector<std::int64_t> shown;
  for (const char* name : kWellKnown) {
    const auto it = std::find(data.test.user_tokens.begin(), data.test.user_tokens.end(), name);
    const std::int64_t row = it - data.test.user_tokens.begin();
    if (it == data.test.user_tokens.end() || data.test.targets.row(row).empty()) continue;
    shown.push_back(row);
    if (shown.size() == kShown) break;
  }
  const std::unique_ptr<Scorer> model = model_scorer(loaded.model),
                                popularity = make_baseline("popularity", data.train);
  const data::Csr histories = rows_of(data.test.history, shown), targets = rows_of(data.test.targets, shown);
  const auto by_model = best_of(*model, histories), by_popularity = best_of(*popularity, histories);
  const auto name = [&](std::int32_t item) { return data.item_tokens[static_cast<std::size_t>(item)]; };
  std::printf(
      "Well-known packages among the held-out test users: of the hidden fifth of their dependencies, what is in a list "
      "of %lld?\n",
      static_cast<long long>(kListed));
  for (std::size_t k = 0; k < shown.size(); ++k) {
    const auto row = static_cast<std::int64_t>(k);
    const auto split = [&](const std::vector<Scored>& list) {
      std::vector<std::string> found, missed;
      for (std::int32_t t : targets.row(row)) {
        const bool hit = std::any_of(list.begin(), list.end(), [&](const Scored& s) { return s.item == t; });
        (hit ? found : missed).push_back(name(t));
      }
      return std::pair(join(found), join(missed));
    };
    std::vector<std::string> given, popular;
    for (const Scored& s : by_popularity[k]) popular.push_back(name(s.item));
    for (std::int32_t item : histories.row(row)) given.push_back(name(item));
    const auto [found, missed] = split(by_model[k]);
    const auto [popular_found, popular_missed] = split(by_popularity[k]);
    std::printf("\n%s\n  given       %s\n  recovered   %s\n  missed      %s\n  popularity  %s\n   recovered  %s\n",
                data.test.user_tokens[static_cast<std::size_t>(shown[k])].c_str(), join(given).c_str(), found.c_str(),
                missed.c_str(), join(popular).c_str(), popular_found.c_str());
  }

  data::Csr typed;
  typed.cols = data.train.cols;
  std::vector<std::string> known;
  std::vector<std::int32_t> items;
  for (const char* token : kTyped) {
    const auto it = std::find(data.item_tokens.begin(), data.item_tokens.end(), token);
    if (it == data.item_tokens.end()) continue;
    known.push_back(token);
    items.push_back(static_cast<std::int32_t>(it - data.item_tokens.begin()));
  }
  std::sort(items.begin(), items.end());
  typed.append(items);
  std::vector<std::string> completed;
  const auto completion = best_of(*model, typed);
  for (const Scored& s : completion[0]) completed.push_back(name(s.item));
  std::printf("\nA new package\n  depends on  %s\n  and likely  %s\n", join(known).c_str(), join(completed).c_str());
}

}  // namespace
}  // namespace recvae::tools

int main(int argc, char** argv) { return recvae::tools::run_command("recvae_demo", argc, argv, recvae::tools::demo); }
