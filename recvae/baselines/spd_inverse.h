// The inverse of a symmetric positive definite matrix.
#pragma once

#include <functional>

#include "../../autodiff/tensor.h"

namespace recvae {

/// Replaces the symmetric positive definite `a`, of which only the lower triangle is read, by its whole inverse.
/// In place but for two panels of 512 columns; n^3 floating-point operations; the bits do not depend on the number of
/// threads. Throws ad::ShapeError where `a` is not square, ad::Error where it is not positive definite (`a` is then
/// lost); data::Stopped soon after `stop`, asked by the calling thread, returns true.
template <class T>
void spd_inverse(ad::Matrix<T> a, const std::function<bool()>& stop = {});

}  // namespace recvae
