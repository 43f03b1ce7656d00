// What shared libraries offer.
#pragma once

#if __cplusplus < 202002L
#error "recvae needs C++20: -std=c++20"
#endif

/// Before a function or a class that is compiled into a library: other names stay inside it.
#ifndef RECVAE_API
#define RECVAE_API __attribute__((visibility("default")))
#endif
