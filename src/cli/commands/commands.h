#pragma once

#include "cli/commands/context.h"

/// One function a command, each in the file of its name. They print results through the context's
/// console; failures are returned, and printed by main().
namespace threadrunner::cli {

[[nodiscard]] Outcome run_ask(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_chat(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_embed(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_tokenize(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_detokenize(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_models(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_show(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_pull(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_rm(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_load(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_unload(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_tool(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_mcp(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_tags(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_status(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_ps(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_cancel(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_stop(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_logs(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_config(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_doctor(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_bench(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_serve(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_version(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_completion(const Invocation& invocation, Context& context);
[[nodiscard]] Outcome run_help(const Invocation& invocation, Context& context);

}  // namespace threadrunner::cli
