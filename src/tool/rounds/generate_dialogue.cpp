#include <utility>

#include "tool/rounds/dialogue.h"

namespace threadrunner::tool {
namespace {

using wire::Json;

class GenerateDialogue : public Dialogue {
public:
    explicit GenerateDialogue(const work::Generate& generate) : generate_(generate) {
        if (!generate_.messages.is_array()) {
            generate_.messages =
                Json::array({{{"role", "user"}, {"content", std::exchange(generate_.prompt, "")}}});
        }
    }

    void offer(const std::vector<Function>& functions) override {
        if (!generate_.tools.is_array()) {
            generate_.tools = Json::array();
        }
        for (const Function& function : functions) {
            generate_.tools.push_back(tool_of(function));
        }
    }

    [[nodiscard]] Work request() override {
        text_.clear();
        calls_.clear();
        return generate_;
    }

    void hear(const Event& event, std::vector<Event>& out) override {
        if (const auto* call = std::get_if<event::ToolCall>(&event)) {
            const Json& given = call->arguments;
            calls_.push_back({.id = "call_" + std::to_string(++calls_made_),
                              .name = call->name,
                              .arguments = given.is_string() ? given.get<std::string>()
                                                             : wire::encode_json(given)});
            return;
        }
        if (const auto* token = std::get_if<event::Token>(&event)) {
            text_ += token->text;
        }
        out.push_back(event);
    }

    [[nodiscard]] std::vector<ModelCall> calls() override { return calls_; }

    void go_on(const std::vector<Result>& results) override {
        const Json more = messages_of(text_, results);
        generate_.messages.insert(generate_.messages.end(), more.begin(), more.end());
    }

    void finish(const std::vector<ModelCall>& calls, event::Done done,
                std::vector<Event>& out) override {
        for (const ModelCall& call : calls) {
            auto arguments = wire::decode_json(call.arguments);
            out.push_back(event::ToolCall{
                .name = call.name,
                .arguments = arguments ? *std::move(arguments) : Json(call.arguments)});
        }
        out.push_back(std::move(done));
    }

private:
    work::Generate generate_;
    std::string text_;
    std::vector<ModelCall> calls_;
    std::size_t calls_made_ = 0;
};

}  // namespace

std::unique_ptr<Dialogue> generate_dialogue(const work::Generate& generate) {
    return std::make_unique<GenerateDialogue>(generate);
}

}  // namespace threadrunner::tool
