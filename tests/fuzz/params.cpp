// The parameters of a search, as recvae_tune reads them; what they stand for is what a setting takes.
#include "fuzz.h"
#include "recvae/tune/plan.h"

using namespace recvae;
using namespace recvae::test;

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  survives([&] {
    const Settings base;
    const tune::Space space = tune::parse_space(std::string(as_text(bytes, size)), "x", base);
    promise(!space.parameters.empty() || !space.seeds.empty(), "there is something to search");
    for (const tune::Parameter& p : space.parameters) promise(p.count() >= 1, "every parameter has a value");
    for (const tune::Point& point : tune::draws(space, 1, 5)) {
      const Settings s = space.settings(base, point, space.runs() - 1);
      validate(s);
      for (std::size_t k = 0; k < space.parameters.size(); ++k)
        promise(tune::value_of(s, space.parameters[k].name) == point[k], "a value is what its setting has");
    }
    survives([&] { tune::make_plan(base, space, tune::Algorithm::asha, 9, {}); });
  });
  return 0;
}
