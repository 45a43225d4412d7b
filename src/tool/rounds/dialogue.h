#pragma once

#include <memory>
#include <string>
#include <vector>

#include "job/work.h"
#include "tool/function.h"
#include "wire/event.h"

namespace threadrunner::tool {

/// A call that an answer of the model asks for.
struct ModelCall {
    std::string id;
    std::string name;       ///< of a function, offered by us or by the client
    std::string arguments;  ///< JSON, if the model has written such
};

/// The conversation with a model that calls functions, in the terms of one sort of work: what is
/// asked each time, and what the answers say. One for each job.
class Dialogue {
public:
    Dialogue() = default;
    Dialogue(const Dialogue&) = delete;
    Dialogue& operator=(const Dialogue&) = delete;
    virtual ~Dialogue() = default;

    /// The functions that the model is offered besides those of the client.
    virtual void offer(const std::vector<Function>& functions) = 0;

    /// What to ask for next; everything that follows is about its answer.
    [[nodiscard]] virtual Work request() = 0;

    /// An event of the answer, but for its end. What its client is to hear now goes to `out`: calls
    /// never do.
    virtual void hear(const Event& event, std::vector<Event>& out) = 0;

    /// What the answer calls, once it is whole.
    [[nodiscard]] virtual std::vector<ModelCall> calls() = 0;

    /// The conversation goes on: the answer has called these, with these results.
    struct Result {
        ModelCall call;
        std::string text;
    };
    virtual void go_on(const std::vector<Result>& results) = 0;

    /// That answer was the last. `calls` are for the client to make; `done` is how the answer
    /// ended, with the usage of all. Appends what the client is to hear yet, the end included.
    virtual void finish(const std::vector<ModelCall>& calls, event::Done done,
                        std::vector<Event>& out) = 0;
};

/// Of work::Generate, or of a work::Route to /v1/chat/completions.
[[nodiscard]] std::unique_ptr<Dialogue> generate_dialogue(const work::Generate& generate);
[[nodiscard]] std::unique_ptr<Dialogue> chat_dialogue(const work::Route& route);

/// The messages, in OpenAI's shape, of an answer with calls and of what they gave.
[[nodiscard]] wire::Json messages_of(const std::string& text,
                                     const std::vector<Dialogue::Result>& results);

/// A function in the shape of OpenAI's `tools`.
[[nodiscard]] wire::Json tool_of(const Function& function);

}  // namespace threadrunner::tool
