#pragma once

#include <string>

#include "../interactions.h"
#include "../options.h"
#include "../split/strong.h"
#include "../split/weak.h"
#include "input.h"
#include "text_source.h"

namespace recvae::data {

/// What becomes of a time column: none is looked for, and it may hold anything; it is read if there is one; it has to
/// be there (in formats that have columns).
enum class Times { ignored, wanted, needed };

/// Reads `text` in that format. Throws DataError, `file:line: expected X, found Y`, at the first line that
/// is wrong.
/// - `table`: separated by tab, comma, `;` or `|`, as the header shows, which names the columns, in any order, as
///   `options` say or in one of the usual ways (case, blanks, `_` and `-` make no difference); fields may be quoted;
///   times are numbers or ISO 8601 (then read as seconds since 1970), one kind in a column;
/// - `inter`: RecBole's atomic file, tab-separated, header of `name:type`, names likewise, tokens literal;
/// - `u_data` (separated by tabs) and `ratings_dat` (by `::`): MovieLens' user, item, rating, time, without a header;
/// - `adjacency`: a line per user: the user, then its items (or none), all decimal integers below 2^31;
/// - `dumpavail`: the dependency graph in the text of `apt-cache dumpavail`: packages are users, the packages that
///   `Depends` names (the first of alternatives) are items; repeated pairs collapse.
void read_text(Format format, TextSource& text, const DataOptions& options, InteractionBuilder& out,
               Times times = Times::ignored);

/// A file of the data, which `options` may stop and watch. Throws DataError where it cannot be opened.
TextSource open_file(const std::string& file, const DataOptions& options);

/// Packages and what they depend on, of the text of `apt-cache dumpavail`.
void read_dumpavail(TextSource& text, InteractionBuilder& out);

/// The seven files of a prepared directory, `options.path`, each of which may be gzip-compressed. Without
/// `unique_uid.txt`, which older tools do not write, a user's token is its index.
StrongSplit read_prepared(const DataOptions& options);

/// The files of `input`, whose kind is parts. Of .inter files, those for validation and test may have no rows.
WeakSplit read_parts(const Input& input, const DataOptions& options);

}  // namespace recvae::data
