#include "kinds/sandbox.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "base/private_directory.h"
#include "base/text.h"
#include "base/tool_limits.h"
#include "base/words.h"
#include "kinds/sandbox/call_exchange.h"
#include "kinds/sandbox/call_files.h"
#include "kinds/sandbox/tool_process.h"
#include "tool/folders.h"
#include "tool/grants.h"

namespace threadrunner {
namespace {

namespace fs = std::filesystem;
using wire::Json;

/// Wasmtime, the compiled module, and a process; seen: 40 MiB.
constexpr std::uint64_t process_bytes = 64 * limits::mib;
constexpr std::string_view private_word = "bytes=";
constexpr std::string_view read_only_word = "read-only";

Result<void> check(const std::vector<Grant>& directories) {
    if (directories.size() > limits::tool_grants_max) {
        return fail(ErrorCode::invalid_request, "a call can be given at most " +
                                                    std::to_string(limits::tool_grants_max) +
                                                    " directories");
    }
    for (const Grant& grant : directories) {
        const std::string& name = grant.guest.empty() ? grant.host : grant.guest;
        const bool is_plain = tool::is_guest_path(name) && !name.contains("::/");
        if (!grant.host.starts_with('/') || !is_plain) {
            return fail(ErrorCode::invalid_request,
                        "a directory for a call is HOST::GUEST, both absolute and plain: "
                        "/srv/music::/music, not " +
                            grant.host + "::" + name);
        }
    }
    return {};
}

/// What a target's profile says, and how it says it: words, one a directory, in an order that does
/// not depend on the caller.
struct Profile {
    std::vector<Grant> directories;
    std::string folder;      ///< the name of a private one; empty: none
    bool read_only = false;  ///< all directories but the private one, the tool's own, too

    [[nodiscard]] bool is_standing() const { return directories.empty() && folder.empty(); }

    [[nodiscard]] std::string text() const {
        std::vector<std::string> words;
        for (const Grant& grant : directories) {
            words.push_back(
                quote_word(grant.host + "::" + grant.guest + (grant.writable ? "" : ":ro")));
        }
        std::ranges::sort(words);
        if (read_only) {
            words.emplace_back(read_only_word);
        }
        if (!folder.empty()) {
            words.push_back(std::string(private_word) + folder);
        }
        std::string out;
        for (const std::string& word : words) {
            out += (out.empty() ? "" : " ") + word;
        }
        return out;
    }

