#include "door/http/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace threadrunner::http {
namespace {

using prometheus::ClientMetric;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;
using prometheus::MetricFamily;
using prometheus::MetricType;
using wire::Json;
using Buckets = Histogram::BucketBoundaries;

/// vLLM's own, so that both can be in one chart.
const Buckets first_token_buckets = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1,  0.25, 0.5,
                                     0.75,  1.0,   2.5,  5.0,  7.5,  10.0, 20.0, 40.0, 80.0, 160.0};
const Buckets token_buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15,
                               0.2,   0.3,    0.4,   0.5,  0.75,  1.0,  2.5,   5.0};
const Buckets request_buckets = {0.01, 0.05, 0.1,  0.3,  0.5,  0.8,  1.0,   1.5,   2.0,  2.5,
                                 5.0,  10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 240.0, 600.0};

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

double number_in(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

/// So many observations of the same value.
void observe(Histogram& histogram, const Buckets& buckets, double value, double times) {
    std::vector<double> increments(buckets.size() + 1, 0);
    const auto bucket = std::ranges::lower_bound(buckets, value) - buckets.begin();
    increments[static_cast<std::size_t>(bucket)] = times;
    histogram.ObserveMultiple(increments, value * times);
}

MetricFamily gauge(std::string name, std::string help) {
    return {
        .name = std::move(name), .help = std::move(help), .type = MetricType::Gauge, .metric = {}};
}

void add(MetricFamily& family, double value, const std::string& model = {}) {
    ClientMetric metric;
    if (!model.empty()) {
        metric.label.push_back({.name = "model_name", .value = model});
    }
    metric.gauge.value = value;
    family.metric.push_back(std::move(metric));
}

/// What is so at this moment.
std::vector<MetricFamily> gauges(const Json& ps, const Json& status) {
    MetricFamily running = gauge("vllm:num_requests_running", "Jobs that a worker has.");
    MetricFamily waiting = gauge("vllm:num_requests_waiting", "Jobs in the queue.");
    MetricFamily resident =
        gauge("threadrunner_worker_resident_bytes", "Memory that a worker's process has.");
    MetricFamily reserved =
        gauge("threadrunner_worker_reserved_bytes", "Memory that is reserved for a worker.");
    MetricFamily slots = gauge("threadrunner_worker_slots", "Jobs that a worker can have at once.");
    MetricFamily context =
        gauge("vllm:kv_cache_usage_perc",
              "The part of a worker's context that holds tokens; 1: it is full.");
    for (const Json& worker : ps.at("workers")) {
        const std::string model = worker.at("target").get<std::string>();
        add(running, number_in(worker, "busy"), model);
        add(waiting, number_in(worker, "waiting"), model);
        add(resident, number_in(worker, "rss_bytes"), model);
        add(reserved, number_in(worker, "reserved_bytes"), model);
        add(slots, number_in(worker, "slots"), model);
        if (const double total = number_in(worker, "context_total"); total > 0) {
            add(context, number_in(worker, "context_used") / total, model);
        }
    }
    MetricFamily budget = gauge("threadrunner_budget_bytes", "Memory that workers may have.");
    add(budget, number_in(status.at("memory"), "budget_bytes"));
    MetricFamily own = gauge("process_resident_memory_bytes", "Memory of the daemon itself.");
    add(own, number_in(status.at("memory"), "rss_bytes"));
    MetricFamily up = gauge("threadrunner_uptime_seconds", "Since the daemon has started.");
    add(up, number_in(status, "uptime_ms") / 1e3);
    return {running, waiting, context, resident, reserved, slots, budget, own, up};
}

}  // namespace

