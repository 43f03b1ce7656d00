#include "tools/report/report.h"

#include <doctest/doctest.h>

#include <cmath>

#include "pages.h"
#include "tools/report/curves.h"

using namespace recvae::tools::report;
using recvae::test::hostile_report;

namespace {

bool has(const std::string& html, const std::string& what) { return html.find(what) != html.npos; }

}  // namespace

TEST_CASE("parse_epochs: what a line has, and lines that are none") {
  const std::vector<Epoch> epochs = parse_epochs(
      "{\"epoch\":1,\"train_loss\":3.5,\"train_mll\":null,\"decoder_mll\":null,\"valid\":null,\"seconds\":2}"
      "\n\nnonsense\n"
      "{\"epoch\":2,\"valid\":{\"recall@20\":0.25,\"ndcg@100\":null},\"encoder_seconds\":1.5}\n{\"epoch\":3,\"tra");
  REQUIRE(epochs.size() == 2);
  CHECK(epochs[0].epoch == 1);
  CHECK(epochs[0].train_loss == 3.5);
  CHECK(std::isnan(epochs[0].train_mll));
  CHECK(epochs[0].seconds == 2);
  CHECK(epochs[0].valid.empty());
  CHECK(std::isnan(epochs[0].encoder_seconds));
  REQUIRE(epochs[1].valid.size() == 2);
  CHECK(epochs[1].valid[0] == std::pair<std::string, double>{"recall@20", 0.25});
  CHECK(std::isnan(epochs[1].valid[1].second));
  CHECK(epochs[1].encoder_seconds == 1.5);
}

TEST_CASE("report_html: no name is markup") {
  for (const auto& page : recvae::test::pages()) {
    CAPTURE(page.first);
    CHECK(!has(page.second, "<script"));
    CHECK(!has(page.second, "' onload='"));
  }
}

TEST_CASE("report_html: sections are there where they have content") {
  const std::string all = report_html(hostile_report()), none = report_html({});
  for (const char* id : {"curves", "results", "activity", "popularity", "examples", "data", "settings", "reproduce"}) {
    CAPTURE(id);
    CHECK(has(all, std::string("<section id=\"") + id));
    CHECK(!has(none, std::string("<section id=\"") + id));
  }
}

TEST_CASE("report_html: says where the last epoch is the best") {
  RunReport r = hostile_report();
  CHECK(!has(report_html(r), "Still improving"));
  r.best_epoch = 50;
  r.epochs.back().valid = {{"ndcg@100", 0.9}};
  r.directory = "runs/a b";
  const std::string html = report_html(r);
  CHECK(has(html, "Still improving"));
  CHECK(has(html, "&#39;runs/a b&#39;"));
  CHECK(has(html, ">100</span>"));
  for (Epoch& e : r.epochs) e.valid.clear();
  CHECK(!has(report_html(r), "Still improving"));
}

TEST_CASE("report_html: the best of a column is marked, and what differs from the paper") {
  RunReport r = hostile_report();
  r.results = {{"popularity", "ndcg@100", 0.2},
               {"", "ndcg@100", 0.5},
               {"popularity", "giniindex@20", 0.9},
               {"", "giniindex@20", 0.95}};
  const std::string html = report_html(r);
  CHECK(has(html, "<strong>0.5000</strong>"));
  CHECK(has(html, "<strong>0.9000</strong>"));  // of giniindex the smaller is better
  CHECK(!has(html, "<strong>0.9500</strong>"));
  CHECK(has(html, "One differs from the preset paper."));
  CHECK(has(html, "paper: 0.005"));
}

TEST_CASE("duration_text: in units of its size") {
  CHECK(duration_text(9.26) == "9.3 s");
  CHECK(duration_text(59.99) == "1 min 00 s");
  CHECK(duration_text(125) == "2 min 05 s");
  CHECK(duration_text(7384) == "2 h 03 min");
}
