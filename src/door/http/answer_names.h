#pragma once

#include <string>
#include <string_view>

namespace threadrunner::http {

/// What an answer that is passed through calls itself and its model: an id that begins with the
/// job's name, so that the log can be searched for it, and the model's name as the client knows it.
class AnswerNames {
public:
    /// `model` empty: the worker's own stays.
    AnswerNames(std::string job, std::string model);

    /// A document, or whole server-sent events, with these names in place of the worker's.
    [[nodiscard]] std::string in(std::string_view data) const;

private:
    [[nodiscard]] std::string in_document(std::string_view document) const;

    std::string job_;
    std::string model_;  ///< as JSON
};

/// A request's text with another model.
[[nodiscard]] std::string with_model(std::string_view body, std::string_view model);

}  // namespace threadrunner::http
