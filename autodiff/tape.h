// The tape: memory, nodes and the reverse loop. One training step is
//
//   ad::Tape<float> tape;                                   // once: owns the memory of every step
//   for (const Batch& batch : batches) {
//     ad::Var<float> loss = model.loss(tape, batch, ...);   // model is const; each op appends a node
//     tape.backward(loss);                                  // one reverse loop: no sort, no map, no recursion
//     adam.step(model, tape);                               // reads tape.gradient(p), updates p.value
//     tape.reset();                                         // O(1); every Var of this step is now stale, and says so
//   }
//
// An op is a function that computes its value into tape.alloc() and calls tape.record() with a lambda that is its
// backward (CONTRIBUTING.md walks through one). Nodes are appended in topological order by construction.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "arena.h"
#include "grad_slot.h"
#include "inspect/observer.h"
#include "parallel.h"
#include "parameter.h"
#include "parameter_map.h"
#include "tensor.h"

namespace ad {

template <class T>
class Tape;

/// A value on a tape: a small handle that is copied freely and does not outlive its tape. Stale after Tape::reset():
/// using it then throws Error. (Recordings are counted in 32 bits: a handle kept for exactly 2^32 resets would pass as
/// fresh.)
template <class T>
class Var {
 public:
  Var() = default;
  ConstMatrix<T> value() const { return tape("value").value(*this); }  ///< valid until reset()
  Index rows() const { return value().rows; }                          ///< of the value
  Index cols() const { return value().cols; }                          ///< of the value
  /// The number in a value [1, 1]; of other shapes it throws ShapeError.
  T item() const {
    const ConstMatrix<T> v = tape("item").value(*this, "item");
    if (v.rows != 1 || v.cols != 1) throw ShapeError("item: expected [1, 1], found " + shape_string(v));
    return *v.data;
  }
  Tape<T>& tape(const char* op = "tape") const {
    if (!tape_) [[unlikely]]
      refuse_empty(op);
    return *tape_;
  }  ///< Its tape; an empty handle throws Error("op: empty handle").

 private:
  friend class Tape<T>;
  Var(Tape<T>* tape, std::uint32_t id, std::uint32_t epoch) : tape_(tape), id_(id), epoch_(epoch) {}
  [[noreturn, gnu::cold, gnu::noinline]] static void refuse_empty(const char* op) {
    throw Error(std::string(op) + ": empty handle");
  }
  Tape<T>* tape_ = nullptr;
  std::uint32_t id_ = 0, epoch_ = 0;
};
static_assert(sizeof(Var<float>) == 16 && std::is_trivially_copyable_v<Var<float>>);

/// The recording of one step. Owns every value and gradient of it. One thread at a time; any number of tapes. It
/// records, until backward() ends the recording; when that throws, all but reset() and reading values throws Error.
template <class T>
class Tape {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;  // Vars point to their tape
  Tape& operator=(const Tape&) = delete;
  ~Tape() {
    ++epoch_;
    destroy_owned();
  }

  // ---- leaves ----

  /// A copy of `m` that gets no gradient.
  Var<T> constant(ConstMatrix<T> m) { return leaf("constant", copy_matrix(m), false); }
  /// A number, [1, 1]: it takes part in any shape, as sides of length 1 repeat.
  Var<T> constant(double number) {
    const T value = static_cast<T>(number);
    return constant(ConstMatrix<T>{&value, 1, 1});
  }
  /// `m` itself, without a copy and without a gradient: it must stay as it is until reset().
  Var<T> reference(ConstMatrix<T> m) { return leaf("reference", {const_cast<T*>(m.data), m.rows, m.cols}, false); }
  /// A copy of `m` that gets a gradient: an input to be differentiated by.
  Var<T> variable(ConstMatrix<T> m) { return leaf("variable", copy_matrix(m), true); }
  /// The weight `p`, not copied: it must outlive the step and not change before reset(). A constant if it is not
  /// trainable now, whatever it was at earlier uses: those keep their gradient.
  Var<T> parameter(const Parameter<T>& p);

  // ---- for ops ----

