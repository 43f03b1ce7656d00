#pragma once

/// Everything that `data/` offers: readers, filters, splits.
#include "csr.h"
#include "dataset.h"
#include "error.h"
#include "filters.h"
#include "interactions.h"
#include "load.h"
#include "numpy_random.h"
#include "options.h"
#include "prepare.h"
#include "ratio_split.h"
#include "strong_split.h"
#include "time_split.h"
#include "torch_random.h"
#include "weak_split.h"
