#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands/call.h"
#include "cli/commands/commands.h"
#include "cli/progress.h"
#include "cli/request.h"
#include "cli/safe_text.h"
#include "cli/tags/audio_files.h"
#include "cli/tags/tag_calls.h"
#include "cli/tags/tags_view.h"

namespace threadrunner::cli {
namespace {

using wire::Json;

/// What is to be done with each file.
struct Task {
    std::optional<Json> changes;  ///< none: its tags are read
    AudioFiles found;
};

Task read_words(const std::vector<std::string>& words) {
    const auto is_assignment = [](const std::string& word) {
        return word.find('=') != std::string::npos && !word.starts_with('=');
    };
    if (words.front() != "set") {
        return {.changes = std::nullopt, .found = find_audio_files(words)};
    }
    const auto files = std::find_if_not(words.begin() + 1, words.end(), is_assignment);
    return {.changes = tag_changes({words.begin() + 1, files}),
            .found = find_audio_files({files, words.end()})};
}

/// Shows the answers as they come or at the end, and keeps what went wrong.
class Report {
public:
    Report(const Task& task, const Options& options, Context& context)
        : task_(task),
          options_(options),
          context_(context),
          progress_(context.console.screen(), context.terminal, Clock::now()),
          answers_(task.found.files.size()) {}

    void ended(std::size_t index, Result<Json> value) {
        ++ended_;
        if (value && options_.json) {
            progress_.erase();
            Json document = *value;
            document["path"] = task_.found.files[index].shown;
            document.erase("ok");
            print(document);
        }
        answers_[index] = std::move(value);
    }

    void step() {
        const auto now = Clock::now();
        const std::size_t count = answers_.size();
        progress_.set(std::to_string(ended_) + " of " + std::to_string(count) + " files",
                      static_cast<double>(ended_) / static_cast<double>(count), now);
        progress_.tick(now);
        [[maybe_unused]] const auto written = context_.console.pump();
    }

    /// The tables, then the faults, each once.
    Outcome finish() {
        progress_.erase();
        std::vector<FileTags> whole;
        std::vector<std::pair<std::string, std::string>> faults = task_.found.faults;
        ExitCode exit = faults.empty() ? ExitCode::success : ExitCode::unknown;
        for (std::size_t i = 0; i < answers_.size(); ++i) {
            const std::string& file = task_.found.files[i].shown;
            if (answers_[i]) {
                whole.emplace_back(file, *std::move(answers_[i]));
            } else {
                faults.emplace_back(file, answers_[i].error().message);
                exit = traits(answers_[i].error().code).exit_code;
            }
        }
        show(whole);
        show_faults(faults);
        return exit;
    }

private:
    void print(const Json& document) {
        const std::string text = wire::encode_json(document);
        context_.console.screen().out((context_.terminal.out ? safe_json(text) : text) + "\n");
    }

    void show(const std::vector<FileTags>& whole) {
        Screen& screen = context_.console.screen();
        if (task_.changes && !options_.json) {
            screen.out("changed " + std::to_string(whole.size()) +
                       (whole.size() == 1 ? " file\n" : " files\n"));
        } else if (!whole.empty() && !options_.json) {
            screen.out(tags_table(whole));
        }
    }

    void show_faults(const std::vector<std::pair<std::string, std::string>>& faults) {
        Screen& screen = context_.console.screen();
        for (const auto& [file, why] : faults) {
            if (options_.json) {
                print({{"path", file}, {"error", why}});
            }
            screen.err("threadrunner: " + safe_text(file) + ": " + safe_text(why) + "\n");
        }
    }

    const Task& task_;
    const Options& options_;
    Context& context_;
    Progress progress_;
    std::vector<Result<Json>> answers_;
    std::size_t ended_ = 0;
};

Outcome carry_out(const Task& task, const Options& options, Context& context) {
    const auto grants = folder_grants(task.found.folders, task.changes.has_value());
    if (!grants) {
        return std::unexpected(grants.error());
    }
    const auto until = deadline_of(options);
    auto socket = reach_daemon(options, Reach::start, until);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    Connection connection(*std::move(socket));
    Report report(task, options, context);
    const TagCalls::Order order{
        .count = task.found.files.size(),
        .request =
            [&](std::size_t index) {
                Json args = {{"path", task.found.files[index].path.string()}};
                if (task.changes) {
                    args["tags"] = *task.changes;
                }
                Json request = make_request("call", options);
                request["tool"] = "taglib";
                request["name"] = task.changes ? "write_tags" : "read_tags";
                request["args"] = std::move(args);
                request["dirs"] = *grants;
                return request;
            },
        .ended = [&](std::size_t index,
                     Result<Json> value) { report.ended(index, std::move(value)); },
        .on_step = [&] { report.step(); },
        .until = until};
    if (auto run = TagCalls(connection, order).run(); !run) {
        if (run.error().code == ErrorCode::cancelled) {
            return ExitCode::interrupted;
        }
        return std::unexpected(run.error());
    }
    return report.finish();
}

}  // namespace

Outcome run_tags(const Invocation& invocation, Context& context) {
    const Task task = read_words(invocation.words);
    if (task.found.files.empty() && task.found.faults.empty() && task.changes &&
        invocation.words.back().contains('=')) {
        return fail_usage("which files? As in threadrunner tags set title=Blue song.mp3");
    }
    if (task.found.files.empty() && task.found.faults.empty()) {
        return std::unexpected(
            Failure(ExitCode::unknown, "there are no audio files in " + invocation.words.back()));
    }
    if (task.found.files.empty()) {
        const auto& [word, why] = task.found.faults.front();
        return fail_usage(word + ": " + why);
    }
    return carry_out(task, invocation.options, context);
}

}  // namespace threadrunner::cli
