#pragma once

#include <string>

#include "input.h"
#include "../interactions.h"
#include "../options.h"
#include "../split/strong.h"
#include "text_source.h"
#include "../split/weak.h"

namespace recvae::data {

/// What becomes of a time column: none is looked for, and it may hold anything; it is read if there is one; it has to
/// be there (in formats that have columns).
enum class Times { ignored, wanted, needed };

/// Reads `text` in the format of that name. Throws DataError, `file:line: expected X, found Y`, at the first line that
/// is wrong.
/// - `table`: comma- or tab-separated, with a header that names the columns, in any order; fields may be quoted;
/// - `inter`: RecBole's atomic file, tab-separated, header of `name:type`, tokens literal; where `options` have a
///   table's default names for user and item, RecBole's (`user_id`, `item_id`) count too;
/// - `u.data` (separated by tabs) and `ratings.dat` (by `::`): MovieLens' user, item, rating, time, without a header;
/// - `adjacency`: a line per user: the user, then its items (or none), all decimal integers below 2^31;
/// - `dumpavail`: the dependency graph in the text of `apt-cache dumpavail`: packages are users, the packages that
///   `Depends` names (the first of alternatives) are items; repeated pairs collapse.
void read_text(const std::string& format, TextSource& text, const DataOptions& options, InteractionBuilder& out,
               Times times = Times::ignored);

void read_dumpavail(TextSource& text, InteractionBuilder& out);

/// The seven files of a prepared directory, each of which may be gzip-compressed. Without `unique_uid.txt`, which
/// older tools do not write, a user's token is its index.
StrongSplit read_prepared(const std::string& directory);

/// The files of `input`, whose kind is parts. Of .inter files, those for validation and test may have no rows.
WeakSplit read_parts(const Input& input, const DataOptions& options);

}  // namespace recvae::data
