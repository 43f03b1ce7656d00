// Settings that replace one or more of RecVAE's parts, for tests of what holds for each of them.
#pragma once

#include "recvae/settings.h"

namespace recvae::test {

inline constexpr struct {
  const char* name;
  void (*apply)(Settings&);
} kAblations[] = {
    {"Mult-VAE",
     [](Settings& s) {
       s.encoder = s.decoder = "multvae";
       s.prior = "standard";
       s.alternating = false;
       s.gamma = 0;
       s.total_anneal_steps = 40;
     }},
    {"Mult-DAE", [](Settings& s) { s.encoder = "multdae", s.decoder = "multvae", s.alternating = false; }},
    {"Mult-DAE, alternating", [](Settings& s) { s.encoder = "multdae"; }},
    {"encoder of Mult-VAE", [](Settings& s) { s.encoder = "multvae"; }},
    {"decoder of Mult-VAE", [](Settings& s) { s.decoder = "multvae"; }},
    {"standard prior", [](Settings& s) { s.prior = "standard"; }},
    {"prior of the old posterior alone", [](Settings& s) { s.prior = "old_posterior"; }},
    {"dropout in decoder passes", [](Settings& s) { s.decoder_dropout_prob = 0.3; }},
    {"padding user", [](Settings& s) { s.include_padding_user = true; }},
};

}  // namespace recvae::test
