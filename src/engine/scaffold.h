#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace threadrunner::engine {

/// A model without a chat template was trained to continue text, not to answer. The scaffold makes
/// a conversation into a text whose continuation is the answer: a line of instruction (or the
/// system message), a question with its answer to show the form, then the conversation in that
/// form.

/// The scaffold as a chat template in Jinja.
[[nodiscard]] std::string_view scaffold_template();

/// The temperature of requests that name none: at llama.cpp's 0.8 such a model soon leaves the
/// subject.
constexpr float scaffold_temperature = 0.3F;

/// Where an answer in that form ends: the model goes on with questions of its own.
[[nodiscard]] const std::vector<std::string>& scaffold_stops();

}  // namespace threadrunner::engine
