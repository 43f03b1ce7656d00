#include "tools/report/page.h"

#include <doctest/doctest.h>

using namespace recvae::tools::report;

TEST_CASE("text: nothing in it is markup") {
  CHECK(text("<script>alert('1 & \"2\"')</script>").markup() ==
        "&lt;script&gt;alert(&#39;1 &amp; &quot;2&quot;&#39;)&lt;/script&gt;");
  CHECK(text("Amélie – 千と千尋 ★").markup() == "Amélie – 千と千尋 ★");
  CHECK(text("a\tb\nc").markup() == "a b c");
  CHECK(text(std::string("a\0b", 3)).markup() ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(text("a\xff\xc3 \xed\xa0\x80").markup().find_first_of("\xff\xc3\xed") == std::string::npos);
  CHECK(text("\xef\xbf\xbf").markup().find("\xef\xbf\xbf") == std::string::npos);  // no character in XML
  CHECK(text("").empty());
}

TEST_CASE("element: attributes are escaped, too") {
  CHECK(element("a", {{"title", "\" onclick=\"x"}}, text("1 < 2")).markup() ==
        "<a title=\"&quot; onclick=&quot;x\">1 &lt; 2</a>");
  CHECK(element("td", Html()).markup() == "<td></td>");
}

TEST_CASE("table: a heading per column and per row") {
  const std::string html = table("All", {{"who", false}, {"value"}}, {{text("a"), text("1")}}).markup();
  CHECK(html.find("<th scope=\"col\">who</th><th class=\"number\" scope=\"col\">value</th>") != html.npos);
  CHECK(html.find("<tr><th scope=\"row\">a</th><td class=\"number\">1</td></tr>") != html.npos);
  CHECK(html.find("aria-label=\"All\"") != html.npos);
}

TEST_CASE("page: sections without content are neither shown nor linked") {
  const std::string html = page("<b>", {}, {{"one", "One", text("here")}, {"two", "Two", {}}}, "end");
  CHECK(html.find("href=\"#one\"") != html.npos);
  CHECK(html.find("Two") == html.npos);
  CHECK(html.find("<b>") == html.npos);
  CHECK(html.find("<meta charset=\"utf-8\"/>") != html.npos);
}
