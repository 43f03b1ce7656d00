// What the machine can do at best: the two rates that bound every op and every step.
#pragma once

namespace recvae::bench {

struct Roofs {
  double gemm_gflops = 0;  ///< R: products of 2048 x 2048 floats by OpenBLAS, in row tiles, a thread each
  double triad_gbs = 0;    ///< S: a = b + s c, from memory; a written float counts 8 bytes, as its line is read first
  double read_gbs = 0;     ///< reading alone

  /// The better of two measurements, rate by rate: what disturbs a measurement only ever lowers it.
  Roofs best(const Roofs& other) const;
  /// The least time that so much work can take.
  double floor_seconds(double gflop, double gbytes) const { return gflop / gemm_gflops + gbytes / triad_gbs; }
};

/// Measures them with the threads that the library uses. Takes about a second and 192 MB, which are given back.
Roofs measure_roofs();

}  // namespace recvae::bench