  /// Uninitialised matrix, valid until reset(). Throws ShapeError where checked_bytes() does.
  Matrix<T> alloc(Index rows, Index cols) {
    const std::size_t bytes = checked_bytes("alloc", rows, cols, sizeof(T));
    return {static_cast<T*>(arena_.allocate(bytes, bytes < kAlignment ? alignof(T) : kAlignment)), rows, cols};
  }
  /// Uninitialised array, valid until reset().
  template <class U>
  std::span<U> alloc_array(Index n) {
    static_assert(std::is_trivially_destructible_v<U> && alignof(U) <= kAlignment);
    const std::size_t bytes = checked_bytes("alloc_array", 1, n, sizeof(U));
    return {static_cast<U*>(arena_.allocate(bytes)), static_cast<std::size_t>(n)};
  }
  /// A copy that lives until reset(): for what a backward reads but its inputs do not keep alive.
  template <class U>
  std::span<const U> copy(std::span<const U> s) {
    std::span<U> mine = alloc_array<U>(static_cast<Index>(s.size()));
    if (!s.empty()) std::memcpy(mine.data(), s.data(), s.size_bytes());
    return mine;
  }
  /// Takes any value over; it is destroyed at reset(), where its destructor must not throw.
  template <class V>
  V& own(V value) {
    static_assert(alignof(V) <= kAlignment);
    void* memory = arena_.allocate(sizeof(V), alignof(V));
    V* v = ::new (memory) V(std::move(value));
    if constexpr (!std::is_trivially_destructible_v<V>) {
      owned_.push_back({v, [](void* p) { static_cast<V*>(p)->~V(); }});
    }
    return *v;
  }

  /// Appends the op's node. `out` comes from alloc(); `inputs` are what the gradient flows to; `backward` is called as
  /// backward(tape, g), g being the gradient of `out`, and writes into tape.grad_slot(input) of each input. It is
  /// copied into the arena, so it captures handles and views only. `op` must be a string literal.
  template <class F>
  Var<T> record(const char* op, Matrix<T> out, std::span<const Var<T>> inputs, F backward) {
    return record_all(op, std::array{out}, inputs,
                      [backward](Tape& tape, const std::array<ConstMatrix<T>, 1>& g) { backward(tape, g[0]); })[0];
  }
  template <class F>
  Var<T> record(const char* op, Matrix<T> out, std::initializer_list<Var<T>> inputs, F backward) {
    return record(op, out, std::span<const Var<T>>(inputs.begin(), inputs.size()), backward);
  }  ///< The same, of a list.
  /// The same for an op of several outputs: `backward` is called once, as backward(tape, gs), with the gradient of each
  /// output in its order; one that the loss does not depend on is empty (data is null).
  template <std::size_t N, class F>
  std::array<Var<T>, N> record_all(const char* op, const std::array<Matrix<T>, N>& outs, std::span<const Var<T>> inputs,
                                   F backward) {
    static_assert(std::is_trivially_copyable_v<F> && std::is_trivially_destructible_v<F>,
                  "a backward captures handles and views; give owning objects to tape.own()");
    static_assert(N > 0 && alignof(F) <= kAlignment);
    refuse_unless_recording(op);
    bool wanted = false;
    for (Var<T> input : inputs) wanted = node(input, op).wants_grad || wanted;
    wanted = wanted && no_grad_ == 0;
    // The reverse loop comes to the first output last, when the gradients of all are complete: it has the closure.
    const void* closure = wanted ? ::new (arena_.allocate(sizeof(F), alignof(F))) F(backward) : nullptr;
    std::array<Var<T>, N> vars;
    for (std::size_t k = 0; k < N; ++k)
      vars[k] = append(Node{op, outs[k].data, outs[k].rows, outs[k].cols, wanted, false}, inputs);
    if (!wanted) return vars;
    Node& node = nodes_[vars[0].id_];
    node.closure = closure;
    node.backward = [](const void* f, Tape& tape, std::uint32_t first) {
      std::array<ConstMatrix<T>, N> g;
      bool reached = false;
      for (std::size_t i = 0; i < N; ++i) {
        const Node& n = tape.nodes_[first + i];
        g[i] = {n.grad, n.grad ? n.rows : 0, n.grad ? n.cols : 0};
        reached = reached || n.grad;
      }
      if (reached) (*static_cast<const F*>(f))(tape, g);
    };
    return vars;
  }

  /// Will backward() ask for the gradient of `v`? Lets an op skip what only its backward needs.
  bool wants_grad(Var<T> v) const { return no_grad_ == 0 && node(v, "wants_grad").wants_grad; }

  /// In a backward: where to write the gradient of `input` (see GradSlot). Each call gives a place of its own, so an op
  /// of x and x asks twice.
  GradSlot<T> grad_slot(Var<T> input);

