#include "tool/manifest.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "base/paths.h"
#include "base/settings.h"
#include "base/small_file.h"

namespace threadrunner::tool {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::size_t name_bytes_max = limits::tool_name_bytes_max;

/// ~ and ~/ are the user's home.
fs::path without_tilde(const std::string& path) {
    const auto home = environment("HOME");
    const bool is_short = path == "~" || path.starts_with("~/");
    return is_short && home
               ? fs::path(*home) / fs::path(path).relative_path().lexically_relative("~")
               : fs::path(path);
}

/// Reads the members of one manifest; the first fault ends it.
class Reading {
public:
    explicit Reading(const fs::path& file) : file_(file) {}

    Result<Manifest> read(const toml::table& document) {
        for (const auto& [key, node] : document) {
            if (auto read = read_member(std::string(key.str()), node); !read) {
                return std::unexpected(read.error());
            }
        }
        for (const std::string_view needed : {"name", "module"}) {
            if (!document.contains(needed)) {
                return fail(ErrorCode::invalid_request,
                            fmt::format("{}: it lacks '{}'", file_.string(), needed));
            }
        }
        return std::move(out_);
    }

private:
    struct Member {
        std::string_view key;
        Result<void> (Reading::*read)(const toml::node&);
    };

    [[nodiscard]] Result<void> refuse(const toml::node& node, const std::string& why) const {
        return fail(ErrorCode::invalid_request,
                    fmt::format("{}:{}: {}", file_.string(), node.source().begin.line, why));
    }

    Result<void> read_member(const std::string& key, const toml::node& node) {
        static constexpr std::array members = {
            Member{"name", &Reading::read_name},
            Member{"module", &Reading::read_module},
            Member{"preopens", &Reading::read_preopens},
            Member{"memory_mib", &Reading::read_memory},
            Member{"deadline_ms", &Reading::read_deadline},
            Member{"idle_seconds", &Reading::read_idle},
            Member{"instances", &Reading::read_instances},
            Member{"env", &Reading::read_environment},
            Member{"args", &Reading::read_arguments},
        };
        const auto* const found = std::ranges::find(members, key, &Member::key);
        if (found != members.end()) {
            return (this->*found->read)(node);
        }
        std::array<std::string_view, members.size()> names;
        std::ranges::transform(members, names.begin(), &Member::key);
        const auto meant = nearest(key, names);
        return refuse(node,
                      fmt::format("a manifest has no '{}'{}", key,
                                  meant ? fmt::format(", did you mean '{}'?", *meant)
                                        : fmt::format("; it has {}", fmt::join(names, ", "))));
    }

    Result<void> read_name(const toml::node& node) {
        out_.name = node.value_exact<std::string>().value_or("");
        if (auto checked = check_name(out_.name); !checked) {
            return refuse(node, checked.error().message);
        }
        return {};
    }

    Result<void> read_module(const toml::node& node) {
        const fs::path given = node.value_exact<std::string>().value_or("");
        const bool leaves = std::ranges::count(given, fs::path("..")) > 0;
        if (given.empty() || given.is_absolute() || leaves || !given.has_filename() ||
            given.native().find('\0') != std::string::npos) {
            return refuse(node, "module takes the path of a .wasm file in the manifest's folder");
        }
        out_.module = file_.parent_path() / given.lexically_normal();
        return {};
    }

    Result<void> read_preopens(const toml::node& node) {
        const toml::table* const table = node.as_table();
        if (table == nullptr) {
            return refuse(node, "preopens is a table: [preopens], and below it a directory a line");
        }
        for (const auto& [guest, directory] : *table) {
            if (auto read = read_preopen(std::string(guest.str()), directory); !read) {
                return read;
            }
        }
        if (out_.preopens.size() > limits::tool_grants_max) {
            return refuse(node, fmt::format("at most {} directories", limits::tool_grants_max));
        }
        return {};
    }

    Result<void> read_preopen(const std::string& guest, const toml::node& node) {
        if (!is_guest_path(guest)) {
            return refuse(node, fmt::format("'{}' cannot be the name of a directory in a tool; it "
                                            "is absolute and plain: \"/music\"",
                                            guest));
        }
        const toml::table* const table = node.as_table();
        if (table == nullptr) {
            return refuse(node, R"(a directory is { host = "/srv/music", mode = "ro" })");
        }
        Grant grant{.host = {}, .guest = guest};
        for (const auto& [key, value] : *table) {
            const auto text = value.value_exact<std::string>();
            if (key.str() == "host" && text) {
                grant.host = without_tilde(*text).lexically_normal().string();
            } else if (key.str() == "mode" && (text == "ro" || text == "rw")) {
                grant.writable = *text == "rw";
            } else {
                return refuse(value, fmt::format("'{}' is not of a directory; it has a host, a "
                                                 "text, and a mode, \"ro\" or \"rw\"",
                                                 key.str()));
            }
        }
        if (!grant.host.starts_with('/') || grant.host.find('\0') != std::string::npos) {
            return refuse(node, "the host of '" + guest +
                                    "' is a directory of this machine, absolute or from ~/");
        }
        out_.preopens.push_back(std::move(grant));
        return {};
    }

