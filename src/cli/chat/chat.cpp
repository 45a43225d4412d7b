#include "cli/chat/chat.h"

#include <utility>
#include <variant>

#include "base/paths.h"
#include "cli/answer_view.h"
#include "cli/commands/call.h"
#include "cli/request.h"
#include "cli/safe_text.h"

namespace threadrunner::cli {
namespace {

constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view plain = "\x1b[0m";

/// Shows an answer and keeps its text.
class KeepingView : public View {
public:
    explicit KeepingView(View& shown) : shown_(shown) {}

    void show(const Event& event, std::string_view document, Clock::time_point now) override {
        if (const auto* token = std::get_if<event::Token>(&event)) {
            text_ += token->text;
        } else if (std::holds_alternative<event::Tool>(event) && !text_.empty() &&
                   text_.back() != '\n') {
            text_ += '\n';  // what is said after a call is another saying
        }
        shown_.show(event, document, now);
    }
    void tick(Clock::time_point now) override { shown_.tick(now); }
    [[nodiscard]] std::optional<Clock::time_point> wake_at() const override {
        return shown_.wake_at();
    }
    void finish() override { shown_.finish(); }

    [[nodiscard]] std::string take_text() { return std::exchange(text_, {}); }

private:
    View& shown_;
    std::string text_;
};

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\n") == std::string_view::npos;
}

std::string system_of(const Options& options) {
    return options.request.value("system", std::string());
}

}  // namespace

Chat::Chat(Context& context, Options options, wire::Json shape, LineSource& lines, bool with_person)
    : context_(context),
      options_(std::move(options)),
      shape_(std::move(shape)),
      lines_(lines),
      with_person_(with_person) {}

Outcome Chat::run() {
    note("/help lists the commands, \"\"\" begins a longer text, Ctrl-D leaves");
    for (;;) {
        if (Step step = show_written()) {
            return *std::move(step);
        }
        if (Step step = take_line()) {
            return *std::move(step);
        }
    }
}

Chat::Step Chat::show_written() {
    if (auto written = context_.console.flush(); !written) {
        return std::unexpected(written.error());
    }
    return context_.console.reader_left() ? Step(ExitCode::success) : std::nullopt;
}

Chat::Step Chat::take_line() {
    Line line = lines_.read(turns_.open());
    if (line.how == Line::How::interrupted) {
        return take_interrupt(line);
    }
    told_how_to_leave_ = false;
    if (line.how == Line::How::failed) {
        return std::unexpected(Failure(ExitCode::unknown, std::move(line.text)));
    }
    if (line.how == Line::How::line) {
        auto turn = turns_.push(std::move(line.text));
        return turn ? take_turn(*std::move(turn)) : std::nullopt;
    }
    // a person who leaves has not sent what is unfinished
    auto rest = turns_.finish();
    if (rest && !with_person_) {
        return take_turn(*std::move(rest));
    }
    return ExitCode::success;
}

Chat::Step Chat::take_interrupt(const Line& line) {
    const bool had_text = turns_.finish().has_value() || !line.text.empty();
    if (!had_text && std::exchange(told_how_to_leave_, true)) {
        return ExitCode::interrupted;
    }
    if (had_text) {
        told_how_to_leave_ = false;
    } else {
        note("Ctrl-C again, Ctrl-D or /quit leaves");
    }
    return std::nullopt;
}

Chat::Step Chat::take_turn(std::string turn) {
    if (is_blank(turn)) {
        return std::nullopt;
    }
    lines_.remember(turn);
    if (turns_.quoted()) {
        return ask(std::move(turn));
    }
    auto command = read_slash_command(turn);
    if (!command) {
        return fault(Failure(ExitCode::usage, std::move(command.error().message)));
    }
    if (*command) {
        return obey(**command);
    }
    return ask(turn.starts_with("//") ? turn.substr(1) : std::move(turn));
}

Chat::Step Chat::obey(const SlashCommand& command) {
    switch (command.slash) {
        case Slash::model:
            return change_model(command.value);
        case Slash::system:
            set_system(command.value);
            return std::nullopt;
        case Slash::save:
            return save(command.value);
        case Slash::clear:
            dialogue_.clear();
            unanswered_.clear();
            note("the conversation begins anew");
            return std::nullopt;
        case Slash::retry:
            return retry();
        case Slash::help:
            show_help();
            return std::nullopt;
        case Slash::quit:
            return ExitCode::success;
    }
    return std::nullopt;
}

