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

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "arena.h"
#include "parameter.h"
#include "tensor.h"

namespace ad {

template <class T>
class Tape;

/// A value on a tape: a small handle that is copied freely. Stale after Tape::reset(): using it then throws Error.
template <class T>
class Var {
 public:
  Var() = default;
  ConstMatrix<T> value() const { return tape("value").value(*this); }
  Index rows() const { return value().rows; }
  Index cols() const { return value().cols; }
  Tape<T>& tape(const char* op = "tape") const {
    if (!tape_) throw Error(std::string(op) + ": empty handle");
    return *tape_;
  }

 private:
  friend class Tape<T>;
  Var(Tape<T>* tape, std::uint32_t id, std::uint32_t epoch) : tape_(tape), id_(id), epoch_(epoch) {}
  Tape<T>* tape_ = nullptr;
  std::uint32_t id_ = 0, epoch_ = 0;
};
static_assert(sizeof(Var<float>) == 16 && std::is_trivially_copyable_v<Var<float>>);

/// Where a backward writes the gradient of one input. Empty (false): nobody wants it, skip the work. Otherwise every
/// element must be written once: set when `accumulate` is false (the memory is uninitialised), added when it is true.
template <class T>
struct GradSlot {
  Matrix<T> grad;
  bool accumulate = false;

  explicit operator bool() const { return grad.data != nullptr; }
  T beta() const { return accumulate ? T(1) : T(0); }  ///< for GEMM
  void put(Index i, T g) const { grad.data[i] = accumulate ? grad.data[i] + g : g; }
};

/// The gradient of a leaf after backward(): empty (frozen or not reached), dense, or of some rows only (all others are
/// zero). `rows` ascend; row k of `values` belongs to row rows[k] of the leaf.
template <class T>
struct Gradient {
  Matrix<T> values;
  std::span<const std::int32_t> rows;
  bool row_sparse = false;

  explicit operator bool() const { return values.data != nullptr; }
};

/// The recording of one step. Owns every value and gradient of it. One thread at a time; any number of tapes.
template <class T>
class Tape {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;  // Vars point to their tape
  Tape& operator=(const Tape&) = delete;
  ~Tape() { destroy_owned(); }

  // ---- leaves ----

  /// A copy of `m` that gets no gradient.
  Var<T> constant(ConstMatrix<T> m) { return leaf("constant", copy_matrix(m), false); }
  Var<T> constant(const Tensor<T>& t) { return constant(t.view()); }
  /// `m` itself, without a copy and without a gradient: it must stay as it is until reset().
  Var<T> reference(ConstMatrix<T> m) { return leaf("reference", const_cast<T*>(m.data), m.rows, m.cols, false); }
  /// A copy of `m` that gets a gradient: an input to be differentiated by.
  Var<T> variable(ConstMatrix<T> m) { return leaf("variable", copy_matrix(m), true); }
  Var<T> variable(const Tensor<T>& t) { return variable(t.view()); }
  /// The weight `p`, not copied: it must outlive the step and not change before reset(). The same Var for each use.
  Var<T> parameter(const Parameter<T>& p);

  // ---- for ops ----

