#pragma once

#include <boost/asio/awaitable.hpp>

#include "door/http/ollama_answer.h"
#include "door/http/route_table.h"

namespace threadrunner::http {

/// Answers a call with what becomes of a job: as it comes, a line of JSON for each of the answer's
/// pieces, or at its end in one document. A client that leaves cancels the job, wherever it is; the
/// worker gets credit as the client reads.
[[nodiscard]] boost::asio::awaitable<void> answer_with_job(Call& call, JobSpec spec, bool streams,
                                                           OllamaAnswer& answer);

/// {"error": message}, in a stream as its last line.
[[nodiscard]] const ErrorShape& ollama_errors();

}  // namespace threadrunner::http
