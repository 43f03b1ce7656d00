#include "recvae/tune/search.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "data/error.h"
#include "recvae/tune/table.h"

using namespace recvae;
using namespace recvae::tune;

namespace {

constexpr const char* kPage =
    "learning_rate choice [0.01,0.005,0.001,0.0005,0.0001]\n"
    "latent_dimension choice [64,100,128,150,200,256,300,400,512]\n";

Space read(const std::string& text) { return parse_space(text, "p", Settings{}); }

Plan plan_of(const std::string& text, Algorithm algorithm, std::optional<std::int64_t> max_evals = {},
             std::optional<std::int64_t> early_stop = {}, std::int64_t epochs = 50) {
  Settings base;
  base.epochs = epochs;
  return make_plan(base, read(text), algorithm, max_evals, early_stop);
}

Search search_of(Plan plan) { return Search(std::move(plan), {"ndcg", 100}); }

/// A record of a task; NaN: a trial that diverged.
Record record(const Task& task, double valid) {
  return {.trial = task.trial,
          .rung = task.rung,
          .diverged = std::isnan(valid),
          .epochs = 1,
          .best_epoch = 1,
          .valid = valid};
}

/// Runs to the end: value(trial, rung). Returns the tasks as they were handed out.
template <class F>
std::vector<Task> finish(Search& search, F value) {
  std::vector<Task> tasks;
  while (const std::optional<Task> task = search.next()) {
    tasks.push_back(*task);
    search.add(record(*task, value(task->trial, task->rung)));
  }
  CHECK(search.over());
  return tasks;
}

}  // namespace

TEST_CASE("exhaustive is every combination once, the last parameter fastest") {
  const std::vector<Point> points = plan_of(kPage, Algorithm::exhaustive).points;
  REQUIRE(points.size() == 45);
  CHECK(std::set<Point>(points.begin(), points.end()).size() == 45);
  CHECK(points[0] == Point{"0.01", "64"});
  CHECK(points[1] == Point{"0.01", "100"});
  CHECK(points[9] == Point{"0.005", "64"});
  CHECK(points[44] == Point{"0.0001", "512"});
  CHECK(plan_of(kPage, Algorithm::exhaustive, 7).points.size() == 7);
  CHECK(plan_of("seed choice [1,2]", Algorithm::exhaustive).trials() == 2);
  CHECK_THROWS_AS(plan_of("epochs quniform 1,9,1\n", Algorithm::asha), data::UsageError);
  std::string many;
  for (const char* name : {"beta", "gamma", "weight_decay"}) {
    many += std::string(name) + " choice [0";
    for (int k = 1; k < 101; ++k) many += "," + std::to_string(k);
    many += "]\n";
  }
  CHECK_THROWS_AS(plan_of(many, Algorithm::exhaustive), data::UsageError);
  CHECK(plan_of(many, Algorithm::random, 5).points.size() == 5);
}

TEST_CASE("exhaustive draws what is no choice, for each combination anew") {
  const std::vector<Point> points =
      plan_of("gamma uniform 0,1\nshuffle choice [true,false]\n", Algorithm::exhaustive).points;
  REQUIRE(points.size() == 2);
  CHECK(points[0][0] != points[1][0]);
  CHECK(points[0][1] == "true");
  CHECK(plan_of("gamma uniform 0,1", Algorithm::exhaustive).points.size() == 1);
}

TEST_CASE("random draws differ, follow from the seed, and end where a space does") {
  const Space space = read("learning_rate loguniform -8,0\nlatent_dimension choice [64,128]\n");
  const std::vector<Point> some = draws(space, 7, 20), more = draws(space, 7, 30);
  REQUIRE(some.size() == 20);
  CHECK(std::equal(some.begin(), some.end(), more.begin()));
  CHECK(draws(space, 8, 20) != some);
  CHECK(std::set<Point>(more.begin(), more.end()).size() == 30);
  for (const Point& p : more) {
    CHECK(std::stod(p[0]) >= std::exp(-8.0));
    CHECK(std::stod(p[0]) < 1);
  }
  const std::vector<Point> all = draws(read(kPage), 1, 100);
  CHECK(all.size() == 45);
  CHECK(std::set<Point>(all.begin(), all.end()).size() == 45);
  CHECK(draws(read("latent_dimension quniform 10,30,10\n"), 1, 100).size() == 3);
  CHECK(plan_of("gamma uniform 0,1", Algorithm::random).points.size() == 100);
}

TEST_CASE("rungs: a third of the points for three times the epochs") {
  const auto check = [](std::size_t points, std::int64_t epochs, std::int64_t least,
                        std::vector<std::pair<std::size_t, std::int64_t>> expected) {
    const std::vector<Rung> rungs = halving(points, epochs, least);
    std::vector<std::pair<std::size_t, std::int64_t>> found;
    for (const Rung& r : rungs) found.emplace_back(r.points, r.epochs);
    CHECK(found == expected);
  };
  check(45, 50, 1, {{45, 2}, {15, 6}, {5, 17}, {1, 50}});
  check(45, 50, 5, {{45, 6}, {15, 17}, {5, 50}});
  check(2, 50, 1, {{2, 50}});
  check(3, 50, 1, {{3, 17}, {1, 50}});
  check(100, 2, 1, {{100, 2}});
  check(100, 3, 1, {{100, 1}, {33, 3}});
  check(0, 3, 1, {{0, 3}});
}