  /// Uninitialised matrix, valid until reset().
  Matrix<T> alloc(Index rows, Index cols) { return {alloc_array<T>(rows * cols).data(), rows, cols}; }
  /// Uninitialised array, valid until reset().
  template <class U>
  std::span<U> alloc_array(Index n) {
    static_assert(std::is_trivially_destructible_v<U>);
    const auto count = static_cast<std::size_t>(n);
    return {static_cast<U*>(arena_.allocate(count * sizeof(U))), count};
  }
  /// A copy that lives until reset(): for what a backward reads but its inputs do not keep alive.
  template <class U>
  std::span<const U> copy(std::span<const U> s) {
    std::span<U> mine = alloc_array<U>(static_cast<Index>(s.size()));
    if (!s.empty()) std::memcpy(mine.data(), s.data(), s.size_bytes());
    return mine;
  }
  /// Takes any value over; it is destroyed at reset().
  template <class V>
  V& own(V value) {
    void* memory = arena_.allocate(sizeof(V));
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
  Var<T> record(const char* op, Matrix<T> out, std::initializer_list<Var<T>> inputs, F backward) {
    static_assert(std::is_trivially_copyable_v<F> && std::is_trivially_destructible_v<F>,
                  "a backward captures handles and views; give owning objects to tape.own()");
    if (in_backward_) throw Error(std::string(op) + ": ops cannot be recorded during backward (first order only)");
    bool wanted = false;
    for (Var<T> input : inputs) wanted = node(input, op).wants_grad || wanted;
    Node n{op, out.data, out.rows, out.cols, wanted && !no_grad_};
    if (n.wants_grad) {
      n.closure = ::new (arena_.allocate(sizeof(F))) F(backward);
      n.backward = [](const void* f, Tape& tape, ConstMatrix<T> g) { (*static_cast<const F*>(f))(tape, g); };
    }
    return append(n);
  }

  /// Will backward() ask for the gradient of `v`? Lets an op skip what only its backward needs.
  bool wants_grad(Var<T> v) const { return !no_grad_ && node(v, "wants_grad").wants_grad; }

  /// In a backward: where to write the gradient of `input` (see GradSlot).
  GradSlot<T> grad_slot(Var<T> input);

  /// In a backward: may the gradient of `input` be given as rows only? Then call set_row_grad(); else use grad_slot().
  bool takes_row_grad(Var<T> input) const {
    const Node& n = node(input, "takes_row_grad");
    return n.wants_grad && !n.backward && !n.grad;
  }
  /// In a backward: sets a row-sparse gradient; `rows` ascend, memory from alloc().
  void set_row_grad(Var<T> input, std::span<const std::int32_t> rows, Matrix<T> values);

  // ---- differentiation ----

  /// Gradients of `loss` [1, 1] with respect to every leaf that wants one. Once per recording.
  void backward(Var<T> loss);

  /// After backward(): the gradient of a leaf or of a parameter; empty where there is none.
  Gradient<T> gradient(Var<T> v) { return gradient_of(node(v, "gradient")); }
  Gradient<T> gradient(const Parameter<T>& p) {
    const std::uint32_t* id = parameters_.find(&p);
    return id ? gradient_of(nodes_[*id]) : Gradient<T>{};
  }

  // ---- switches ----

  /// While the returned object lives, ops record values only: for evaluation and frozen parts.
  class NoGrad {
   public:
    explicit NoGrad(Tape& tape) : tape_(tape), before_(std::exchange(tape.no_grad_, true)) {}
    ~NoGrad() { tape_.no_grad_ = before_; }
    NoGrad(const NoGrad&) = delete;
    NoGrad& operator=(const NoGrad&) = delete;

   private:
    Tape& tape_;
    bool before_;
  };
  [[nodiscard]] NoGrad no_grad() { return NoGrad(*this); }

  /// Forgets the step; its Vars become stale. Memory is kept for the next one.
  void reset() {
    destroy_owned();
    nodes_.clear();
    parameters_.clear();
    arena_.reset();
    ++epoch_;
    done_ = false;
  }

  /// The matrix behind a handle; `op` is whom an error names.
  ConstMatrix<T> value(Var<T> v, const char* op = "value") const {
    const Node& n = node(v, op);
    return {n.value, n.rows, n.cols};
  }
  std::size_t size() const { return nodes_.size(); }                  ///< recorded nodes
  std::size_t bytes_in_use() const { return arena_.bytes_in_use(); }  ///< of the arena, this step

 private:
  using Backward = void (*)(const void* closure, Tape& tape, ConstMatrix<T> g);
  struct Node {
    const char* op;
    T* value;
    Index rows, cols;
    bool wants_grad;
    Backward backward = nullptr;  // null: a leaf, or nothing to do
    const void* closure = nullptr;
    T* grad = nullptr;  // dense [rows, cols], or [grad_rows.size(), cols] if row_sparse
    bool row_sparse = false;
    std::span<const std::int32_t> grad_rows = {};
  };

  /// Which node stands for a parameter: open addressing, so that clearing keeps the memory.
  class ParameterMap {
   public:
    std::uint32_t* find(const void* key) {
      if (slots_.empty()) return nullptr;
      Slot& s = slots_[probe(key)];
      return s.key ? &s.id : nullptr;
    }
    void insert(const void* key, std::uint32_t id) {
      if (2 * (used_.size() + 1) > slots_.size()) rehash();
      const std::size_t at = probe(key);
      slots_[at] = {key, id};
      used_.push_back(at);
    }
    void clear() {
      for (std::size_t at : used_) slots_[at] = {};
      used_.clear();
    }

   private:
    struct Slot {
      const void* key = nullptr;
      std::uint32_t id = 0;
    };
    std::size_t probe(const void* key) const {
      const std::size_t mask = slots_.size() - 1;
      std::size_t at = (reinterpret_cast<std::uintptr_t>(key) * 0x9E3779B97F4A7C15ull >> 32) & mask;
      while (slots_[at].key && slots_[at].key != key) at = (at + 1) & mask;
      return at;
    }
    void rehash() {
      std::vector<Slot> before;
      for (std::size_t at : used_) before.push_back(slots_[at]);
      slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), {});
      used_.clear();
      used_.reserve(slots_.size() / 2);
      for (const Slot& s : before) {
        const std::size_t at = probe(s.key);
        slots_[at] = s;
        used_.push_back(at);
      }
    }
    std::vector<Slot> slots_;  // a power of two, at most half full
    std::vector<std::size_t> used_;
  };