  /// In a backward: may the gradient of `input` be given as rows only? Then call set_row_grad(); else use grad_slot().
  bool takes_row_grad(Var<T> input) {
    const Node& n = running_input(input, "takes_row_grad");
    return n.wants_grad && n.leaf && !n.grad;
  }
  /// In a backward: gives a row-sparse gradient, already filled; `rows` ascend, memory from alloc().
  void set_row_grad(Var<T> input, std::span<const std::int32_t> rows, Matrix<T> values);

  // ---- differentiation ----

  /// Gradients of `loss` [1, 1] with respect to every leaf that wants one. Once per recording. Throws Error where there
  /// is no such leaf; if a backward throws, there are no gradients.
  void backward(Var<T> loss) {
    const ConstMatrix<T> v = value(loss, "backward");
    if (v.rows != 1 || v.cols != 1) throw ShapeError("backward: expected a loss [1, 1], found " + shape_string(v));
    const T one = 1;
    backward(loss, ConstMatrix<T>{&one, 1, 1});
  }
  /// The same of sum(seed * v), elementwise: a vector-Jacobian product. `seed` has v's shape.
  void backward(Var<T> v, ConstMatrix<T> seed);

  /// After backward(): the gradient of a leaf or of a parameter; empty where there is none. Throws Error before.
  Gradient<T> gradient(Var<T> v) {
    const Node& n = node(v, "gradient");
    require_gradients("gradient");
    return gradient_of(n);
  }
  Gradient<T> gradient(const Parameter<T>& p) {
    require_gradients("gradient");
    const std::uint32_t* id = parameters_.find(p.identity.token().get());
    return id ? gradient_of(nodes_[*id]) : Gradient<T>{};
  }  ///< The same.
  /// Throws Error("who: ...") unless backward() is done.
  void require_gradients(const char* who) const {
    refuse_failed(who);
    if (state_ != State::done)
      throw Error(std::string(who) + ": this recording has no gradients: call backward() first");
  }

  // ---- switches ----

  /// While the returned object lives, ops record values only: for evaluation and frozen parts.
  class NoGrad {
   public:
    explicit NoGrad(Tape& tape) : tape_(tape) { ++tape_.no_grad_; }  ///< see no_grad()
    ~NoGrad() { --tape_.no_grad_; }
    NoGrad(const NoGrad&) = delete;
    NoGrad& operator=(const NoGrad&) = delete;

   private:
    Tape& tape_;
  };
  [[nodiscard]] NoGrad no_grad() { return NoGrad(*this); }  ///< Keep the result: `const auto guard = tape.no_grad();`

  /// Forgets the step; its Vars become stale. The tape is as new; memory is kept for the next one. Throws Error in a
  /// backward.
  void reset() {
    if (state_ == State::running) throw Error("reset: called in a backward");
    ++epoch_;  // First: a destructor of what the tape owns that uses it hears so.
    state_ = State::failed;
    destroy_owned();
    nodes_.clear();
    inputs_.clear();
    parameters_.clear();
    identities_.clear();
    aside_.clear();
    arena_.reset();
    state_ = State::recording;
  }

  /// The matrix behind a handle; `op` is whom an error names.
  ConstMatrix<T> value(Var<T> v, const char* op = "value") const {
    const Node& n = node(v, op);
    return {n.value, n.rows, n.cols};
  }
  std::size_t size() const { return nodes_.size(); }                  ///< recorded nodes
  std::size_t bytes_in_use() const { return arena_.bytes_in_use(); }  ///< of the arena, this step

  /// Node `id`, below size(), as inspect/ shows it: valid until the tape is used again.
  struct NodeView {
    const char* op;                         ///< its name
    ConstMatrix<T> value;                   ///< its value
    Gradient<T> gradient;                   ///< empty where there is none, or where the backward failed
    bool wants_grad;                        ///< does a gradient flow through it?
    std::span<const std::uint32_t> inputs;  ///< their ids
  };
  NodeView node(std::size_t id) const {
    const Node& n = nodes_.at(id);
    const std::size_t end = id + 1 < nodes_.size() ? nodes_[id + 1].first_input : inputs_.size();
    const auto inputs = std::span(inputs_).subspan(n.first_input, end - n.first_input);
    const auto gradient = state_ == State::failed ? Gradient<T>{} : gradient_of(n);
    return {n.op, {n.value, n.rows, n.cols}, gradient, n.wants_grad, inputs};
  }  ///< Throws std::out_of_range for an id from size() on.
  /// Is called after every node's forward and after its backward; null: nobody. Must outlive its use.
  void observe(TapeObserver* observer) { observer_ = observer; }

