#pragma once

#include <string>

#include "interactions.h"
#include "strong_split.h"
#include "text_source.h"

/// One function per format. Each throws DataError, `file:line: expected X, found Y`, at the first line that is wrong.
namespace recvae::data {

/// Comma- or tab-separated table with a header that names the columns, in any order; fields may be quoted.
void read_table(TextSource& text, const Columns& columns, InteractionBuilder& out);

/// RecBole's atomic file: tab-separated, header of `name:type`, tokens literal. Where `columns` has a table's
/// default names for user and item, RecBole's (`user_id`, `item_id`) count too.
void read_inter(TextSource& text, const Columns& columns, InteractionBuilder& out);

/// MovieLens `u.data` (separator: a tab) and `ratings.dat` (`::`): user, item, rating, time, without a header.
void read_movielens(TextSource& text, const std::string& separator, const Columns& columns, InteractionBuilder& out);

/// A line per user: the user, then its items, all decimal integers below 2^31. A user may have no items.
void read_adjacency(TextSource& text, InteractionBuilder& out);

/// The dependency graph in the text of `apt-cache dumpavail`: packages are users, the packages that `Depends` names
/// (the first of alternatives) are items. Repeated pairs collapse.
void read_dumpavail(TextSource& text, InteractionBuilder& out);

/// The seven files of a prepared directory, each of which may be gzip-compressed. Without `unique_uid.txt`, which
/// older tools do not write, a user's token is its index.
StrongSplit read_prepared(const std::string& directory);

}  // namespace recvae::data
