#include "kinds/route_exchange.h"

#include <utility>
#include <variant>

#include "kinds/passed_reply.h"
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

/// A request that goes as it is, and whose answer comes back so.
class PassingExchange : public Exchange {
public:
    explicit PassingExchange(work::Route route) : route_(std::move(route)) {}

    [[nodiscard]] wire::Json request() const override {
        return {{"op", "route"},
                {"method", route_.method},
                {"path", route_.path},
                {"body", route_.body}};
    }

    void receive(const wire::Json& frame, std::vector<Event>& out) override {
        reply_.receive(frame, out);
    }

private:
    work::Route route_;
    PassedReply reply_;
};

}  // namespace

std::unique_ptr<Exchange> route_exchange(Work work) {
    if (std::holds_alternative<work::Load>(work)) {
        return nullptr;
    }
    if (auto* route = std::get_if<work::Route>(&work)) {
        return std::make_unique<PassingExchange>(std::move(*route));
    }
    return std::make_unique<RouteExchange>(std::move(work));
}

}  // namespace threadrunner
