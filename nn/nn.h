// Layers, initialisers, Adam and weight files on top of autodiff.
#pragma once

#include "adam.h"
#include "atomic_file.h"
#include "checksum.h"
#include "clip.h"
#include "dropout.h"
#include "init.h"
#include "layer_norm.h"
#include "layout.h"
#include "linear.h"
#include "module.h"
#include "safetensors.h"
