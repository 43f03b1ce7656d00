#include "recvae/tune/run.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <map>

#include "../fit_problem.h"
#include "autodiff/parallel.h"
#include "data/error.h"
#include "recvae/tune/table.h"

using namespace recvae;
using namespace recvae::tune;

namespace {

struct Problem : test::FitProblem {
  data::Dataset data;

  Problem() {
    settings.epochs = 6;
    data.item_tokens = tokens;
    data.train = train;
    data.validation = validation;
    data.test = {validation.user_tokens, test::random_rows(20, 30, 4), test::random_rows(20, 30, 5), {}};
  }

  Search search(const std::string& space, Algorithm algorithm, std::optional<std::int64_t> early_stop = {}) const {
    return Search(make_plan(settings, parse_space(space, "p", settings), algorithm, {}, early_stop), {"ndcg", 10});
  }
  RunOptions options(int parallel = 1, std::size_t paused = 0) const {
    return {.parallel = parallel, .paused = paused, .folder = dir.path("trials")};
  }
};

/// The table of trials without its last column, the seconds.
std::string table(const Search& search) {
  std::string out;
  std::string text = trials_table(search, {{"recall", 5}, {"ndcg", 10}});
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    out += text.substr(begin, text.rfind('\t', end) - begin) + "\n";
    begin = end + 1;
  }
  return out;
}

constexpr const char* kSpace =
    "learning_rate choice [0.05,0.01,0.1]\nlatent_dimension choice [4,8]\nprior_update choice [epoch,never]\n";

}  // namespace

TEST_CASE("the same trials for any number of threads, in parallel or not, and as Fit alone has them") {
  Problem p;
  Search alone = p.search(kSpace, Algorithm::exhaustive);
  run(alone, p.data, p.context, p.options());
  REQUIRE(alone.records().size() == 12);
  for (const int threads : {1, 2, 4}) {
    for (const int parallel : {1, 2, 5}) {
      ad::set_threads(threads);
      Search again = p.search(kSpace, Algorithm::exhaustive);
      run(again, p.data, p.context, p.options(parallel));
      CHECK(table(again) == table(alone));
    }
  }
  ad::set_threads(0);
  const Settings s = alone.plan().settings(7);
  Fit fit(s, p.data.train, p.data.validation, p.context, initial_model(s, p.data.item_tokens), p.dir.path("scratch"));
  fit.run([](const FitEpoch*) { return true; });
  CHECK(alone.records()[7]->valid == fit.state().best);
  CHECK(alone.records()[7]->best_epoch == fit.state().best_epoch);
  CHECK(alone.records()[7]->epochs == 6);
  CHECK(std::filesystem::is_empty(p.dir.path()));
}

TEST_CASE("the test is of the best epoch's model") {
  Problem p;
  p.settings.learning_rate = 0.3;
  p.settings.epochs = 15;
  Search search = p.search("beta choice [0.2]", Algorithm::exhaustive);
  run(search, p.data, p.context, p.options());
  const Record& r = *search.records()[0];
  REQUIRE(r.best_epoch < r.epochs);
  p.settings.epochs = r.best_epoch;
  Search shorter = p.search("beta choice [0.2]", Algorithm::exhaustive);
  run(shorter, p.data, p.context, p.options());
  CHECK(shorter.records()[0]->test == r.test);
  CHECK(shorter.records()[0]->valid == r.valid);
  REQUIRE(r.test.size() == 2);
}

TEST_CASE("asha: paused trials that wait in memory and those that begin again come to the same") {
  Problem p;
  p.settings.epochs = 9;
  Search waiting = p.search(kSpace, Algorithm::asha), beginning = p.search(kSpace, Algorithm::asha),
         some = p.search(kSpace, Algorithm::asha);
  std::size_t tasks = 0;
  RunOptions options = p.options(1, 100);
  options.started = [&](const Task&) { ++tasks; };
  run(waiting, p.data, p.context, options);
  CHECK(tasks == 12 + 4 + 1);
  run(beginning, p.data, p.context, p.options(1, 0));
  run(some, p.data, p.context, p.options(2, 3));
  CHECK(table(waiting) == table(beginning));
  CHECK(table(waiting) == table(some));
  Search written = p.search(kSpace, Algorithm::asha);
  options = p.options(2, 0);
  options.worth_saving = 0;
  int most_idle = 0;
  options.idle = [&](int idle) {
    CHECK(idle >= 0);
    most_idle = std::max(most_idle, idle);
  };
  options.started = [&](const Task& task) {
    const bool there = std::filesystem::exists(p.dir.path("trials/" + std::to_string(task.trial + 1) + "/checkpoint"));
    CHECK(there == (task.rung > 0));
  };
  run(written, p.data, p.context, options);
  CHECK(table(waiting) == table(written));
  CHECK(most_idle == 1);
  CHECK(std::filesystem::is_empty(p.dir.path()));
  CHECK(waiting.records()[*waiting.best()]->epochs == 9);
}

