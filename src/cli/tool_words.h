#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/command_table.h"
#include "wire/decode.h"

namespace threadrunner::cli {

/// The arguments of a tool's op from words: KEY=VALUE, where a value that is JSON other than a bare
/// word is that (7, true, null, [1,2], {"a":1}, "7"), any other a text. A key that comes again
/// makes a list. `path` is made absolute: the daemon works elsewhere. invalid_request for other
/// words.
[[nodiscard]] Result<wire::Json> call_arguments(Words words);

/// The other way round, for people: `taglib_read_tags path=/music/a.mp3 max=7`. What is not one
/// bare word, or would not be read as the same text again, is shown as JSON, so that no argument
/// looks like another. One line, safe for a terminal, however long.
[[nodiscard]] std::string call_in_words(std::string_view function, const wire::Json& arguments);

/// A member of "dirs" from HOST::GUEST, HOST::GUEST:ro or HOST::GUEST:rw, the host made absolute.
[[nodiscard]] Result<wire::Json> directory_grant(const std::string& text);

}  // namespace threadrunner::cli
