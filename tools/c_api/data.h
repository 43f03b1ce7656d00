// A data set that was read from files, as an object.
#pragma once

#include "data/dataset.h"
#include "data/options.h"
#include "object.h"

namespace recvae::c_api {

/// What was read, and how.
class DataSet : public Content {
 public:
  DataSet(data::Dataset dataset, data::DataOptions options)
      : dataset_(std::make_shared<const data::Dataset>(std::move(dataset))), options_(std::move(options)) {}
  const char* kind() const override { return "a data set"; }
  std::string text(const std::string& name) override;
  recvae_array array(const std::string& name) override;

  const std::shared_ptr<const data::Dataset>& dataset() const { return dataset_; }
  const data::DataOptions& options() const { return options_; }

 private:
  std::shared_ptr<const data::Dataset> dataset_;
  data::DataOptions options_;
};

}  // namespace recvae::c_api
