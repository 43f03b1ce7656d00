// What a search varies: RecBole's file of parameters and their ranges.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../../autodiff/kernels/api.h"
#include "../settings.h"

namespace recvae::tune {

/// Gives the setting `name` the value that `text` is, as on the command line. Throws std::invalid_argument: what was
/// expected, where it is none of the setting's type.
RECVAE_API void set_value(Settings& settings, const std::string& name, const std::string& text);

/// The value of the setting `name`, as set_value takes it: numbers with as many digits as tell them apart.
RECVAE_API std::string value_of(const Settings& settings, const std::string& name);

/// A setting that a search varies.
struct RECVAE_API Parameter {
  /// How its values are spread.
  enum class Kind {
    choice,      ///< some values
    uniform,     ///< between low and high
    loguniform,  ///< likewise, its logarithm
    quniform     ///< multiples of a step
  };
  std::string name;                    ///< of the setting
  Kind kind = Kind::choice;            ///< how its values are spread
  std::vector<std::string> choices{};  ///< as value_of has them, no two alike
  double low = 0;                      ///< of the other kinds; of loguniform its natural logarithm
  double high = 0;                     ///< likewise
  double step = 0;                     ///< of quniform
  bool whole = false;                  ///< its setting is a whole number

  /// The value at `u` in [0, 1): the choice there, or, with x = low + u (high - low): x, e^x, or the multiple of `step`
  /// that is nearest to x.
  std::string at(double u) const;
  /// How many values there are; infinite where they are not counted.
  double count() const;
};

/// The values of a space's parameters, in its order, as value_of has them.
using Point = std::vector<std::string>;

/// What a search varies, and the seeds that each of its settings is trained with.
struct RECVAE_API Space {
  std::vector<Parameter> parameters;  ///< in the order of the file
  std::vector<std::string> seeds;     ///< the choices of a parameter `seed`; empty: the one of the settings

  std::size_t runs() const { return seeds.empty() ? 1 : seeds.size(); }  ///< of each point
  /// `base` with the values of `point` and its run's seed.
  Settings settings(const Settings& base, const Point& point, std::size_t run) const;
};

/// Reads a parameter per line, `name type range`:
///   name choice [a,b,c]       one of these; quotes around a value may be there, and have to be around one with a comma
///   name uniform low,high
///   name loguniform low,high  e^x of x between these
///   name quniform low,high,q  multiples of q
/// Blank lines are skipped, and what follows a #. Every value must be one that its setting takes in `base`. Throws
/// data::DataError, `file:line: expected X, found Y`.
RECVAE_API Space parse_space(const std::string& text, const std::string& file, const Settings& base);

}  // namespace recvae::tune
