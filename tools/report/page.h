// Building blocks of the HTML pages that commands write: markup that no text can break, and one look.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace recvae::tools::report {

using Attributes = std::vector<std::pair<const char*, std::string>>;

/// Markup, well-formed as XML, too. Text comes into it through `text` and attributes alone, which escape it: no name
/// out of the data can be anything but text.
class Html {
 public:
  Html() = default;
  Html& operator+=(const Html& more) {
    markup_ += more.markup_;
    return *this;
  }
  friend Html operator+(Html a, const Html& b) { return a += b; }
  bool empty() const { return markup_.empty(); }
  const std::string& markup() const { return markup_; }

 private:
  friend Html text(std::string_view);
  friend Html element(const char*, const Attributes&, const Html&);
  std::string markup_;
};

/// The text, escaped. Bytes that are no printable UTF-8 become U+FFFD, line breaks and tabs blanks.
Html text(std::string_view text);
/// `<name attribute="value">content</name>`
Html element(const char* name, const Attributes& attributes, const Html& content = {});
inline Html element(const char* name, const Html& content) { return element(name, {}, content); }

/// A table's column; numbers stand right.
struct Column {
  std::string title;
  bool number = true;
};
/// The first cell of a row is its heading. Wider than the page it scrolls by itself; `title` names it for those who do
/// not see it.
Html table(const std::string& title, const std::vector<Column>& columns, const std::vector<std::vector<Html>>& rows);
/// What is shown when asked for.
Html details(const std::string& summary, const Html& content);
/// What the reader should know, set apart.
Html note(const Html& content);

/// One of those compared in a card, the longest bar being 1.
struct Compared {
  std::string who, value;
  double bar = 0;
  bool own = false;  ///< set off from the others
};
/// A figure of merit, and what it is to be compared with.
Html card(const std::string& label, const std::string& value, const std::string& remark,
          const std::vector<Compared>& compared = {});
Html cards(const std::vector<Html>& cards);

struct Section {
  std::string id, title;
  Html content;
};
/// A whole page without references to anything outside: for screens from 360 pixels on, light or dark, and paper.
/// Sections without content are left out.
std::string page(const std::string& title, const Html& header, const std::vector<Section>& sections,
                 const std::string& footer);

}  // namespace recvae::tools::report
