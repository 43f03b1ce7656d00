// A fuzz target as an ordinary program: runs it on the files and folders given, so that the corpus is a test in every
// build: SECONDS FILE... An input that takes more seconds, or more memory than it may, is a finding, too.
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "fuzz.h"

namespace fs = std::filesystem;

namespace {

long peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files;
  const double most_seconds = argc > 1 ? std::atof(argv[1]) : 0;
  for (int k = 2; k < argc; ++k) {
    if (!fs::is_directory(argv[k]))
      files.emplace_back(argv[k]);
    else
      for (const auto& entry : fs::recursive_directory_iterator(argv[k])) {
        if (entry.is_regular_file()) files.push_back(entry.path().string());
      }
  }
  std::sort(files.begin(), files.end());
  int greedy = 0;
  for (const std::string& file : files) {
    std::fprintf(stderr, "%s", (file + "\n").c_str());  // before it runs: the last line names what crashed
    const std::string input = recvae::test::read_file(file);
    const long before = peak_mb();
    const std::clock_t start = std::clock();  // of the processor: other programs may keep it busy
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    const long mb = peak_mb() - before;
    if (seconds > most_seconds || mb > 1024) {
      std::fprintf(stderr, "%s takes %.1f s and %ld MB\n", file.c_str(), seconds, mb);
      ++greedy;
    }
  }
  std::printf("%zu inputs, %d of them too greedy\n", files.size(), greedy);
  return greedy > 0 || files.empty() ? 1 : 0;
}
