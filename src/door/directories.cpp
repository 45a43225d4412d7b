#include "door/directories.h"

#include <string>

namespace threadrunner {

std::vector<Grant> read_directories(wire::Fields& fields) {
    std::vector<Grant> out;
    const wire::Json list = fields.array("dirs");
    for (const wire::Json& given : list) {
        wire::Fields directory(given, "each of 'dirs'");
        const std::string mode = directory.text("mode").value_or("ro");
        out.push_back({.host = directory.required(directory.text("host"), "host"),
                       .guest = directory.text("guest").value_or(""),
                       .writable = mode == "rw"});
        if (mode != "ro" && mode != "rw") {
            directory.refuse("the 'mode' of a directory must be ro or rw");
        }
        if (auto checked = directory.check(); !checked) {
            fields.refuse(checked.error().message);
        }
    }
    return out;
}

}  // namespace threadrunner
