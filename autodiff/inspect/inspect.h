// Looking into recordings: are gradients right, what does a step cost, where did the NaN come from.
#pragma once

#include "dense.h"
#include "finite.h"
#include "gradcheck.h"
#include "graph.h"
#include "jacobian.h"
#include "observer.h"
#include "profile.h"
