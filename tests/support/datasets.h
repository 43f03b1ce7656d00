// Tests that need the research data sets, whose folder the Meson option `datasets` names.
#pragma once

#include <doctest/doctest.h>

#include <string>

namespace recvae::test {

/// Without data sets a case that is decorated so is skipped, which the test says (support/main.cpp) and tools/check
/// counts: TEST_CASE("..." * needs_datasets()).
inline auto needs_datasets() { return doctest::skip(std::string(RECVAE_DATASETS).empty()); }

inline std::string dataset(const std::string& name) { return RECVAE_DATASETS "/" + name; }

}  // namespace recvae::test
