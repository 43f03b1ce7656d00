// RecVAE: the model, its training and its evaluation, on top of nn, autodiff and data.
#pragma once

#include "baselines.h"
#include "batch.h"
#include "bootstrap.h"
#include "composite_prior.h"
#include "encoder.h"
#include "encoder_mean.h"
#include "evaluator.h"
#include "metrics.h"
#include "model.h"
#include "model_file.h"
#include "scorer.h"
#include "settings.h"
#include "top_k.h"
#include "trainer.h"
