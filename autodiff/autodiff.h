// Reverse-mode automatic differentiation on a tape. Include this; tape.h tells the story of a step.
#pragma once

#include "csr.h"
#include "inspect/inspect.h"
#include "kernels/blas.h"
#include "kernels/gemm.h"
#include "kernels/packed.h"
#include "ops/arithmetic.h"
#include "ops/elementwise.h"
#include "ops/gaussian.h"
#include "ops/layer_norm.h"
#include "ops/losses.h"
#include "ops/matmul.h"
#include "ops/multinomial.h"
#include "ops/reduce.h"
#include "ops/rows.h"
#include "ops/sparse_linear.h"
#include "ops/stochastic.h"
#include "random.h"
#include "tape.h"  // with tensor.h, parameter.h, grad_slot.h, parallel.h
