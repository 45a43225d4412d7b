#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every bound on outside input and every constant of behaviour that is no setting, in one place.
namespace threadrunner::limits {

using namespace std::chrono_literals;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * std::uint64_t{mib};

// Frames and documents.
constexpr std::size_t socket_frame_bytes_max = 16 * mib;  ///< a request or an event on the socket
constexpr std::size_t worker_frame_bytes_max = 64 * mib;  ///< a frame on a worker's fd 3
constexpr std::size_t decode_depth_max = 64;          ///< nesting of outside JSON and MessagePack
constexpr std::size_t decode_values_max = 4'000'000;  ///< values in one document, keys included
constexpr std::size_t parse_on_loop_bytes_max = 256 * kib;  ///< larger bodies go to the small pool
constexpr std::int64_t request_id_max = (std::int64_t{1} << 53) - 1;  ///< exact in a JSON double

// Socket connections.
constexpr auto frame_whole_within = 30s;  ///< from a frame's first byte to its last
constexpr std::size_t connections_max = 1024;
constexpr std::size_t jobs_per_connection_max = 4096;
constexpr std::size_t outbox_bytes_max = 64 * mib;  ///< unwritten events of one connection
constexpr auto connections_end_within = 1s;         ///< of the daemon's stop
constexpr auto outbox_stalled_after = 60s;  ///< a client that reads nothing this long is gone

// HTTP.
constexpr std::size_t http_header_bytes_max = 16 * kib;   ///< of a request, its first line included
constexpr std::size_t http_body_bytes_max = 32 * mib;     ///< of a request; pictures are large
constexpr std::size_t http_bodies_bytes_max = 256 * mib;  ///< of all requests that are being read
constexpr std::size_t http_connections_max = 2048;
constexpr std::size_t http_write_bytes_max =
    64 * kib;  ///< at once; a client has to take some of it
constexpr auto http_idle_for = 60s;
constexpr auto http_header_within = 10s;
constexpr auto http_body_within = 60s;
constexpr auto http_stalled_after = 60s;
constexpr auto http_comment_every = 10s;
constexpr std::size_t http_keys_max = 256;
constexpr std::size_t http_bulletin_entries_max = 1024;  ///< unread, of one who follows /events
constexpr std::size_t http_metric_models_max = 64;       ///< with figures of their own

// The v1 protocol answers one-shot prompts of at most this many tokens.
constexpr std::int64_t v1_tokens_max = 1024;

// Jobs.
constexpr std::size_t queue_jobs_max = 1024;  ///< waiting jobs a target; beyond it: overloaded
constexpr unsigned interactive_weight = 8;    ///< interactive jobs started for each batch job
constexpr std::size_t journal_bytes_max = 4 * mib;  ///< of a detached job's events
constexpr auto journal_kept_for = 300s;             ///< after its end
constexpr std::size_t journals_kept_max = 256;
constexpr auto overloaded_retry_after = 1s;

// Workers.
constexpr auto hello_within = 5s;
constexpr auto ping_every = 1s;
constexpr auto suspect_after = 5s;  ///< no pong: no new work
constexpr auto dead_after = 15s;    ///< no pong: SIGKILL
constexpr auto kill_after_sigterm = 5s;
constexpr std::size_t worker_slots_max = 1024;  ///< a greeting that offers more is nonsense
constexpr std::int64_t credit_at_start = 1024;  ///< events a job may send before the first credit
constexpr std::size_t unread_bytes_per_job_max = 4 * mib;
constexpr auto restart_delay_min = 250ms;
constexpr auto restart_delay_max = 10s;
constexpr int crashes_until_failed = 3;        ///< without a finished job in between
constexpr int crashes_until_poison = 2;        ///< a job under way in this many crashes is refused
constexpr std::size_t stderr_lines_kept = 20;  ///< quoted in worker_crashed
constexpr std::size_t log_line_bytes_max = 8 * kib;
constexpr int worker_oom_score_adj = 500;
constexpr auto evict_not_before = 10s;  ///< a worker loaded less than this ago is not evicted
constexpr auto yield_after = 30s;       ///< jobs wait this long for memory that busy workers hold

// Servers that speak HTTP, as workers.
constexpr std::size_t http_head_bytes_max = 64 * kib;
constexpr std::size_t http_piece_bytes_max = 16 * kib;     ///< read at once of a body
constexpr std::size_t http_event_bytes_max = 4 * mib;      ///< one server-sent event
constexpr std::size_t http_document_bytes_max = 48 * mib;  ///< vectors of many texts are long
constexpr std::size_t http_error_bytes_max = 64 * kib;     ///< of an error's document
constexpr std::size_t http_header_shown_max = 256;         ///< of a header's value, in a message
constexpr int upstream_crashes_until_failed = 4;           ///< started once, and three times again
constexpr int server_batch_tokens =
    512;  ///< llama-server's default, for the estimate of its memory
constexpr auto upstream_ready_within = 30s;
constexpr auto upstream_poll_every = 500ms;  ///< until it is ready
constexpr auto upstream_health_every = 2s;   ///< from then on
constexpr auto upstream_connect_within = 5s;
constexpr auto upstream_restart_delay = 2s;

// The engine.
constexpr int cpu_batch_tokens = 128;  ///< how long a cancelled prompt computes on, neighbours wait
constexpr int gpu_batch_tokens = 512;  ///< the same; a GPU reads more in less time
constexpr int checkpoints_per_slot = 8;    ///< of sliding windows; a large one has 100 MB
constexpr auto load_event_every = 50ms;    ///< between two load events
constexpr auto engine_cancel_within = 1s;  ///< of its jobs, when its time to shut down is over

static_assert(ping_every < suspect_after && suspect_after < dead_after);
static_assert(parse_on_loop_bytes_max < socket_frame_bytes_max);
static_assert(socket_frame_bytes_max < worker_frame_bytes_max);

// The command.
constexpr auto first_answer_within = 10s;  ///< connecting, and from a request to its first event
constexpr auto daemon_start_within = 20s;  ///< from taking part in the start to a connection
constexpr auto daemon_leaves_within = 5s;  ///< a daemon in the way of a start that is ending
constexpr auto daemon_stop_within = 30s;   ///< from `stop` to the daemon's lock being free
constexpr auto cancel_within = 2s;         ///< from Ctrl-C to the end of the job
constexpr auto deadline_grace = 1s;        ///< the daemon reports a passed --timeout; later we do
constexpr auto progress_after = 500ms;     ///< shorter waits show no bar
constexpr auto progress_every = 50ms;      ///< between two drawings of a bar
constexpr auto rate_after = 500ms;         ///< a download's speed is not guessed from less
constexpr auto rate_window = 5s;           ///< nor from what was longer ago
constexpr auto stdin_notice_after = 3s;    ///< of a silent pipe: say that we wait for it
constexpr auto stdin_socket_within = 1s;   ///< a silent socket is the caller's, not a pipeline's
constexpr auto log_follow_every = 200ms;
constexpr std::size_t answer_shape_bytes_max = 4 * mib;  ///< of a schema or grammar file
constexpr std::size_t chat_history_entries_max = 1000;   ///< that the arrow keys bring back
constexpr std::size_t chat_history_entry_bytes_max = 64 * kib;
constexpr auto engine_devices_within = 10s;  ///< in which the engine lists what it computes with
constexpr auto doctor_program_within = 10s;  ///< of our own programs, asked about themselves
constexpr auto doctor_daemon_within = 3s;    ///< from connecting to a daemon's status
constexpr auto doctor_models_within = 5s;    ///< for reading the headers of all models
constexpr auto doctor_logs_old_after = std::chrono::days(14);
constexpr std::size_t unwritten_bytes_max = 64 * mib;  ///< of answers that stdout has not taken

// Models by name.
constexpr std::size_t registry_file_bytes_max = 4 * mib;  ///< thousands of models
constexpr std::size_t model_name_bytes_max = 128;
constexpr std::size_t template_file_bytes_max = 256 * kib;
constexpr std::size_t model_list_entries_max = 64;  ///< aliases, adapters, stops of a model

// Pulls.
constexpr std::size_t pull_source_bytes_max = 2 * kib;
constexpr std::size_t pull_listing_bytes_max = 16 * mib;  ///< of a repository's files
constexpr long pull_redirects_max = 8;
constexpr auto pull_event_every = 200ms;              ///< between two events about progress
constexpr auto pull_repeat_every = 1s;                ///< of an event, where nothing moves
constexpr auto pull_journal_every = 1s;               ///< between two notes of how far it has come
constexpr std::uint64_t pull_space_left = 256 * mib;  ///< of the disk, for everybody else
constexpr auto pull_poll_every = 100ms;               ///< looking for a word of the daemon
constexpr std::size_t pull_secrets_max = 256;         ///< tokens kept for pulls under way
constexpr std::size_t pull_piece_bytes = 1 * mib;     ///< read and hashed between two looks

// The sandbox.
constexpr std::size_t sandbox_module_bytes_max = 256 * mib;
constexpr std::int64_t sandbox_memory_mib_default = 512;
constexpr std::int64_t sandbox_memory_mib_max = 4096;         ///< all that 32 bits address
constexpr std::int64_t sandbox_table_elements_max = 1 << 20;  ///< tables are memory, too
constexpr std::int64_t sandbox_tables_max = 4;
constexpr std::size_t sandbox_list_entries_max = 256;  ///< preopens, variables, arguments of a load
constexpr std::size_t sandbox_text_bytes_max = 4096;   ///< each of them; PATH_MAX
constexpr std::int64_t sandbox_slots = 64;             ///< requests on a module's pipe at once
constexpr auto sandbox_compile_within = 60s;
constexpr std::uint64_t sandbox_compile_bytes_max = 8 * gib;  ///< addressed by the compiler
constexpr auto sandbox_start_within = 5s;     ///< of a module, before its first instruction of main
constexpr auto sandbox_leave_within = 100ms;  ///< from a passed deadline to the end of the process
constexpr std::uint64_t sandbox_open_files_max = 256;
constexpr std::uint64_t sandbox_file_bytes_max = 64 * gib;  ///< that a module writes
constexpr std::size_t sandbox_cache_entries_max = 64;       ///< compiled modules

// Files.
constexpr std::uint64_t log_days_kept = 14;
constexpr std::size_t settings_file_bytes_max = 1 * mib;
constexpr auto settings_file_free_within = 10s;  ///< another command that edits it
constexpr std::size_t gguf_header_bytes_max = 512 * mib;
constexpr std::size_t gguf_entries_max = 100'000;  ///< of metadata; models have some dozens
constexpr std::size_t gguf_tensors_max = 1'000'000;
constexpr std::size_t gguf_key_bytes_max = 65'535;  ///< by the format
constexpr std::size_t gguf_string_bytes_max = 16 * mib;
constexpr std::size_t gguf_text_kept_bytes_max = 1 * kib;        ///< of a value; names are short
constexpr std::size_t gguf_template_kept_bytes_max = 256 * kib;  ///< of a chat template
constexpr std::size_t gguf_kept_bytes_max = 4 * mib;             ///< of keys and values together
constexpr std::size_t gguf_array_count_max = 100'000'000;        ///< vocabularies have 300,000
constexpr std::size_t gguf_layers_max = 512;                     ///< llama.cpp aborts beyond it
constexpr std::size_t gguf_parts_max = 1024;                     ///< files of one split model
constexpr std::size_t log_tail_lines = 20;                       ///< shown when a start fails

}  // namespace threadrunner::limits