TEST_CASE("a trial that diverges is a record, and the search goes on") {
  Problem p;
  Search search = p.search("learning_rate choice [1e30,0.05]", Algorithm::exhaustive);
  run(search, p.data, p.context, p.options(2));
  REQUIRE(search.records().size() == 2);
  CHECK(search.records()[0]->diverged);
  CHECK(std::isnan(search.records()[0]->valid));
  CHECK(search.records()[0]->test.empty());
  CHECK(search.best() == 1);
}

TEST_CASE("early stop in parallel, and what was stopped goes on") {
  Problem p;
  const std::string space = "learning_rate choice [0.05,0,1e-9,1e-8,0.06,0.07]";
  Search alone = p.search(space, Algorithm::exhaustive, 3), parallel = p.search(space, Algorithm::exhaustive, 3);
  run(alone, p.data, p.context, p.options());
  run(parallel, p.data, p.context, p.options(3));
  CHECK(alone.records().size() == 4);
  CHECK(table(alone) == table(parallel));

  Search whole = p.search(kSpace, Algorithm::exhaustive), first = p.search(kSpace, Algorithm::exhaustive),
         second = p.search(kSpace, Algorithm::exhaustive);
  run(whole, p.data, p.context, p.options());
  std::atomic<bool> stop = false;
  std::vector<std::string> lines;
  RunOptions options = p.options(2);
  options.stop = [&] { return stop.load(); };
  options.ended = [&](const Record& r) {
    lines.push_back(to_json(r));
    stop = lines.size() >= 4;
  };
  CHECK_THROWS_AS(run(first, p.data, p.context, options), data::Stopped);
  CHECK(lines.size() >= 4);
  CHECK_FALSE(first.over());
  for (const std::string& line : lines) second.add(record_from_json(line));
  run(second, p.data, p.context, p.options());
  CHECK(table(second) == table(whole));
}

TEST_CASE("a trial that is stopped goes on from its checkpoint, and begins again where that is damaged") {
  Problem p;
  p.settings.epochs = 20;
  const std::string space = "learning_rate choice [0.05]";
  Search whole = p.search(space, Algorithm::exhaustive);
  run(whole, p.data, p.context, p.options());
  for (const bool damaged : {false, true}) {
    Search stopped = p.search(space, Algorithm::exhaustive), resumed = p.search(space, Algorithm::exhaustive);
    RunOptions options = p.options();
    options.worth_saving = 0;
    int steps = 0;
    options.stop = [&] { return ++steps > 120; };  // of 240, in the midst of an epoch
    CHECK_THROWS_AS(run(stopped, p.data, p.context, options), data::Stopped);
    const std::string checkpoint = p.dir.path("trials/1/checkpoint");
    REQUIRE(std::filesystem::exists(checkpoint));
    if (damaged) {
      for (const auto& entry : std::filesystem::directory_iterator(checkpoint))
        std::filesystem::resize_file(entry.path(), 5);
    }
    steps = 0;
    options.stop = [&] { return ++steps < 0; };
    run(resumed, p.data, p.context, options);
    CHECK(table(resumed) == table(whole));
    CHECK((steps > 200) == damaged);
    CHECK(std::filesystem::is_empty(p.dir.path()));
  }
}

TEST_CASE("a trial that is stopped writes its checkpoint though another one was stopped before it") {
  Problem p;
  Trial trial(p.settings, p.data, p.context, p.dir.path("trial"), 0);
  const auto yes = [] { return true; };
  CHECK_THROWS_AS(trial.train(p.settings.epochs, yes, yes), data::Stopped);
  CHECK(std::filesystem::exists(p.dir.path("trial/checkpoint")));
}

TEST_CASE("what a callback throws ends the run") {
  Problem p;
  Search search = p.search(kSpace, Algorithm::exhaustive);
  RunOptions options = p.options(2);
  options.ended = [](const Record&) { throw data::DataError("full"); };
  CHECK_THROWS_WITH_AS(run(search, p.data, p.context, options), "full", data::DataError);
}