struct Metrics::Families {
    Family<Histogram>& histogram(const char* name, const char* help) {
        return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
    }
    Family<Counter>& counter(const char* name, const char* help) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    }

    /// Clients can name workers without end, by a worker's options; a chart cannot show them.
    prometheus::Labels of(const Target& target) {
        std::string label = target.kind.empty() ? "none" : target.label();
        if (models.size() >= limits::http_metric_models_max && !models.contains(label)) {
            label = "others";
        }
        models.insert(label);
        return {{"model_name", std::move(label)}};
    }

    prometheus::Registry registry;
    std::set<std::string> models;
    Family<Histogram>& first_token =
        histogram("vllm:time_to_first_token_seconds", "From the request to the first token.");
    Family<Histogram>& between_tokens =
        histogram("vllm:inter_token_latency_seconds",
                  "From token to token: the mean of a job, once for each of its tokens.");
    Family<Histogram>& whole =
        histogram("vllm:e2e_request_latency_seconds", "From the request to the answer's end.");
    Family<Histogram>& queued = histogram("vllm:request_queue_time_seconds",
                                          "From the request to its worker, loading included.");
    Family<Histogram>& prefill =
        histogram("vllm:request_prefill_time_seconds", "Reading the prompt.");
    Family<Histogram>& decode =
        histogram("vllm:request_decode_time_seconds", "Writing the answer.");
    Family<Counter>& prompt_tokens = counter("vllm:prompt_tokens_total", "Tokens read.");
    Family<Counter>& generated = counter("vllm:generation_tokens_total", "Tokens written.");
    Family<Counter>& cache_queries =
        counter("vllm:prefix_cache_queries_total", "Tokens of prompts, looked for in the cache.");
    Family<Counter>& cache_hits =
        counter("vllm:prefix_cache_hits_total", "Tokens of prompts that were warm already.");
    Family<Counter>& jobs =
        counter("threadrunner_jobs_total", "Jobs by their end: done, cancelled, or an error.");
    Family<Histogram>& loads =
        histogram("threadrunner_load_seconds", "From a worker's start until it is ready.");
    Family<Counter>& unloads =
        counter("threadrunner_unloads_total", "Workers that ended, by reason.");
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::job_ended(const JobReport& report) {
    Families& all = *families_;
    const Job& job = report.job;
    const auto labels = all.of(job.target);
    const auto* done = std::get_if<event::Done>(&report.end);
    auto by_end = labels;
    by_end["end"] = done == nullptr ? std::string(traits(std::get<Error>(report.end).code).name)
                    : done->reason == event::Reason::cancelled ? "cancelled"
                                                               : "done";
    all.jobs.Add(by_end).Increment();
    if (done == nullptr || job.started == Clock::time_point{} ||
        done->reason == event::Reason::cancelled) {
        return;
    }
    const double waited = seconds(job.started - job.created);
    all.queued.Add(labels, request_buckets).Observe(waited);
    all.whole.Add(labels, request_buckets).Observe(seconds(report.ended - job.created));
    if (done->usage) {
        const auto& usage = *done->usage;
        all.prompt_tokens.Add(labels).Increment(static_cast<double>(usage.prompt));
        all.generated.Add(labels).Increment(static_cast<double>(usage.completion));
        all.cache_queries.Add(labels).Increment(static_cast<double>(usage.prompt));
        all.cache_hits.Add(labels).Increment(static_cast<double>(usage.cached));
    }
    if (!done->timings.is_object()) {
        return;
    }
    const double prefill = number_in(done->timings, "prompt_ms") / 1e3;
    const double decode = number_in(done->timings, "predicted_ms") / 1e3;
    const double tokens = number_in(done->timings, "predicted_n");
    all.prefill.Add(labels, request_buckets).Observe(prefill);
    all.decode.Add(labels, request_buckets).Observe(decode);
    all.first_token.Add(labels, first_token_buckets).Observe(waited + prefill);
    if (tokens > 1) {
        observe(all.between_tokens.Add(labels, token_buckets), token_buckets, decode / tokens,
                tokens - 1);
    }
}

void Metrics::worker_loaded(const Target& target, Clock::duration within) {
    families_->loads.Add(families_->of(target), request_buckets).Observe(seconds(within));
}

void Metrics::worker_stopped(const Target& target, std::string_view reason) {
    auto labels = families_->of(target);
    labels["reason"] = reason;
    families_->unloads.Add(labels).Increment();
}

std::string Metrics::text(const Json& ps, const Json& status) const {
    std::vector<MetricFamily> families = families_->registry.Collect();
    for (MetricFamily& family : gauges(ps, status)) {
        families.push_back(std::move(family));
    }
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace threadrunner::http
