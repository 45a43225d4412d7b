#pragma once

#include <rapidcheck.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "wire/decode.h"

/// Documents for properties: any JSON of a few levels, text of any valid UTF-8.
namespace threadrunner::wire {

inline rc::Gen<std::string> arbitrary_text() {
    return rc::gen::map(rc::gen::arbitrary<std::string>(),
                        [](const std::string& bytes) { return utf8_repair(bytes); });
}

inline rc::Gen<Json> arbitrary_leaf() {
    return rc::gen::oneOf(
        rc::gen::just(Json(nullptr)),
        rc::gen::map(rc::gen::arbitrary<bool>(), [](bool v) { return Json(v); }),
        rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t v) { return Json(v); }),
        rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t v) { return Json(v); }),
        rc::gen::map(rc::gen::arbitrary<double>(),
                     [](double v) { return Json(std::isfinite(v) ? v : 0.5); }),
        rc::gen::map(arbitrary_text(), [](const std::string& v) { return Json(v); }));
}

inline rc::Gen<Json> arbitrary_json(int levels = 3) {
    if (levels == 0) {
        return arbitrary_leaf();
    }
    const auto inner =
        rc::gen::scale(0.3, rc::gen::lazy([levels] { return arbitrary_json(levels - 1); }));
    return rc::gen::oneOf(
        arbitrary_leaf(),
        rc::gen::map(rc::gen::container<std::vector<Json>>(inner),
                     [](const std::vector<Json>& v) { return Json(v); }),
        rc::gen::map(rc::gen::container<std::map<std::string, Json>>(arbitrary_text(), inner),
                     [](const std::map<std::string, Json>& v) { return Json(v); }));
}

}  // namespace threadrunner::wire

/// Prints counterexamples; nlohmann's Json looks like a container of itself to rapidcheck.
namespace rc {
// NOLINTNEXTLINE(readability-identifier-naming): rapidcheck looks for this name
inline void showValue(const threadrunner::wire::Json& value, std::ostream& out) {
    out << value.dump(-1, ' ', true, threadrunner::wire::Json::error_handler_t::replace);
}
}  // namespace rc
