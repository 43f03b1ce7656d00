#include "tools/report/run_report.h"

#include <doctest/doctest.h>

#include "data/data.h"
#include "recvae/fit.h"
#include "support/temp_dir.h"

using namespace recvae;
using namespace recvae::tools::report;

namespace {

/// 40 users of which each has five items in a row of 30, the first of which is markup.
std::string table() {
  std::string text = "userId,movieId\n";
  for (int user = 0; user < 40; ++user) {
    for (int k = 0; k < 5; ++k) {
      const int item = (user * 3 + k) % 30;
      text += std::to_string(user) + "," + (item == 0 ? "<script>" : "item" + std::to_string(item)) + "\n";
    }
  }
  return text;
}

bool has(const std::string& html, const std::string& what) { return html.find(what) != html.npos; }

/// A run of a fresh model, whose report is written.
struct Run {
  test::TempDir dir;
  data::DataOptions options;
  Settings settings;
  RunReport texts;

  Run() {
    options.path = dir.write("rows.csv", table());
    options.heldout_users = 8;
    settings.hidden_dimension = 8;
    settings.latent_dimension = 4;
    texts.title = "rows.csv";
    texts.valid_metric = "ndcg@100";
    texts.best_epoch = 1;
  }
  std::string html(bool with_test = true) {
    data::Dataset data = data::load(options);
    if (!with_test) data.test = {};
    const MetricContext context = metric_context(data, settings);
    const std::string metrics = dir.write("metrics.jsonl", "{\"epoch\":1,\"train_mll\":-3,\"seconds\":1}\n");
    const std::string path = dir.path("report.html");
    write_run_report(path, texts,
                     {data,
                      options,
                      initial_model(settings, data.item_tokens).model,
                      settings,
                      context,
                      metrics,
                      {{"item7", "Seven & more"}}});
    return test::read_file(path);
  }
};

}  // namespace

TEST_CASE("write_run_report: what the data and the model say") {
  Run run;
  const std::string html = run.html();
  for (const char* what : {"Seven &amp; more", "&lt;script&gt;", "200 rows read; 40 users, 30 items.", "heldout_users",
                           "paper: 600", "top 20", "User ", "RecVAE recommends"}) {
    CAPTURE(what);
    CHECK(has(html, what));
  }
  CHECK(!has(html, ">item7<"));
  CHECK(!has(html, "ratios"));  // not given
  CHECK(html == run.html());
}

TEST_CASE("write_run_report: metrics that no user has are replaced in the breakdown") {
  Run run;
  run.settings.valid_metric = "itemcoverage@10";
  run.settings.metrics = {"gauc", "hit@5"};
  const std::string html = run.html();
  CHECK(has(html, "<figcaption>hit@5 "));
  CHECK(has(html, "top 5"));
}

TEST_CASE("write_run_report: without a test part") {
  Run run;
  const std::string html = run.html(false);
  CHECK(has(html, "id=\"curves\""));
  CHECK(!has(html, "id=\"activity\""));
  CHECK(!has(html, "id=\"examples\""));
}

TEST_CASE("write_run_report: a file that is missing is named") {
  const test::TempDir dir;
  const data::Dataset data;
  const MetricContext context;
  CHECK_THROWS_WITH_AS(write_run_report(dir.path("r.html"), {}, {data, {}, {}, {}, context, dir.path("none.jsonl")}),
                       doctest::Contains("none.jsonl"), data::DataError);
  CHECK(!std::filesystem::exists(dir.path("r.html")));
}
