// Layers, initialisers, optimisers and weight files on top of autodiff.
#pragma once

#include "check_gradients.h"
#include "dropout.h"
#include "embedding.h"
#include "init.h"
#include "layer_norm.h"
#include "layout.h"
#include "linear.h"
#include "module.h"
#include "optim/adam.h"
#include "optim/clip.h"
#include "optim/gradient_sum.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "optim/sgd.h"

#ifndef AD_NO_WEIGHT_FILES  // defined by pkg-config, CMake and Meson where the library was built without them
#include "atomic_file.h"
#include "checksum.h"
#include "safetensors.h"
#include "save.h"
#endif
