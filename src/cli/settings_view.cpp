#include "cli/settings_view.h"

#include <vector>

#include "cli/result.h"
#include "cli/safe_text.h"
#include "cli/table.h"

namespace threadrunner::cli {
namespace {

std::string shown(const std::string& value) { return value.empty() ? "\"\"" : value; }

std::string origin_of(const wire::Json& setting) {
    const std::string place = text_in(setting, "place");
    return (text_in(setting, "source") == "environment" ? "$" : "") +
           (place.empty() ? text_in(setting, "source") : place);
}

std::string when(const std::string& applies) {
    return applies == "restart"     ? "applies when the daemon starts anew"
           : applies == "next_load" ? "applies to models that are loaded from now on"
                                    : "applies now";
}

}  // namespace

std::string settings_table_text(const wire::Json& document) {
    std::vector<std::vector<std::string>> rows = {{"SETTING", "VALUE", "FROM"}};
    std::vector<std::vector<std::string>> later;
    for (const wire::Json& setting : list_in(document, "settings")) {
        const std::string value = shown(text_in(setting, "value"));
        rows.push_back({text_in(setting, "key"), value, origin_of(setting)});
        if (has_in(setting, "later")) {
            const bool restart = text_in(setting, "after") == "restart";
            later.push_back(
                {"  " + text_in(setting, "key"), shown(text_in(setting, "later")),
                 restart ? "after: threadrunner stop" : "after: threadrunner config reload"});
        }
    }
    std::string out = format_table(rows);
    if (!later.empty()) {
        out += "\nThe running daemon does not go by these yet:\n" + format_table(later);
    }
    if (has_in(document, "fault")) {
        out +=
            "\nThe settings cannot be read again: " + safe_text(text_in(document, "fault")) + "\n";
    }
    return out;
}

std::string reload_text(const wire::Json& document) {
    std::vector<std::vector<std::string>> rows;
    for (const wire::Json& change : list_in(document, "changes")) {
        rows.push_back({text_in(change, "key"), shown(text_in(change, "from")), "->",
                        shown(text_in(change, "to")), when(text_in(change, "applies"))});
    }
    return rows.empty() ? "no setting has changed\n" : format_table(rows);
}

}  // namespace threadrunner::cli
