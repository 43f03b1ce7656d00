#pragma once

#include <string>

#include "../autodiff/kernels/api.h"
#include "dataset.h"
#include "options.h"

namespace recvae::data {

/// Splits raw data and writes what `load` reads back as the same data set into `directory`, whose parents are made
/// where needed: of a strong split train.csv, validation_tr.csv, validation_te.csv, test_tr.csv, test_te.csv (header
/// `uid,sid`), unique_sid.txt and unique_uid.txt; of a weak one X.train.inter, X.valid.inter and X.test.inter, X being
/// the directory's name, with users, items, and ratings and times where the data have them. The files are written
/// beside it, or in it where it is there and empty, and moved into place when all are complete. Throws DataError where
/// `directory` exists and is not empty, or cannot be written; Stopped, with nothing left behind, soon after
/// `options.stop` returns true.
RECVAE_API Summary prepare(const DataOptions& options, const std::string& directory);

}  // namespace recvae::data