 private:
  using Backward = void (*)(const void* closure, Tape& tape, std::uint32_t first);
  struct Node {
    const char* op;
    T* value;
    Index rows, cols;
    bool wants_grad, leaf;
    std::uint32_t first_input = 0;
    std::uint32_t asked_by = 0;   // the last node whose backward asked for a slot of this one
    Backward backward = nullptr;  // null: a leaf, or nothing to do
    const void* closure = nullptr;
    T* grad = nullptr;  // dense [rows, cols], or [grad_rows.size(), cols] if row_sparse
    bool row_sparse = false;
    std::span<const std::int32_t> grad_rows = {};
  };
  struct Owned {
    void* object;
    void (*destroy)(void*);
  };
  struct Aside {
    std::uint32_t id;
    T* grad;
  };
  enum class State { recording, running, done, failed };

  const Node& node(Var<T> v, const char* op) const {
    if (v.tape_ != this || v.epoch_ != epoch_ || v.id_ >= nodes_.size()) [[unlikely]]
      refuse(v, op);
    return nodes_[v.id_];
  }
  [[noreturn, gnu::cold, gnu::noinline]] void refuse(Var<T> v, const char* op) const {  // apart: node() is inlined
    if (&v.tape(op) != this) throw Error(std::string(op) + ": the value belongs to another tape");
    throw Error(std::string(op) + ": stale value, its tape was reset");
  }
  Node& node(Var<T> v, const char* op) { return const_cast<Node&>(std::as_const(*this).node(v, op)); }

  void refuse_failed(const char* op) const {
    if (state_ == State::failed) throw Error(std::string(op) + ": the backward() of this tape failed; call reset()");
  }
  void refuse_unless_recording(const char* op) const {
    refuse_failed(op);
    if (state_ == State::running)
      throw Error(std::string(op) + ": nothing can be recorded during backward (first order only)");
  }
  Node& running_input(Var<T> input, const char* op) {
    if (state_ != State::running) throw Error(std::string(op) + ": called outside of a backward");
    Node& n = node(input, op);
    if (input.id_ >= running_) throw Error(std::string(op) + ": not an input of " + nodes_[running_].op);
    return n;
  }

  Var<T> append(const Node& n, std::span<const Var<T>> inputs = {}) {
    nodes_.push_back(n);
    nodes_.back().first_input = static_cast<std::uint32_t>(inputs_.size());
    for (Var<T> input : inputs) inputs_.push_back(input.id_);
    if (observer_) observer_->forward_done(nodes_.size() - 1);
    return Var<T>(this, static_cast<std::uint32_t>(nodes_.size() - 1), epoch_);
  }
  Var<T> leaf(const char* op, Matrix<T> m, bool wants) {
    refuse_unless_recording(op);
    checked_bytes(op, m.rows, m.cols, sizeof(T));
    return append(Node{op, m.data, m.rows, m.cols, wants && no_grad_ == 0, true});
  }
  Matrix<T> copy_matrix(ConstMatrix<T> m) {
    Matrix<T> mine = alloc(m.rows, m.cols);
    if (m.size() > 0) std::memcpy(mine.data, m.data, m.span().size_bytes());
    return mine;
  }
  void add_aside() {
    for (const Aside& a : aside_) {
      const Node& n = nodes_[a.id];
      parallel_chunks(n.rows * n.cols, kChunk, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) n.grad[i] += a.grad[i];
      });
    }
    aside_.clear();
  }
  static Gradient<T> gradient_of(const Node& n) {
    if (!n.grad) return {};
    const Index rows = n.row_sparse ? static_cast<Index>(n.grad_rows.size()) : n.rows;
    return {{{n.grad, rows, n.cols}}, n.grad_rows, n.row_sparse};
  }
  void destroy_owned() {
    while (!owned_.empty()) {
      const Owned last = owned_.back();
      owned_.pop_back();
      last.destroy(last.object);
    }
  }

  Arena arena_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> inputs_;  // of all nodes, one after another
  std::vector<Owned> owned_;
  detail::ParameterMap parameters_;                      // those that were trainable when they were used
  std::vector<std::shared_ptr<const char>> identities_;  // theirs: so that nobody else gets one's address
  std::vector<Aside> aside_;  // second slots of one input, added when their backward has returned
  std::uint32_t epoch_ = 0, running_ = 0;
  int no_grad_ = 0;
  State state_ = State::recording;
  TapeObserver* observer_ = nullptr;
};

