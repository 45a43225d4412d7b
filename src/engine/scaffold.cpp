#include "engine/scaffold.h"

namespace threadrunner::engine {

std::string_view scaffold_template() {
    // A trailing assistant message is left open: the model goes on with it.
    return R"({%- if messages[0].role == 'system' -%}
{{- messages[0].content | trim -}}
{%- else -%}
{{- 'Answer each question correctly, in a sentence or two.' -}}
{%- endif -%}
{{- '\n\nQuestion: What is a rainbow?\n' -}}
{{- 'Answer: A rainbow is an arc of colours in the sky. It appears when drops of rain bend the ' -}}
{{- 'light of the sun and split it into its colours.\n' -}}
{%- for message in messages -%}
{%- if message.role == 'assistant' -%}
{{- 'Answer: ' + (message.content | trim) + ('' if loop.last else '\n') -}}
{%- elif message.role == 'user' -%}
{{- '\nQuestion: ' + (message.content | trim) + '\n' -}}
{%- elif not loop.first -%}
{{- '\n' + (message.content | trim) + '\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt and messages[-1].role != 'assistant' -%}
{{- 'Answer:' -}}
{%- endif -%})";
}

const std::vector<std::string>& scaffold_stops() {
    static const std::vector<std::string> stops = {"\n\n", "\nQuestion:"};
    return stops;
}

}  // namespace threadrunner::engine
