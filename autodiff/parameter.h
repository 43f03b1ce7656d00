// A learnable matrix. Its gradient lives in the tape, not here.
#pragma once

#include <memory>

#include "tensor.h"

namespace ad {

/// Who a parameter is, wherever it lies: moves with it. A copy is someone else; what is assigned to stays itself.
class Identity {
 public:
  Identity() : token_(std::make_shared<char>()) {}
  Identity(const Identity&) : Identity() {}  ///< someone else
  Identity(Identity&&) noexcept = default;   ///< the same one
  Identity& operator=(const Identity&) {     // NOLINT(bugprone-unhandled-self-assignment): it takes nothing
    if (!token_) token_ = std::make_shared<char>();
    return *this;
  }                                                    ///< stays itself
  Identity& operator=(Identity&&) noexcept = default;  ///< becomes what is moved

  /// Its address is nobody else's as long as a weak pointer to it is kept; null after a move from here.
  const std::shared_ptr<const char>& token() const { return token_; }

 private:
  std::shared_ptr<const char> token_;
};

/// A weight of a model. `trainable` says whether a tape collects its gradient (and so whether an optimiser moves it).
template <class T>
struct Parameter {
  Tensor<T> value;        ///< the weight itself; ops read it where it lies
  bool trainable = true;  ///< asked each time that a tape uses it
  Identity identity;      ///< by which tapes and optimisers know it

  Parameter() = default;
  explicit Parameter(Tensor<T> v) : value(std::move(v)) {}  ///< trainable, with this value
};

}  // namespace ad
