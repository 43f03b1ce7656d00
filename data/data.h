#pragma once

/// Everything that `data/` offers: readers, filters, splits.
#include "csr.h"
#include "dataset.h"
#include "error.h"
#include "filters.h"
#include "fingerprint.h"
#include "histories.h"
#include "interactions.h"
#include "load.h"
#include "options.h"
#include "prepare.h"
#include "random/numpy.h"
#include "random/torch.h"
#include "split/ratio.h"
#include "split/strong.h"
#include "split/time.h"
#include "split/weak.h"
