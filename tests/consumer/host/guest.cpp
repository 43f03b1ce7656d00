// A host that has settings and headers of its own: the library, which works on several threads here, leaves them alone.
#include <clocale>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "autodiff/autodiff.h"
#include "data/reader.h"
#include "nn/layer.h"
#include "nn/nn.h"

extern "C" int openblas_get_num_threads();
extern "C" void openblas_set_num_threads(int);

namespace {

unsigned float_mode() {
#if defined(__SSE__)
  return __builtin_ia32_stmxcsr() & ~0x3fu;  // MXCSR, but for what has happened
#else
  return 0;
#endif
}

void train() {
  ad::Tensor<float> x(200, 300), y(200, 1);
  ad::fill_normal(x.view(), 1, {.seed = 1});
  ad::nn::Linear<float> model(300, 1, 2);
  ad::nn::Adam<float> adam;
  ad::Tape<float> tape;
  for (int step = 0; step < 20; ++step) {
    tape.backward(ad::mse(ad::tanh(model(tape.reference(x.view()))), tape.reference(y.view())));
    adam.step(model, tape);
    tape.reset();
  }
}

}  // namespace

int main() {
  openblas_set_num_threads(2);
  const int threads = openblas_get_num_threads();
  const unsigned mode = float_mode();
  std::setlocale(LC_ALL, "C.UTF-8");
  const std::string locale = std::setlocale(LC_ALL, nullptr);
  std::vector<std::thread> workers;
  for (int k = 0; k < 4; ++k) workers.emplace_back(train);
  train();
  for (std::thread& t : workers) t.join();
  const bool same = openblas_get_num_threads() == threads && float_mode() == mode &&
                    locale == std::setlocale(LC_ALL, nullptr) && host_reads() + host_layers() == 3;
  std::printf("the host's settings are %s\n", same ? "as they were" : "changed");
  return same ? 0 : 1;
}
