// NumPy's file format for arrays: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <string>

#include "../../autodiff/tensor.h"

namespace recvae {

/// What comes before the numbers of a float32 matrix, row by row, in a .npy file (version 1.0).
std::string npy_header(ad::Index rows, ad::Index cols);

}  // namespace recvae
