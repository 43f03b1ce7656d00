#include "composite_prior_kernel.h"

#include "../../autodiff/kernels/dispatch.h"

namespace recvae::detail {

AD_AT_LEVELS(MixtureLoops, mixture_loops)

}  // namespace recvae::detail