/// It is loaded at once, so that a name that is none is found out now.
Chat::Step Chat::change_model(const std::string& name) {
    if (name.empty()) {
        const auto model = chosen_model(options_, environment);
        note(model ? "answers come from " + *model : "answers come from the default model");
        return std::nullopt;
    }
    Options changed = options_;
    changed.model = name;
    AnswerView view(context_.console.screen(), context_.terminal, Clock::now());
    const auto ending = call(context_, changed, make_model_request("load", changed, environment),
                             view, Reach::start, deadline_of(changed));
    if (!ending) {
        return fault(ending.error());
    }
    if (const auto exit = exit_of(*ending); exit != ExitCode::success) {
        note("stopped; the model stays as it was");
        return with_person_ ? std::nullopt : Step(exit);
    }
    options_ = std::move(changed);
    note("answers come from " + name + " now");
    return std::nullopt;
}

void Chat::set_system(const std::string& text) {
    if (text.empty()) {
        options_.request.erase("system");
        note("the model is told nothing about its behaviour");
    } else {
        options_.request["system"] = text;
        note("from now on the model is told: " + text);
    }
}

Chat::Step Chat::save(const std::string& file) {
    const auto written = saver_.save(dialogue_, system_of(options_), file);
    if (!written) {
        return fault(Failure(written.error()));
    }
    note("saved as " + written->string());
    return std::nullopt;
}

Chat::Step Chat::retry() {
    if (!unanswered_.empty()) {
        return ask(std::exchange(unanswered_, {}));
    }
    const Dialogue before = dialogue_;
    std::string question = dialogue_.take_back();
    if (question.empty()) {
        return fault(Failure(ExitCode::usage, "there is no question yet to ask again"));
    }
    Step step = ask(std::move(question));
    if (!unanswered_.empty()) {
        // the answer that there was is better than none
        dialogue_ = before;
        unanswered_.clear();
    }
    return step;
}

void Chat::show_help() {
    std::string out;
    for (const SlashSpec& spec : slash_table()) {
        std::string left = "  " + std::string(spec.name) + " " + std::string(spec.value);
        left.resize(20, ' ');
        out += left + std::string(spec.meaning) + "\n";
    }
    out +=
        "  //...             a message that begins with a slash\n"
        "  ...\\              the message goes on in the next line\n"
        "  \"\"\"               begins and ends a message of several lines\n"
        "  Ctrl-C            stops an answer, Ctrl-D leaves\n";
    context_.console.screen().err(out);
}

Chat::Step Chat::ask(std::string question) {
    unanswered_.clear();
    dialogue_.ask(question);
    AnswerView shown(context_.console.screen(), context_.terminal, Clock::now(),
                     {.think = options_.think, .markdown = true});
    KeepingView view(shown);
    auto ending =
        converse(context_, options_, request(), view, Reach::start, deadline_of(options_));
    if (!ending) {
        return take_error(std::move(ending.error()), std::move(question));
    }
    if (ending->how == Ending::How::interrupted &&
        ending->done.reason != event::Reason::cancelled) {
        ending->done.reason = event::Reason::cancelled;
    }
    std::string text = view.take_text();
    if (text.empty() && ending->done.reason == event::Reason::cancelled) {
        unanswered_ = std::move(question);
    }
    return take_answer(*ending, std::move(text));
}

wire::Json Chat::request() const {
    wire::Json out = make_model_request("generate", options_, environment);
    out.update(shape_);
    out["messages"] = dialogue_.messages();
    return out;
}

Chat::Step Chat::take_answer(const Ending& ending, std::string text) {
    if (ending.how == Ending::How::reader_left) {
        return ExitCode::success;
    }
    const bool stopped = ending.done.reason == event::Reason::cancelled;
    if (stopped && text.empty()) {
        dialogue_.withdraw();
    } else {
        dialogue_.answer(std::move(text));
    }
    if (stopped && !with_person_) {
        return exit_of(ending);
    }
    if (stopped) {
        note("stopped; /retry asks again");
    }
    return std::nullopt;
}

Chat::Step Chat::take_error(Error error, std::string question) {
    dialogue_.withdraw();
    unanswered_ = std::move(question);
    const bool too_long = error.code == ErrorCode::context_exceeded;
    Failure failure = with_retry(std::move(error));
    if (too_long && !dialogue_.empty()) {
        failure.message +=
            ". The whole conversation goes to the model with each message, and nothing of it is "
            "left out unasked: /save FILE keeps it, /clear begins anew";
    } else if (with_person_) {
        failure.message += " (/retry asks again)";
    }
    return fault(std::move(failure));
}

Chat::Step Chat::fault(Failure failure) {
    if (!with_person_) {
        return std::unexpected(std::move(failure));
    }
    context_.console.screen().err(
        (context_.terminal.err ? safe_text(failure.message) : failure.message) + "\n");
    return std::nullopt;
}

void Chat::note(std::string_view text) {
    if (!with_person_) {
        return;
    }
    const bool colour = context_.terminal.colour;
    context_.console.screen().err(std::string(colour ? dim : "") + safe_text(text) +
                                  std::string(colour ? plain : "") + "\n");
}

}  // namespace threadrunner::cli
