#include "kinds/route_exchange.h"

#include <variant>

#include "kinds/route_request.h"

namespace threadrunner {
namespace {

class RouteExchange : public Exchange {
public:
    /// Keeps its own copy of the work: the job may end (a deadline) before the worker lets go.
    explicit RouteExchange(Work work) : work_(std::move(work)), reply_(work_) {}

    [[nodiscard]] wire::Json request() const override {
        const RouteRequest route = route_request(work_);
        return {
            {"op", "route"}, {"method", "POST"}, {"path", route.path}, {"body", body_text(route)}};
    }

    void receive(const wire::Json& frame, std::vector<Event>& out) override {
        reply_.receive(frame, out);
    }

private:
    Work work_;
    RouteReply reply_;
};

}  // namespace

std::unique_ptr<Exchange> route_exchange(const Job& job) {
    if (std::holds_alternative<work::Load>(job.spec.work)) {
        return nullptr;
    }
    return std::make_unique<RouteExchange>(job.spec.work);
}

}  // namespace threadrunner
