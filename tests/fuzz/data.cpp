// Every reader with every split, and what recvae_prepare writes read back. data_input.h says what an input is.
#include "data_input.h"

#include "data/load.h"
#include "data/prepare.h"

using namespace recvae;
using namespace recvae::test;

namespace {

void check(const data::Csr& m) {
  promise(m.indptr.size() == static_cast<std::size_t>(m.rows()) + 1 && m.indptr.front() == 0 &&
              m.indptr.back() == static_cast<std::int64_t>(m.items.size()),
          "rows lie one after another");
  for (std::int64_t u = 0; u < m.rows(); ++u) {
    std::int32_t last = -1;
    for (const std::int32_t item : m.row(u)) {
      promise(item > last && item < m.cols, "a row's items ascend and are within the catalogue");
      last = item;
    }
  }
}

void check(const data::Dataset& d) {
  for (const auto* m : {&d.train, &d.validation.history, &d.validation.targets, &d.test.history, &d.test.targets,
                        &d.train_and_validation}) {
    check(*m);
    promise(m->rows() == 0 || m->cols == static_cast<std::int32_t>(d.item_tokens.size()), "columns are the items");
  }
  promise(d.train.rows() == static_cast<std::int64_t>(d.user_tokens.size()), "a training user has a row");
  for (const auto* part : {&d.validation, &d.test}) {
    promise(part->history.rows() == part->targets.rows() &&
                part->targets.rows() == static_cast<std::int64_t>(part->user_tokens.size()),
            "a held-out user has a history and targets");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const data::DataOptions options = data_of(as_text(bytes, size));
  data::Dataset loaded;
  const bool fine = survives([&] { loaded = data::load(options); });
  if (fine) check(loaded);
  survives([&] { data::load_split(options, true); });
  const std::string out = folder().path("prepared");
  std::filesystem::remove_all(out);
  if (survives([&] { data::prepare(options, out); })) {
    promise(fine, "what can be prepared can be loaded");
    data::DataOptions again;
    again.path = out;
    again.test_history = options.test_history;
    data::Dataset read;
    promise(survives([&] { read = data::load(again); }), "what was prepared can be read");
    check(read);
    promise(read.item_tokens == loaded.item_tokens && read.train == loaded.train &&
                read.validation.targets == loaded.validation.targets && read.test.targets == loaded.test.targets &&
                read.test.history == loaded.test.history,
            "a prepared directory is the same data set");
  } else {
    promise(!std::filesystem::exists(out), "what fails leaves nothing behind");
  }
  survives([&] {
    data::DataOptions filters = options;
    data::DataOptions::visit(
        [](const data::Option& option, auto& member) {
          if (option.use == data::OptionUse::split) member = {};
        },
        filters);
    const auto histories = data::read_histories(filters, {"1", "2", "3", "a", "b"});
    check(histories.history);
    check(histories.seen);
    promise(histories.history.rows() == static_cast<std::int64_t>(histories.user_tokens.size()), "a user has a row");
  });
  return 0;
}
