#include "door/http/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace threadrunner::http {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using wire::Json;

class MetricsTest : public testing::Test {
protected:
    MetricsTest() {
        job_.target = {.kind = "engine", .name = "/models/tiny.gguf", .profile = {}};
        job_.created = Clock::time_point() + milliseconds(1000);
        job_.started = job_.created + milliseconds(300);
    }

    void ends(const Event& end) {
        metrics_.job_ended({.job = job_, .end = end, .ended = job_.started + milliseconds(1000)});
    }
    [[nodiscard]] std::string text() const {
        return metrics_.text({{"workers", workers_}},
                             {{"memory", {{"budget_bytes", 5}}}, {"uptime_ms", 1500}});
    }

    Job job_;
    Metrics metrics_;
    Json workers_ = Json::array();
};

TEST_F(MetricsTest, AJobIsMeasuredWithVllmsNames) {
    ends(event::Done{
        .reason = event::Reason::stop,
        .usage = event::Usage{.prompt = 9, .cached = 4, .completion = 11},
        .timings = {{"prompt_ms", 200.0}, {"predicted_ms", 550.0}, {"predicted_n", 11}}});
    const std::string model = R"({model_name="engine:tiny.gguf"} )";
    for (const std::string& line :
         {"vllm:time_to_first_token_seconds_sum" + model + "0.5",
          "vllm:inter_token_latency_seconds_count" + model + "10",
          "vllm:inter_token_latency_seconds_sum" + model + "0.5",
          "vllm:request_queue_time_seconds_sum" + model + "0.3",
          "vllm:request_prefill_time_seconds_sum" + model + "0.2",
          "vllm:request_decode_time_seconds_sum" + model + "0.55",
          "vllm:e2e_request_latency_seconds_sum" + model + "1.3",
          "vllm:prompt_tokens_total" + model + "9", "vllm:generation_tokens_total" + model + "11",
          "vllm:prefix_cache_hits_total" + model + "4"}) {
        EXPECT_THAT(text(), HasSubstr(line + "\n"));
    }
    EXPECT_THAT(text(), HasSubstr(R"(inter_token_latency_seconds_bucket{model_name="engine:)"
                                  R"(tiny.gguf",le="0.05"} 10)"));
}

TEST_F(MetricsTest, JobsAreCountedByTheirEnd) {
    ends(event::Done{.reason = event::Reason::cancelled});
    ends(Error{.code = ErrorCode::worker_crashed, .message = "a secret"});
    EXPECT_THAT(text(), HasSubstr(R"(threadrunner_jobs_total{end="cancelled",)"));
    EXPECT_THAT(text(), HasSubstr(R"(threadrunner_jobs_total{end="worker_crashed",)"));
    EXPECT_THAT(text(), Not(HasSubstr("a secret")));
    EXPECT_THAT(text(), Not(HasSubstr("time_to_first_token_seconds_sum")));
}

TEST_F(MetricsTest, LoadsAndUnloadsAreCountedWithTheirReasons) {
    metrics_.worker_loaded(job_.target, milliseconds(2500));
    metrics_.worker_stopped(job_.target, "evicted");
    EXPECT_THAT(text(), HasSubstr("threadrunner_load_seconds_sum"));
    EXPECT_THAT(text(), HasSubstr(R"(threadrunner_unloads_total{model_name="engine:tiny.gguf",)"
                                  R"(reason="evicted"} 1)"));
}

TEST_F(MetricsTest, WhatIsSoNowIsReadWhenItIsAskedFor) {
    workers_ = {{{"target", "dummy"}, {"busy", 2}, {"waiting", 3}, {"rss_bytes", 4096}}};
    EXPECT_THAT(text(), HasSubstr("vllm:num_requests_running{model_name=\"dummy\"} 2"));
    EXPECT_THAT(text(), HasSubstr("vllm:num_requests_waiting{model_name=\"dummy\"} 3"));
    EXPECT_THAT(text(), HasSubstr("threadrunner_worker_resident_bytes{model_name=\"dummy\"} 4096"));
    EXPECT_THAT(text(), HasSubstr("threadrunner_uptime_seconds 1.5"));
    EXPECT_THAT(text(), Not(HasSubstr("vllm:kv_cache_usage_perc{"))) << "it does not tell";
    workers_.front().update({{"context_used", 512}, {"context_total", 2048}});
    EXPECT_THAT(text(), HasSubstr("vllm:kv_cache_usage_perc{model_name=\"dummy\"} 0.25"));
}

TEST_F(MetricsTest, NamesWithoutEndDoNotFillTheMemory) {
    for (std::size_t n = 0; n < limits::http_metric_models_max + 50; ++n) {
        metrics_.worker_stopped({.kind = "dummy", .name = std::to_string(n), .profile = {}},
                                "idle");
    }
    EXPECT_THAT(text(), HasSubstr(R"(model_name="others",reason="idle"} 50)"));
}

}  // namespace
}  // namespace threadrunner::http