    [[nodiscard]] static Profile from(const std::string& text) {
        Profile out;
        for (const std::string& word : split_words(text).value_or(std::vector<std::string>())) {
            if (word.starts_with(private_word)) {
                out.folder = word.substr(private_word.size());
                continue;
            }
            if (word == read_only_word) {
                out.read_only = true;
                continue;
            }
            const bool to_read = word.ends_with(":ro");
            const std::string both = word.substr(0, word.size() - (to_read ? 3 : 0));
            const std::size_t at = both.rfind("::/");
            out.directories.push_back(
                {.host = both.substr(0, at), .guest = both.substr(at + 2), .writable = !to_read});
        }
        return out;
    }
};

bool is_writable(const Grant& grant) { return grant.writable; }

void give_to_read_only(std::vector<Grant>& grants) {
    for (Grant& grant : grants) {
        grant.writable = false;
    }
}

/// Calls share the tool's warm worker where they can: one that may not write where nothing is
/// writable anyway, one that only has to reach a directory where the tool has it already.
Profile profile_of(const work::Call& call, const tool::Manifest& manifest) {
    Profile out{.directories = call.directories, .folder = ""};
    if (call.read_only) {
        give_to_read_only(out.directories);
        out.read_only = std::ranges::any_of(manifest.preopens, is_writable);
    }
    std::erase_if(out.directories, [&](const Grant& wanted) {
        return wanted.guest.empty() &&
               std::ranges::any_of(manifest.preopens,
                                   [&](const Grant& own) { return tool::covers(own, wanted); });
    });
    for (Grant& wanted : out.directories) {
        wanted.guest = wanted.guest.empty() ? wanted.host : wanted.guest;
    }
    return out;
}

Json describe(const std::vector<Grant>& grants) {
    Json out = Json::array();
    for (const Grant& grant : grants) {
        out.push_back(
            {{"host", grant.host}, {"guest", grant.guest}, {"mode", grant.writable ? "rw" : "ro"}});
    }
    return out;
}

std::vector<Grant> grants_of(const Json& preopens) {
    std::vector<Grant> out;
    for (const Json& grant : preopens) {
        out.push_back({.host = grant.at("host").get<std::string>(),
                       .guest = grant.at("guest").get<std::string>(),
                       .writable = grant.at("mode") == "rw"});
    }
    return out;
}

/// The directories of a worker; a private folder is made.
Result<tool::Grants> open_grants(const tool::Manifest& manifest, const Profile& profile,
                                 const Home& home) {
    std::vector<Grant> all = manifest.preopens;
    all.insert(all.end(), profile.directories.begin(), profile.directories.end());
    if (profile.read_only) {
        give_to_read_only(all);
    }
    if (!profile.folder.empty()) {
        const fs::path folder = tool::call_folders(home) / profile.folder;
        for (const fs::path& made : {tool::call_folders(home), folder}) {
            if (auto created = create_private_directory(made); !created) {
                return std::unexpected(created.error());
            }
        }
        all.push_back({.host = folder.string(),
                       .guest = std::string(CallFiles::folder_guest),
                       .writable = true});
    }
    return tool::Grants::open(std::move(all));
}

}  // namespace

SandboxKind::SandboxKind(boost::asio::any_io_executor executor, const Home& home)
    : executor_(std::move(executor)), home_(home), tools_(home), tools_for_plans_(home) {
    boost::asio::post(files_, [folder = tool::call_folders(home)] {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
    });
}

Result<Target> SandboxKind::resolve(const JobSpec& spec) const {
    const auto* call = std::get_if<work::Call>(&spec.work);
    if (call == nullptr && !std::holds_alternative<work::Load>(spec.work)) {
        return fail(ErrorCode::invalid_request,
                    "the backend 'sandbox' is for calls of tools, no more");
    }
    const auto tool = tools_.find(spec.model);
    if (!tool) {
        return std::unexpected(tool.error());
    }
    Profile profile;
    if (call != nullptr) {
        if (auto checked = check(call->directories); !checked) {
            return std::unexpected(checked.error());
        }
        profile = profile_of(*call, tool->manifest);
        profile.folder = brings_data(call->args) ? std::to_string(++privates_) : "";
    }
    return Target{.kind = "sandbox", .name = spec.model, .profile = profile.text()};
}

Result<LaunchPlan> SandboxKind::plan(const Target& target) const {
    auto program = find_program("threadrunner-sandbox");
    if (!program) {
        return fail(ErrorCode::not_supported,
                    "sandboxed tools need a program that is not here: " + program.error().message);
    }
    const auto tool = tools_for_plans_.find(target.name);
    if (!tool) {
        return std::unexpected(tool.error());
    }
    const tool::Manifest& manifest = tool->manifest;
    const Profile profile = Profile::from(target.profile);
    const auto grants = open_grants(manifest, profile, home_);
    if (!grants) {
        return std::unexpected(grants.error());
    }
    if (auto made = create_private_directory(tool::compiled_modules(home_)); !made) {
        return std::unexpected(made.error());
    }
    const std::uint64_t bytes =
        manifest.instances * (manifest.memory_mib * limits::mib + process_bytes);
    return LaunchPlan{
        .command = {.program = *program, .arguments = {}, .environment = {}, .pipes_frames = true},
        .load = Json{{"module", manifest.module.string()},
                     {"preopens", describe(grants->list())},
                     {"memory_mib", manifest.memory_mib},
                     {"env", manifest.environment},
                     {"args", manifest.arguments},
                     {"cache", tool::compiled_modules(home_).string()},
                     // the rest is for its ToolProcess
                     {"tool", manifest.name},
                     {"instances", manifest.instances},
                     {"deadline_ms", manifest.deadline.count()},
                     {"folder",
                      profile.folder.empty() ? "" : tool::call_folders(home_) / profile.folder}},
        .memory = {{std::string(host_device), bytes}},
        .device_limits = {},
        .memory_detail =
            "memory_mib of its tool.toml " + format_bytes(manifest.memory_mib * limits::mib) +
            ", its process " + format_bytes(process_bytes) +
            (manifest.instances > 1 ? ", " + std::to_string(manifest.instances) + " instances"
                                    : ""),
        .idle = profile.is_standing() ? manifest.idle : limits::tool_granted_idle};
}

Result<std::unique_ptr<Process>> SandboxKind::start(const LaunchPlan& plan, const Spawner& spawner,
                                                    Process::Observer& observer) const {
    const Json& load = *plan.load;
    return ToolProcess::start(
        executor_, files_.get_executor(),
        {.room = {.tool = load.at("tool").get<std::string>(),
                  .grants = tool::Grants(grants_of(load.at("preopens"))),
                  .folder = load.at("folder").get<std::string>()},
         .command = plan.command,
         .instances = load.at("instances").get<std::size_t>(),
         .deadline = std::chrono::milliseconds(load.at("deadline_ms").get<std::int64_t>())},
        spawner, observer);
}

std::unique_ptr<Exchange> SandboxKind::exchange(const Job& job) const { return call_exchange(job); }

}  // namespace threadrunner
