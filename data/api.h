// What shared libraries offer: as autodiff/kernels/api.h, since data/ includes nothing of ours.
#pragma once

/// Before a function or a class that is compiled into a library: other names stay inside it.
#ifndef RECVAE_API
#define RECVAE_API __attribute__((visibility("default")))
#endif