  struct Owned {
    void* object;
    void (*destroy)(void*);
  };

  const Node& node(Var<T> v, const char* op) const {
    if (&v.tape(op) != this) throw Error(std::string(op) + ": the value belongs to another tape");
    if (v.epoch_ != epoch_) throw Error(std::string(op) + ": stale value, its tape was reset");
    return nodes_[v.id_];
  }
  Node& node(Var<T> v, const char* op) { return const_cast<Node&>(std::as_const(*this).node(v, op)); }

  Var<T> append(const Node& n) {
    nodes_.push_back(n);
    return Var<T>(this, static_cast<std::uint32_t>(nodes_.size() - 1), epoch_);
  }
  Var<T> leaf(const char* op, T* value, Index rows, Index cols, bool wants) {
    return append(Node{op, value, rows, cols, wants && !no_grad_});
  }
  Var<T> leaf(const char* op, Matrix<T> m, bool wants) { return leaf(op, m.data, m.rows, m.cols, wants); }
  Matrix<T> copy_matrix(ConstMatrix<T> m) { return {const_cast<T*>(copy(m.span()).data()), m.rows, m.cols}; }
  void make_dense(Node& n);
  Gradient<T> gradient_of(const Node& n) {
    return {
        {n.grad, n.row_sparse ? static_cast<Index>(n.grad_rows.size()) : n.rows, n.cols}, n.grad_rows, n.row_sparse};
  }
  void destroy_owned() {
    for (auto it = owned_.rbegin(); it != owned_.rend(); ++it) it->destroy(it->object);
    owned_.clear();
  }

  Arena arena_;
  std::vector<Node> nodes_;
  std::vector<Owned> owned_;
  ParameterMap parameters_;
  std::uint32_t epoch_ = 0;
  bool no_grad_ = false, in_backward_ = false, done_ = false;
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
  const bool wanted = p.trainable && !no_grad_;
  std::uint32_t* id = parameters_.find(&p);
  // First met under no_grad() or frozen, and wanted now: a second leaf, as ops recorded before rely on the first.
  if (id && (nodes_[*id].wants_grad || !wanted)) return Var<T>(this, *id, epoch_);
  const Var<T> v = leaf("parameter", const_cast<T*>(p.value.data()), p.value.rows(), p.value.cols(), wanted);
  if (id)
    *id = v.id_;
  else
    parameters_.insert(&p, v.id_);
  return v;
}

template <class T>
GradSlot<T> Tape<T>::grad_slot(Var<T> input) {
  Node& n = node(input, "grad_slot");
  if (!n.wants_grad) return {};
  if (n.row_sparse) make_dense(n);
  const bool accumulate = n.grad != nullptr;
  if (!accumulate) n.grad = alloc(n.rows, n.cols).data;
  return {{n.grad, n.rows, n.cols}, accumulate};
}

template <class T>
void Tape<T>::set_row_grad(Var<T> input, std::span<const std::int32_t> rows, Matrix<T> values) {
  Node& n = node(input, "set_row_grad");
  n.grad = values.data;
  n.grad_rows = rows;
  n.row_sparse = true;
}

template <class T>
void Tape<T>::make_dense(Node& n) {
  Matrix<T> dense = alloc(n.rows, n.cols);
  std::fill(dense.data, dense.data + dense.size(), T(0));
  for (std::size_t k = 0; k < n.grad_rows.size(); ++k) {
    const T* from = n.grad + static_cast<Index>(k) * n.cols;
    std::copy(from, from + n.cols, dense.row(n.grad_rows[k]));
  }
  n.grad = dense.data;
  n.grad_rows = {};
  n.row_sparse = false;
}

template <class T>
void Tape<T>::backward(Var<T> loss) {
  Node& root = node(loss, "backward");
  if (root.rows != 1 || root.cols != 1) {
    throw ShapeError("backward: expected a loss [1, 1], found " + shape_string(root.rows, root.cols));
  }
  if (done_) throw Error("backward: called twice on one recording; call reset() first");
  done_ = true;
  if (!root.wants_grad) return;
  root.grad = alloc(1, 1).data;
  *root.grad = T(1);
  in_backward_ = true;
  struct Leave {
    bool& flag;
    ~Leave() { flag = false; }
  } leave{in_backward_};
  for (Index id = loss.id_; id >= 0; --id) {
    const Node& n = nodes_[static_cast<std::size_t>(id)];
    if (n.backward && n.grad) n.backward(n.closure, *this, ConstMatrix<T>{n.grad, n.rows, n.cols});
  }
}

}  // namespace ad
