#include "../../support/check_op.h"

TEST_CASE("gradcheck finds a wrong backward and names the element") {
  const auto wrong = [](ad::Tape<double>&, std::span<const ad::Var<double>> in) {
    return ad::square(test::tamper(in[0]));
  };
  const ad::GradcheckResult r = ad::gradcheck(wrong, {ad::Tensor<double>(1, 2, {1, 2})});
  CHECK_FALSE(r.ok);
  CHECK(r.worst > 0.009);
  CHECK(r.message.starts_with("input 0, element "));
}

TEST_CASE("gradcheck passes a right one and reports its size") {
  const auto right = [](ad::Tape<double>&, std::span<const ad::Var<double>> in) { return ad::square(in[0]); };
  const ad::GradcheckResult r = ad::gradcheck(right, {ad::Tensor<double>(1, 2, {1, 2})});
  CHECK(r.ok);
  CHECK(r.message.empty());
  CHECK(r.largest > 1);
}

TEST_CASE("gradcheck fails on NaN") {
  const auto nan = [](ad::Tape<double>&, std::span<const ad::Var<double>> in) { return ad::log(in[0]); };
  CHECK_FALSE(ad::gradcheck(nan, {ad::Tensor<double>(1, 1, {-1})}).ok);
  CHECK(std::isnan(ad::gradcheck(nan, {ad::Tensor<double>(1, 2, {-1, 2})}).worst));  // whatever comes after it
}
