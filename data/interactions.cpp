#include "interactions.h"

#include <utility>

namespace recvae::data {

void InteractionBuilder::add_row(std::int32_t user, std::string_view item) {
  ++built_.rows_read;
  built_.users.push_back(user);
  built_.items.push_back(items_.add(item));
}

void InteractionBuilder::add(std::string_view user, std::string_view item, std::optional<double> rating,
                             std::optional<double> time) {
  if (user.empty() || item.empty()) {
    ++built_.rows_read;
    return;
  }
  add_row(users_.add(user), item);
  if (rating) built_.ratings.push_back(*rating);
  if (time) built_.times.push_back(*time);
}

Interactions InteractionBuilder::take() {
  built_.user_tokens = std::move(users_).take();
  built_.item_tokens = std::move(items_).take();
  return std::move(built_);
}

}  // namespace recvae::data