TEST_CASE("asha: the grid where it is small, promotion by validation, ties to the first") {
  const Plan plan = plan_of("beta choice [1,2,3,4,5,6,7,8,9]", Algorithm::asha, {}, {}, 9);
  REQUIRE(plan.points.size() == 9);
  CHECK(plan_of("beta choice [1,2,3,4,5,6,7,8,9]", Algorithm::asha, 4).points.size() == 4);
  CHECK(plan.epochs(0, 0) == 1);
  CHECK(plan.epochs(0, 2) == 9);
  Search search = search_of(plan);
  const double first[] = {1, 5, 2, kNothing, 3, 5, 0, 3, 1}, second[] = {0, 6, 0, 0, 7, 7};
  const std::vector<Task> tasks = finish(search, [&](std::size_t trial, std::size_t rung) {
    return rung == 0 ? first[trial] : rung == 1 ? second[trial] : 8;
  });
  std::vector<std::pair<std::size_t, std::size_t>> later;
  for (std::size_t k = 9; k < tasks.size(); ++k) later.emplace_back(tasks[k].trial, tasks[k].rung);
  CHECK(later == std::vector<std::pair<std::size_t, std::size_t>>{{1, 1}, {4, 1}, {5, 1}, {4, 2}});
  CHECK(search.best() == 4);
  CHECK(search.records().size() == 9);
  CHECK(search.records()[4]->rung == 2);
  CHECK(search.ranking() == std::vector<std::size_t>{4, 5, 1, 7, 2, 0, 8, 6, 3});
}

TEST_CASE("asha waits for a whole rung, and goes on from records in any order") {
  const Plan plan = plan_of("beta choice [1,2,3]", Algorithm::asha, {}, {}, 3);
  Search search = search_of(plan);
  std::vector<Task> out;
  while (const auto task = search.next()) out.push_back(*task);
  REQUIRE(out.size() == 3);
  CHECK_FALSE(search.over());
  search.add(record(out[2], 2));
  search.add(record(out[0], 3));
  CHECK_FALSE(search.next());
  CHECK(search.may_go_on(0));
  CHECK(search.finished().size() == 1);
  search.add(record(out[1], 1));
  CHECK_FALSE(search.may_go_on(1));
  const auto last = search.next();
  REQUIRE(last);
  CHECK(last->trial == 0);
  CHECK(last->rung == 1);
  CHECK(search.finished().size() == 3);
  search.add(record(*last, 4));
  CHECK(search.finished().back()->rung == 1);

  Search resumed = search_of(plan);
  resumed.add(record({0, 1}, 4));
  resumed.add(record({0, 0}, 3));
  CHECK(resumed.next()->trial == 1);
  resumed.add(record({1, 0}, 1));
  resumed.add(record({2, 0}, 2));
  CHECK(resumed.over());
  CHECK(resumed.valid(0).mean == 4);
  CHECK_THROWS_AS(resumed.add(record({3, 0}, 1)), std::invalid_argument);
  CHECK_THROWS_AS(resumed.add(record({0, 2}, 1)), std::invalid_argument);
}

TEST_CASE("asha ends where all have diverged") {
  Search search = search_of(plan_of("beta choice [1,2,3]", Algorithm::asha, {}, {}, 9));
  CHECK(finish(search, [](auto, auto) { return kNothing; }).size() == 3);
  CHECK_FALSE(search.best());
  CHECK(search.ranking().size() == 3);
}

TEST_CASE("seeds: the best mean wins, with its deviation") {
  Search search = search_of(plan_of("beta choice [1,2,3]\nseed choice [1,2,3]", Algorithm::exhaustive));
  const double values[] = {0.1, 0.9, 0.2, 0.5, 0.5, 0.5, 0.6, kNothing, 0.9};
  finish(search, [&](std::size_t trial, std::size_t) { return values[trial]; });
  CHECK(search.best() == 1);
  CHECK(search.valid(0).mean == doctest::Approx(0.4));
  CHECK(search.valid(0).deviation == doctest::Approx(std::sqrt(0.19)));
  CHECK(search.valid(1).deviation == 0);
  CHECK(std::isnan(search.valid(2).mean));
  CHECK(search.ranking() == std::vector<std::size_t>{1, 0, 2});
  CHECK(std::isnan(mean_of({}).mean));
  CHECK(std::isnan(mean_of({1}).deviation));
}

TEST_CASE("a point counts once all of its runs are done") {
  Search search = search_of(plan_of("beta choice [1,2]\nseed choice [1,2]", Algorithm::exhaustive));
  search.add(record({2, 0}, 1));
  CHECK_FALSE(search.best());
  CHECK(search.records().size() == 1);
  search.add(record({3, 0}, 1));
  CHECK(search.best() == 1);
}

