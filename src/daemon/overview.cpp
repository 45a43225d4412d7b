#include "daemon/overview.h"

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <utility>

#include "base/version.h"

namespace threadrunner {
namespace {

using std::chrono::milliseconds;
using wire::Json;

std::int64_t ms_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration_cast<milliseconds>(to - from).count();
}

/// The second field of statm: resident pages. proc(5).
std::uint64_t resident_bytes(const std::string& process) {
    std::ifstream file("/proc/" + process + "/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    file >> total >> resident;
    return file ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

/// Every device with what may be promised of it and what is.
Json describe(const Budget& budget) {
    Json devices = Json::array();
    for (const auto& [device, bytes] : budget.limits()) {
        devices.push_back({{"device", device},
                           {"budget_bytes", bytes},
                           {"reserved_bytes", bytes_of(budget.reserved(), device)}});
    }
    return devices;
}

Json describe(const Supervisor& worker, const Pool& pool, std::size_t waiting,
              Clock::time_point now) {
    const bool runs = worker.pid() != 0;
    const auto expires = worker.expires_at();
    const bool needs_memory = pool.memory_line().plan(worker.target()) != nullptr;
    const Budget& budget = pool.budget();
    Json out = {
        {"target", worker.target().label()},
        {"kind", worker.target().kind},
        {"model", worker.target().name},
        {"state", needs_memory && !runs ? "waits for memory" : worker.state_name()},
        {"pid", worker.pid()},
        {"slots", worker.slots()},
        {"busy", worker.busy()},
        {"waiting", waiting},
        {"threads", worker.threads()},
        {"reserved", budget.reserved(worker.target())},
        {"reserved_bytes", total_bytes(budget.reserved(worker.target()))},
        {"rss_bytes", runs ? resident_bytes(std::to_string(worker.pid())) : 0},
        {"loaded_ms", worker.slots() > 0 ? Json(ms_between(worker.ready_since(), now)) : Json()},
        {"expires_ms", expires ? Json(ms_between(now, *expires)) : Json()}};
    if (const auto& use = worker.context_use(); runs && use) {
        out["context_used"] = use->used;
        out["context_total"] = use->total;
    }
    return out;
}

Json describe(const Job& job, Clock::time_point now) {
    Json out = {{"job", job_name(job.id)},
                {"op", work_name(job.spec.work)},
                {"target", job.target.label()},
                {"state", job.state == Job::State::running ? "running" : "waiting"},
                {"owner", job.spec.owner},
                {"priority", job.spec.priority == Priority::batch ? "batch" : "interactive"},
                {"age_ms", ms_between(job.created, now)}};
    if (job.spec.parent) {
        out["parent"] = job_name(*job.spec.parent);
    }
    return out;
}

}  // namespace

Overview::Overview(const Home& home, std::filesystem::path socket, const Jobs& jobs, Pool& pool,
                   Configuration& configuration, boost::asio::thread_pool& files, Standard standard,
                   std::function<void()> shutdown, Reload reload)
    : home_(home),
      socket_(std::move(socket)),
      jobs_(jobs),
      pool_(pool),
      configuration_(configuration),
      standard_(std::move(standard)),
      shutdown_(std::move(shutdown)),
      reload_(std::move(reload)),
      models_(home, pool, configuration, files, reload_),
      tools_(home, pool, files) {}

Json Overview::status() {
    std::size_t running_workers = 0;
    for (const auto& [target, worker] : pool_.workers()) {
        running_workers += worker->state() != Supervisor::State::stopped ? 1 : 0;
    }
    const std::size_t waiting = jobs_.scheduler().waiting();
    Json out = {{"version", version},
                {"pid", ::getpid()},
                {"uptime_ms", ms_between(started_, Clock::now())},
                {"home", home_.root.string()},
                {"socket", socket_.string()},
                {"jobs",
                 {{"running", jobs_.live().size() - waiting},
                  {"waiting", waiting},
                  {"finished", jobs_.finished()},
                  {"failed", jobs_.failed()}}},
                {"memory",
                 {{"budget_bytes", bytes_of(pool_.budget().limits(), host_device)},
                  {"reserved_bytes", bytes_of(pool_.budget().reserved(), host_device)},
                  {"devices", describe(pool_.budget())},
                  {"rss_bytes", resident_bytes("self")}}},
                {"workers", running_workers}};
    for (const auto& [name, section] : sections_) {
        out[name] = section();
    }
    return out;
}

Result<void> Overview::ready() {
    const auto target = pool_.resolve({.backend = standard_.backend,
                                       .model = standard_.model,
                                       .work = work::Load{},
                                       .owner = {}});
    // several models without a default are served by their names
    if (!target && models_.has_none()) {
        return fail(ErrorCode::unreachable, target.error().message);
    }
    return {};
}

Json Overview::ps() {
    const auto now = Clock::now();
    Json workers = Json::array();
    for (const auto& [target, worker] : pool_.workers()) {
        workers.push_back(describe(*worker, pool_, jobs_.scheduler().waiting(target), now));
        workers.back()["name"] = models_.name_of(target);
    }
    Json jobs = Json::array();
    for (const auto& [id, job] : jobs_.live()) {
        jobs.push_back(describe(*job, now));
    }
    return {{"workers", std::move(workers)}, {"jobs", std::move(jobs)}};
}

std::string Overview::model_name(const JobSpec& spec) {
    const auto target = pool_.resolve(spec);
    if (!target || !target->name.starts_with('/')) {
        return {};  // it is no file
    }
    const std::string name = models_.name_in(spec);
    return name.empty() ? target->name : name;
}

Result<Json> Overview::unload(const std::optional<JobSpec>& spec) {
    if (!spec) {
        return Json{{"unloaded", pool_.unload_idle()}};
    }
    auto label = pool_.unload(*spec);
    if (!label) {
        return std::unexpected(label.error());
    }
    return Json{{"unloaded", {*label}}};
}

}  // namespace threadrunner
