// Writes the pages of pages.h into a folder, for the checks of pages_test.py and for looking at.
#include <cstdio>

#include "nn/atomic_file.h"
#include "pages.h"

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("write_pages FOLDER\n", stderr), 2;
  for (const auto& [name, html] : recvae::test::pages()) {
    ad::nn::AtomicFile file(std::string(argv[1]) + "/" + name + ".html");
    file.write(html.data(), html.size());
    file.commit();
  }
}