TEST_CASE("early stop counts in the order of trials, whatever the order of their ends") {
  const double values[] = {3, 1, 4, 4, kNothing, 9, 9};
  const Plan plan = plan_of("beta choice [1,2,3,4,5,6,7]", Algorithm::exhaustive, {}, 2);
  Search in_order = search_of(plan);
  CHECK(finish(in_order, [&](std::size_t trial, auto) { return values[trial]; }).size() == 5);
  CHECK(in_order.best() == 2);
  Search backwards = search_of(plan);
  for (std::size_t trial = 7; trial-- > 0;) backwards.add(record({trial, 0}, values[trial]));
  CHECK(backwards.over());
  CHECK(backwards.best() == 2);
  CHECK(backwards.finished().size() == 5);
  CHECK(trials_table(backwards, {}) == trials_table(in_order, {}));
  Search patient = search_of(plan_of("beta choice [1,2,3,4,5,6,7]", Algorithm::exhaustive));
  CHECK(finish(patient, [&](std::size_t trial, auto) { return values[trial]; }).size() == 7);
  CHECK(patient.best() == 5);
  CHECK_THROWS_AS(plan_of("beta choice [1,2,3]", Algorithm::asha, {}, 2), data::UsageError);
}

TEST_CASE("of a metric where less is better the least wins") {
  Search search(plan_of("beta choice [1,2,3]", Algorithm::exhaustive), {"giniindex", 10});
  const double values[] = {0.5, 0.25, kNothing};
  finish(search, [&](std::size_t trial, auto) { return values[trial]; });
  CHECK(search.best() == 1);
  CHECK(search.ranking() == std::vector<std::size_t>{1, 0, 2});
}

TEST_CASE("records survive their line of JSON, to the bit") {
  const Record r{.trial = 4,
                 .rung = 1,
                 .epochs = 9,
                 .best_epoch = 7,
                 .valid = 0.1 + 0.2,
                 .test = {1.0 / 3, kNothing},
                 .seconds = 1.5};
  const Record back = record_from_json(to_json(r));
  CHECK(to_json(back) == to_json(r));
  CHECK(back.trial == 4);
  CHECK(back.rung == 1);
  CHECK(back.valid == 0.1 + 0.2);
  CHECK(back.test[0] == 1.0 / 3);
  CHECK(std::isnan(back.test[1]));
  CHECK(record_from_json(to_json(Record{.diverged = true})).diverged);
  CHECK(std::isnan(record_from_json(to_json(Record{.diverged = true})).valid));
  for (const char* text :
       {"", "{}", "[]", "{\"trial\":0,\"rung\":1}", "{\"trial\":1,\"rung\":1,\"epochs\":\"x\"}", "{\"trial\":1"})
    CHECK_THROWS_AS(record_from_json(text), std::runtime_error);
}

TEST_CASE("tables") {
  Search search = search_of(plan_of("beta choice [1,2]\nseed choice [1,2]", Algorithm::exhaustive));
  const double values[] = {0.25, 0.5, kNothing, 0.5};
  while (const auto task = search.next()) {
    Record r = record(*task, values[task->trial]);
    if (!r.diverged) r.test = {0.5};
    if (r.diverged) r.best_epoch = 0;
    search.add(r);
  }
  const std::vector<Metric> metrics = {{"recall", 20}};
  CHECK(trials_table(search, metrics) ==
        "trial\tbeta\tseed\tndcg@100\tstatus\tbest_epoch\tepochs\ttest recall@20\tseconds\n"
        "1\t1.0\t1\t0.25\tfinished\t1\t1\t0.5\t0\n"
        "2\t1.0\t2\t0.5\tfinished\t1\t1\t0.5\t0\n"
        "3\t2.0\t1\t\tdiverged\t\t1\t\t0\n"
        "4\t2.0\t2\t0.5\tfinished\t1\t1\t0.5\t0\n");
  CHECK(settings_table(search, metrics) ==
        "beta\tndcg@100\tn\tdeviation\ttest recall@20\ttest recall@20 deviation\n"
        "1.0\t0.375\t2\t0.1767766952966369\t0.5\t0\n"
        "2.0\t\t2\t\t\t\n");
  const Search long_name(plan_of("beta choice [1]", Algorithm::exhaustive), {"averagepopularity", 10});
  CHECK(trials_table(long_name, {}) == "trial\tbeta\taveragepopularity@10\tstatus\tbest_epoch\tepochs\tseconds\n");
  CHECK(settings_table(long_name, {}) == "beta\taveragepopularity@10\tn\tdeviation\n");
  CHECK(describe_point(search.plan(), 1) == "beta:2.0");
  CHECK(describe_trial(search.plan(), 1) == "beta:1.0, seed:2");
  CHECK(describe_trial(plan_of("seed choice [7]", Algorithm::exhaustive), 0) == "seed:7");
}
