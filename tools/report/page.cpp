#include "page.h"

#include <algorithm>

#include "command_line.h"
#include "data/error.h"
#include "style.h"

namespace recvae::tools::report {

Html text(std::string_view text) {
  Html html;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = data::printable_length(text.substr(at));
    switch (text[at]) {
      case '&':
        html.markup_ += "&amp;";
        break;
      case '<':
        html.markup_ += "&lt;";
        break;
      case '>':
        html.markup_ += "&gt;";
        break;
      case '"':
        html.markup_ += "&quot;";
        break;
      case '\'':
        html.markup_ += "&#39;";
        break;
      case '\n':
      case '\r':
      case '\t':
        html.markup_ += ' ';
        break;
      default:
        html.markup_ += length > 0 ? text.substr(at, length) : "\xef\xbf\xbd";
    }
    at += std::max<std::size_t>(length, 1);
  }
  return html;
}

Html element(const char* name, const Attributes& attributes, const Html& content) {
  Html html;
  html.markup_ = std::string("<") + name;
  for (const auto& [key, value] : attributes) {
    html.markup_ += std::string(" ") + key + "=\"" + text(value).markup_ + "\"";
  }
  html.markup_ += ">" + content.markup_ + "</" + name + ">";
  return html;
}

Html table(const std::string& title, const std::vector<Column>& columns, const std::vector<std::vector<Html>>& rows) {
  Html head, body;
  const auto attributes = [&](std::size_t column) {
    return columns[column].number ? Attributes{{"class", "number"}} : Attributes{};
  };
  for (std::size_t c = 0; c < columns.size(); ++c) {
    Attributes of_head = attributes(c);
    of_head.emplace_back("scope", "col");
    head += element("th", of_head, text(columns[c].title));
  }
  for (const std::vector<Html>& row : rows) {
    Html cells;
    for (std::size_t c = 0; c < row.size(); ++c) {
      Attributes of_cell = attributes(c);
      if (c == 0) of_cell.emplace_back("scope", "row");
      cells += element(c == 0 ? "th" : "td", of_cell, row[c]);
    }
    body += element("tr", cells);
  }
  return element("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", title}},
                 element("table", element("thead", element("tr", head)) + element("tbody", body)));
}

Html details(const std::string& summary, const Html& content) {
  return element("details", element("summary", text(summary)) + content);
}

Html note(const Html& content) { return element("p", {{"class", "note"}}, content); }

Html card(const std::string& label, const std::string& value, const std::string& remark,
          const std::vector<Compared>& compared) {
  Html html = element("div", {{"class", "label"}}, text(label)) + element("div", {{"class", "value"}}, text(value));
  if (!remark.empty()) html += element("div", {{"class", "remark"}}, text(remark));
  Html rows;
  for (const Compared& c : compared) {
    const std::string width = formatted("width:%.1f%%", 100 * std::clamp(c.bar, 0.0, 1.0));
    rows += element("div", {{"class", c.own ? "compared own" : "compared"}},
                    element("span", {{"class", "who"}}, text(c.who)) +
                        element("span", {{"class", "track"}}, element("span", {{"style", width}})) +
                        element("span", {{"class", "number"}}, text(c.value)));
  }
  return element("div", {{"class", compared.empty() ? "card" : "card wide"}}, html + rows);
}

Html cards(const std::vector<Html>& cards) {
  Html all;
  for (const Html& c : cards) all += c;
  return element("div", {{"class", "cards"}}, all);
}

std::string page(const std::string& title, const Html& header, const std::vector<Section>& sections,
                 const std::string& footer) {
  Html links, body;
  for (const Section& s : sections) {
    if (s.content.empty()) continue;
    links += element("a", {{"href", "#" + s.id}}, text(s.title));
    body += element("section", {{"id", s.id}, {"aria-labelledby", s.id + "-title"}},
                    element("h2", {{"id", s.id + "-title"}}, text(s.title)) + s.content);
  }
  const Html all = element("header", element("h1", text(title)) + header) +
                   element("nav", {{"aria-label", "Sections"}}, links) + element("main", body) +
                   element("footer", text(footer));
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
         "<meta name=\"color-scheme\" content=\"light dark\"/>" +
         element("title", text(title)).markup() + "<style>" + kStyle + "</style></head>\n<body>" + all.markup() +
         "</body></html>\n";
}

}  // namespace recvae::tools::report
