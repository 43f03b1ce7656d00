// Who may look on while a tape works.
#pragma once

#include <cstddef>

namespace ad {

/// Who follows a tape at work, as Profile does.
class TapeObserver {
 public:
  virtual void forward_done(std::size_t id) = 0;   ///< node `id` was recorded
  virtual void backward_begins() = 0;              ///< the reverse loop starts
  virtual void backward_done(std::size_t id) = 0;  ///< that of node `id` has returned

 protected:
  ~TapeObserver() = default;
};

}  // namespace ad
