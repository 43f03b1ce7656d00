// Who may look on while a tape works.
#pragma once

#include <cstddef>

namespace ad {

/// Who follows a tape at work, as Profile does.
class TapeObserver {
 public:
  virtual void forward_done(std::size_t id) = 0;
  virtual void backward_begins() = 0;
  virtual void backward_done(std::size_t id) = 0;

 protected:
  ~TapeObserver() = default;
};

}  // namespace ad