/// The tape of an op's inputs, its first line: throws Error("op: ...") where one is empty, stale or of another tape.
template <class T>
Tape<T>& tape_of(const char* op, std::initializer_list<Var<T>> inputs) {
  Tape<T>& tape = inputs.begin()->tape(op);
  for (Var<T> input : inputs) tape.value(input, op);
  return tape;
}

template <class T>
Var<T> Tape<T>::parameter(const Parameter<T>& p) {
  refuse_unless_recording("parameter");
  const void* key = p.identity.token().get();
  if (!key) throw Error("parameter: it was moved elsewhere");
  const bool wanted = p.trainable && no_grad_ == 0;
  if (const std::uint32_t* id = parameters_.find(key); wanted && id) return Var<T>(this, *id, epoch_);
  const Var<T> v = leaf("parameter", {const_cast<T*>(p.value.data()), p.value.rows(), p.value.cols()}, wanted);
  if (wanted) {
    parameters_.insert(key, v.id_);
    identities_.push_back(p.identity.token());
  }
  return v;
}

template <class T>
GradSlot<T> Tape<T>::grad_slot(Var<T> input) {
  Node& n = running_input(input, "grad_slot");
  if (!n.wants_grad) return {};
  if (std::exchange(n.asked_by, running_) == running_) {  // the first slot may not be filled yet
    aside_.push_back({input.id_, alloc(n.rows, n.cols).data});
    return {{aside_.back().grad, n.rows, n.cols}, false};
  }
  const bool accumulate = n.grad != nullptr;
  if (!accumulate) n.grad = alloc(n.rows, n.cols).data;
  if (std::exchange(n.row_sparse, false)) {  // from now on dense
    const Matrix<T> dense = alloc(n.rows, n.cols), rows{n.grad, std::ssize(n.grad_rows), n.cols};
    std::fill_n(dense.data, dense.size(), T(0));
    detail::add_rows(std::exchange(n.grad_rows, {}), ConstMatrix<T>(rows), dense);
    n.grad = dense.data;
  }
  return {{n.grad, n.rows, n.cols}, accumulate};
}

template <class T>
void Tape<T>::set_row_grad(Var<T> input, std::span<const std::int32_t> rows, Matrix<T> values) {
  const bool takes = takes_row_grad(input);
  Node& n = node(input, "set_row_grad");
  std::int64_t before = -1;
  bool ascend = values.rows == std::ssize(rows) && values.cols == n.cols;
  for (std::int32_t row : rows) ascend = ascend && row > std::exchange(before, row);
  if (!ascend || before >= n.rows) {
    throw ShapeError("set_row_grad: " + shape_string(values) + " for " + std::to_string(rows.size()) + " rows of " +
                     shape_string(n) + ": expected rows that ascend within it");
  }
  if (takes) {
    n.grad = values.data;
    n.grad_rows = rows;
    n.row_sparse = true;
  } else if (const GradSlot<T> slot = grad_slot(input)) {
    if (!slot.accumulate) std::fill_n(slot.grad.data, slot.grad.size(), T(0));
    detail::add_rows(rows, ConstMatrix<T>(values), slot.grad);
  }
}

template <class T>
void Tape<T>::backward(Var<T> v, ConstMatrix<T> seed) {
  Node& root = node(v, "backward");
  refuse_failed("backward");
  if (seed.rows != root.rows || seed.cols != root.cols) {
    throw ShapeError("backward: a seed " + shape_string(seed) + " for a value " + shape_string(root));
  }
  if (state_ != State::recording) throw Error("backward: called twice on one recording; call reset() first");
  if (!root.wants_grad) throw Error("backward: the loss depends on nothing trainable, or was recorded under no_grad()");
  state_ = State::running;
  try {
    root.grad = copy_matrix(seed).data;
    if (observer_) observer_->backward_begins();
    for (std::size_t id = v.id_ + std::size_t{1}; id-- > 0;) {
      const Node& n = nodes_[id];
      if (!n.backward) continue;
      running_ = static_cast<std::uint32_t>(id);
      n.backward(n.closure, *this, running_);
      if (!aside_.empty()) add_aside();
      if (observer_) observer_->backward_done(id);
    }
  } catch (...) {
    state_ = State::failed;
    throw;
  }
  state_ = State::done;
}

}  // namespace ad