    Result<void> read_number(const toml::node& node, std::uint64_t min, std::uint64_t max,
                             std::string_view what, std::uint64_t& out) {
        const auto value = node.value_exact<std::int64_t>();
        if (!value || *value < static_cast<std::int64_t>(min) ||
            *value > static_cast<std::int64_t>(max)) {
            return refuse(node,
                          fmt::format("{} takes a whole number from {} to {}", what, min, max));
        }
        out = static_cast<std::uint64_t>(*value);
        return {};
    }

    Result<void> read_memory(const toml::node& node) {
        return read_number(node, 1, limits::tool_memory_mib_max, "memory_mib", out_.memory_mib);
    }

    Result<void> read_deadline(const toml::node& node) {
        std::uint64_t value = 0;
        auto read = read_number(node, 1, milliseconds(limits::tool_deadline_max).count(),
                                "deadline_ms", value);
        out_.deadline = milliseconds(value);
        return read;
    }

    Result<void> read_idle(const toml::node& node) {
        std::uint64_t value = 0;
        auto read = read_number(node, 0, std::chrono::seconds(limits::tool_deadline_max).count(),
                                "idle_seconds", value);
        out_.idle = std::chrono::seconds(value);
        return read;
    }

    Result<void> read_instances(const toml::node& node) {
        return read_number(node, 1, limits::tool_instances_max, "instances", out_.instances);
    }

    Result<void> read_environment(const toml::node& node) {
        const toml::table* const table = node.as_table();
        if (table == nullptr) {
            return refuse(node, "env is a table of texts: [env], and below it NAME = \"value\"");
        }
        for (const auto& [key, value] : *table) {
            const auto text = value.value_exact<std::string>();
            const std::string name(key.str());
            if (!text || name.empty() ||
                name.find_first_of(std::string_view("=\0", 2)) != name.npos ||
                text->find('\0') != text->npos) {
                return refuse(value, "'" + name + "' is no variable; one is NAME = \"value\"");
            }
            out_.environment[name] = *text;
        }
        return {};
    }

    Result<void> read_arguments(const toml::node& node) {
        const toml::array* const list = node.as_array();
        if (list == nullptr) {
            return refuse(node, "args is a list of texts");
        }
        for (const toml::node& item : *list) {
            const auto text = item.value_exact<std::string>();
            if (!text || text->find('\0') != text->npos) {
                return refuse(item, "args is a list of texts");
            }
            out_.arguments.push_back(*text);
        }
        return {};
    }

    const fs::path& file_;
    Manifest out_;
};

}  // namespace

Result<void> check_name(std::string_view name) {
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto fits = [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    if (name.empty() || name.size() > name_bytes_max || !is_letter(name.front()) ||
        !std::ranges::all_of(name, fits)) {
        return fail(ErrorCode::invalid_request,
                    fmt::format("'{}' cannot be a tool's name: it takes 1 to {} small letters, "
                                "digits, - and _, and begins with a letter",
                                name, name_bytes_max));
    }
    return {};
}

bool is_guest_path(std::string_view path) {
    const fs::path parsed(path);
    return path.starts_with('/') && !path.starts_with("//") &&
           path.find('\0') == std::string_view::npos && (path == "/" || parsed.has_filename()) &&
           parsed.lexically_normal() == parsed && std::ranges::count(parsed, fs::path("..")) == 0;
}

Result<Manifest> parse_manifest(std::string_view text, const fs::path& file) {
    try {
        return Reading(file).read(toml::parse(text, file.string()));
    } catch (const toml::parse_error& problem) {
        return fail(ErrorCode::invalid_request,
                    fmt::format("{}:{}: {}", file.string(), problem.source().begin.line,
                                problem.description()));
    }
}

Result<Manifest> read_manifest(const fs::path& folder) {
    const fs::path file = folder / manifest_name;
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
        return fail(ErrorCode::not_found, folder.string() + " is no tool: there is no " +
                                              std::string(manifest_name) + " in it");
    }
    const auto text = read_small_file(file);
    if (!text) {
        return fail_system(ErrorCode::invalid_request, "cannot read " + file.string(), errno);
    }
    return parse_manifest(*text, file);
}

}  // namespace threadrunner::tool
