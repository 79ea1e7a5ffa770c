// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/script_stream.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>

namespace portscan {
namespace {

using nlohmann::json;

std::string written(std::string_view text) {
    std::ostringstream out;
    ScriptStream{out} << text;
    return out.str();
}

TEST(ScriptStream, EndsNoElementAndOpensNoComment) {
    EXPECT_EQ(written(R"("</script><!--<script>&amp;]]>")"),
              R"("\u003c/script\u003e\u003c!--\u003cscript\u003e\u0026amp;]]\u003e")");
}

TEST(ScriptStream, LeavesOtherTextAlone) {
    const std::string text = "{\"caf\xc3\xa9\":[1,2,\"\\u2028 \\\" \\\\\"]}\n";
    EXPECT_EQ(written(text), text);
    EXPECT_EQ(written(""), "");
}

TEST(ScriptStream, EscapesSingleCharactersToo) {
    std::ostringstream out;
    ScriptStream stream{out};
    for (const char character : std::string_view{"a<b"}) stream.put(character);
    stream << '<' << 5;
    EXPECT_EQ(out.str(), "a\\u003cb\\u003c5");
}

TEST(ScriptStream, ParsesToTheSame) {
    std::string every;
    for (int character = 1; character < 128; ++character) every += static_cast<char>(character);
    const json value{{every, {every, "</script>", "<", ">", "&"}}};
    const std::string text = written(value.dump());
    EXPECT_EQ(text.find_first_of("<>&"), std::string::npos);
    EXPECT_EQ(json::parse(text), value);
}

TEST(ScriptStream, ShowsWhatWentWrongBehindIt) {
    std::ostringstream out;
    out.setstate(std::ios::badbit);
    ScriptStream stream{out};
    stream << "text";
    EXPECT_FALSE(stream);
}

} // namespace
} // namespace portscan
