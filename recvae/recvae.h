// RecVAE: the model, its training and its evaluation, on top of nn, autodiff and data.
#pragma once

#include "baselines/baselines.h"
#include "batch.h"
#include "composite_prior.h"
#include "encoder.h"
#include "encoder_mean.h"
#include "evaluate/bootstrap.h"
#include "evaluate/evaluator.h"
#include "evaluate/metrics.h"
#include "evaluate/scorer.h"
#include "evaluate/top_k.h"
#include "fit.h"
#include "model.h"
#include "model_file.h"
#include "serve/query.h"
#include "settings.h"
#include "trainer.h"
