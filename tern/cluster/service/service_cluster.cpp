// What a service may call (CST-5.4 to CST-5.9).

#include "tern/cluster/service/service_container_impl.hpp"

namespace tern::cluster {

ClientSession* ServiceContainer::Impl::session(std::int64_t id) {
    const auto found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second.get();
}

void ServiceContainer::Impl::for_each_session(const std::function<void(ClientSession&)>& action) {
    for (auto& [id, session] : sessions_) action(*session);
}

void ServiceContainer::Impl::check_may_send() const {
    static constexpr std::array kNames{"", "onStart", "onTerminate", "onRoleChange",
                                       "doBackgroundWork"};
    if (callback_ == Callback::none) return;
    throw Error(fmt::format("sending messages or scheduling timers is not allowed from {}",
                            kNames[static_cast<std::size_t>(callback_)]));
}

bool ServiceContainer::Impl::schedule_timer(std::int64_t id, std::int64_t deadline) {
    check_may_send();
    return module_->schedule_timer(id, deadline);
}

bool ServiceContainer::Impl::cancel_timer(std::int64_t id) {
    check_may_send();
    return module_->cancel_timer(id);
}

std::int64_t ServiceContainer::Impl::offer(ConstBytes message) {
    check_may_send();
    return module_->offer(leadership_term_id_, message);
}

bool ServiceContainer::Impl::request_close(std::int64_t session_id) {
    if (!sessions_.contains(session_id)) {
        throw Error(fmt::format("unknown clusterSessionId: {}", session_id));
    }
    return module_->close_session(session_id);
}

void ServiceContainer::Impl::idle(int work_count) {
    wait_idle(work_count);
    if (work_count > 0) return;
    tick();
    if (is_active_) {
        within(Callback::background_work,
               [&] { context_.service->do_background_work(platform_.clock.nano_time()); });
    }
}

}  // namespace tern::cluster
