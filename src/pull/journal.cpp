#include "pull/journal.h"

#include <cerrno>
#include <cstdio>
#include <fstream>

#include "base/small_file.h"
#include "wire/decode.h"
#include "wire/fields.h"

namespace threadrunner::pull {

std::optional<Journal> read_journal(const std::filesystem::path& file) {
    const auto text = read_small_file(file);
    const auto document = text ? wire::decode_json(*text) : Result<wire::Json>(wire::Json());
    if (!document) {
        return std::nullopt;
    }
    wire::Fields fields(*document, "the journal");
    const auto count = [&](std::string_view name) {
        return static_cast<std::uint64_t>(fields.integer(name, 0).value_or(0));
    };
    Journal journal{.url = fields.required(fields.text("url"), "url"),
                    .validator = fields.text("validator").value_or(""),
                    .total = count("total"),
                    .done = count("done"),
                    .sha256 = fields.text("sha256").value_or("")};
    return fields.check() ? std::optional(std::move(journal)) : std::nullopt;
}

Result<void> write_journal(const std::filesystem::path& file, const Journal& journal) {
    const std::string next = file.string() + ".next";
    std::ofstream stream(next, std::ios::binary | std::ios::trunc);
    stream << wire::encode_json({{"url", journal.url},
                                 {"validator", journal.validator},
                                 {"total", journal.total},
                                 {"done", journal.done},
                                 {"sha256", journal.sha256}})
           << "\n";
    stream.close();
    if (!stream || std::rename(next.c_str(), file.c_str()) != 0) {
        return fail_system(ErrorCode::internal, "cannot write " + file.string(), errno);
    }
    return {};
}

}  // namespace threadrunner::pull
