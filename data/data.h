#pragma once

/// Everything that `data/` offers: readers, filters, splits.
#include "csr.h"
#include "dataset.h"
#include "error.h"
#include "filters.h"
#include "interactions.h"
#include "load.h"
#include "random/numpy.h"
#include "options.h"
#include "prepare.h"
#include "split/ratio.h"
#include "split/strong.h"
#include "split/time.h"
#include "random/torch.h"
#include "split/weak.h"
