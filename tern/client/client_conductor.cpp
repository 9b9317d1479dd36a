#include "tern/client/client_conductor.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "tern/base/overloaded.hpp"
#include "tern/client/errors.hpp"
#include "tern/memory/system_counters.hpp"

namespace tern::client {

namespace {

void print_error(const std::exception& error) {
    std::fputs(fmt::format("ERROR: {}\n", error.what()).c_str(), stderr);
}

[[nodiscard]] std::int64_t inter_service_timeout_of(const Context& context, const CncMapping& cnc) {
    const std::int64_t timeout_ns = cnc.file().client_liveness_timeout_ns();
    if (timeout_ns <= context.keepalive_interval_ns) {
        throw ConfigurationError(fmt::format(
            "the driver's client liveness timeout of {} must be longer than the keepalive "
            "interval of {}",
            format_duration_ns(timeout_ns), format_duration_ns(context.keepalive_interval_ns)));
    }
    return timeout_ns;
}

}  // namespace

ClientConductor::ClientConductor(Context context, platform::Platform platform,
                                 std::shared_ptr<CncMapping> cnc)
    : context_(std::move(context)),
      platform_(platform),
      cnc_(std::move(cnc)),
      inter_service_timeout_ns_(inter_service_timeout_of(context_, *cnc_)),
      proxy_(cnc_->file().to_driver()),
      receiver_(cnc_->file().to_clients()),
      // Braces: first the time, then the heartbeat that is measured by it.
      driver_liveness_{context_.aeron_directory, context_.driver_timeout_ns,
                       platform_.clock.nano_time(), proxy_.driver_heartbeat_ms()},
      heartbeat_(proxy_.client_id(), context_.client_name),
      last_service_ns_(platform_.clock.nano_time()),
      last_keepalive_ns_(last_service_ns_) {
    if (context_.available_counter_handler) {
        add_counter_handler(HandlerKind::available_counter, context_.available_counter_handler);
    }
    if (context_.unavailable_counter_handler) {
        add_counter_handler(HandlerKind::unavailable_counter, context_.unavailable_counter_handler);
    }
    if (context_.close_handler) add_close_handler(context_.close_handler);
}

// ---- Duty cycle.

int ClientConductor::do_work() {
    const Lock lock(mutex_);
    if (is_terminated_) {
        // The error handler knows why already: as far as the runner goes, this end is expected.
        throw AgentTermination("client has terminated: " + termination_reason_, true);
    }
    int work = receive_events();
    if (!is_terminated_) work += check_timers();
    return work;
}

int ClientConductor::receive_events() {
    int received = 0;
    while (received < kEventsPerCycle && !is_terminated_) {
        const memory::BroadcastResult result = receiver_.receive(
            [this](std::int32_t type_id, ConstBytes record) { on_event(type_id, record); });
        if (result == memory::BroadcastResult::none) break;
        ++received;
        if (result == memory::BroadcastResult::lost) {
            // What images and registrations there are is not known any more.
            terminate(Error("unable to keep up with broadcast: events of the driver were lost"));
        }
    }
    return received;
}

int ClientConductor::check_timers() {
    const std::int64_t now_ns = platform_.clock.nano_time();
    if (now_ns - last_service_ns_ <= context_.idle_sleep_duration_ns) return 0;
    if (!check_service_interval(now_ns)) return 1;
    last_service_ns_ = now_ns;
    const int work = check_liveness(now_ns);
    if (is_terminated_) return work;
    expire_registrations(now_ns);
    send_unsent_removals();
    free_lingering(now_ns);
    return work;
}

void ClientConductor::free_lingering(std::int64_t now_ns) {
    for (const auto& [id, resource] : resources_) {
        if (auto* const* subscription = std::get_if<Subscription*>(&resource)) {
            (*subscription)->free_retired_lists(now_ns);
        }
    }
    while (!lingering_logs_.empty() && now_ns > lingering_logs_.front().deadline_ns) {
        lingering_logs_.pop_front();
    }
    std::erase_if(logs_, [](const auto& entry) { return entry.second.expired(); });
}

bool ClientConductor::check_service_interval(std::int64_t now_ns) {
    const std::int64_t interval_ns = now_ns - last_service_ns_;
    if (interval_ns <= inter_service_timeout_ns_) return true;
    terminate(ConductorServiceTimeoutException(fmt::format(
        "service interval exceeded: timeout={}, interval={}",
        format_duration_ns(inter_service_timeout_ns_), format_duration_ns(interval_ns))));
    return false;
}

int ClientConductor::check_liveness(std::int64_t now_ns) {
    if (now_ns - last_keepalive_ns_ <= context_.keepalive_interval_ns) return 0;
    if (const auto death = driver_liveness_.check(now_ns, proxy_.driver_heartbeat_ms())) {
        terminate(DriverTimeoutException(*death));
        return 1;
    }
    try {
        if (heartbeat_.beat(*cnc_, platform_.clock.epoch_ms())) last_keepalive_ns_ = now_ns;
    } catch (const Error& error) {
        terminate(error);
    }
    return 1;
}

std::optional<std::string> ClientConductor::driver_end() {
    const std::int64_t now_ns = platform_.clock.nano_time();
    if (auto death = driver_liveness_.check(now_ns, proxy_.driver_heartbeat_ms())) return death;
    const std::string& directory = context_.aeron_directory;
    if (memory::is_current_cnc_file(platform_.storage, directory, cnc_->file())) {
        return std::nullopt;
    }
    return fmt::format("MediaDriver ({}) has ended: its directory was removed or taken by another",
                       directory);
}

void ClientConductor::expire_registrations(std::int64_t now_ns) {
    registrations_.expire(now_ns, [this](std::int64_t id, Registration& registration) {
        return expire(id, registration);
    });
}

// Whether the registration is to be forgotten.
bool ClientConductor::expire(std::int64_t id, Registration& registration) {
    using State = Registration::State;
    const bool is_operation = registration.kind == RegistrationKind::operation;
    if (registration.state == State::awaiting) {
        if (registration.kind == RegistrationKind::removal) return true;
        registration.state = State::timed_out;
        registration.deadline_ns += context_.driver_timeout_ns;
        registration.error =
            fmt::format("no response from MediaDriver within {} to {}",
                        format_duration_ns(context_.driver_timeout_ns), registration.what);
        if (!is_operation) undo_at_driver(id, registration.kind);
        return false;
    }
    if (!is_operation) return false;  // its owner will find or abandon it
    if (registration.state != State::done) {
        report(RegistrationException(registration.error, registration.error_code, id));
    }
    return true;
}

// ---- Registrations.

std::int64_t ClientConductor::next_correlation_id() {
    ensure_open();
    return proxy_.next_correlation_id();
}

std::int64_t ClientConductor::async_add_publication(std::string_view channel,
                                                    std::int32_t stream_id, RegistrationKind kind) {
    Registration registration;
    registration.kind = kind;
    registration.channel = channel;
    registration.stream_id = stream_id;
    registration.what = fmt::format("add {} {} stream {}", to_string(kind), channel, stream_id);
    wire::AddPublication command;
    command.stream_id = stream_id;
    command.channel = channel;
    return send_add(kind == RegistrationKind::exclusive_publication
                        ? wire::CommandId::add_exclusive_publication
                        : wire::CommandId::add_publication,
                    command, std::move(registration));
}

std::int64_t ClientConductor::async_add_subscription(std::string_view channel,
                                                     std::int32_t stream_id,
                                                     ImageHandlers handlers) {
    Registration registration;
    registration.kind = RegistrationKind::subscription;
    registration.channel = channel;
    registration.stream_id = stream_id;
    registration.image_handlers = std::move(handlers);
    registration.what = fmt::format("add subscription {} stream {}", channel, stream_id);
    wire::AddSubscription command;
    command.stream_id = stream_id;
    command.channel = channel;
    return send_add(wire::CommandId::add_subscription, command, std::move(registration));
}

std::int64_t ClientConductor::async_add_counter(
    std::int32_t type_id, ConstBytes key, std::string_view label,
    std::optional<std::int64_t> static_registration_id) {
    if (key.size() > wire::kMaxCounterKeyLength) {
        throw InvalidArgument(fmt::format("key length out of bounds: {}", key.size()));
    }
    if (label.size() > wire::kMaxCounterLabelLength) {
        throw InvalidArgument(fmt::format("label length out of bounds: {}", label.size()));
    }
    Registration registration;
    registration.kind =
        static_registration_id ? RegistrationKind::static_counter : RegistrationKind::counter;
    registration.what =
        fmt::format("add {} '{}' type {}", to_string(registration.kind), label, type_id);
    if (static_registration_id) {
        registration.static_registration_id = *static_registration_id;
        wire::AddStaticCounter command;
        command.registration_id = *static_registration_id;
        command.type_id = type_id;
        command.key = key;
        command.label = label;
        return send_add(wire::CommandId::add_static_counter, command, std::move(registration));
    }
    wire::AddCounter command;
    command.type_id = type_id;
    command.key = key;
    command.label = label;
    return send_add(wire::CommandId::add_counter, command, std::move(registration));
}

std::int64_t ClientConductor::async_next_session_id(std::int32_t stream_id) {
    Registration registration;
    registration.kind = RegistrationKind::session_id;
    registration.what = fmt::format("get next session id for stream {}", stream_id);
    if (cnc_->file().control_protocol_version() >= memory::kControlProtocolVersion) {
        wire::GetNextAvailableSessionId command;
        command.stream_id = stream_id;
        return send_add(wire::CommandId::get_next_available_session_id, command,
                        std::move(registration));
    }
    // A driver that does not know the command; CLI-18.1.
    const Lock lock(mutex_);
    ensure_open();
    const std::int64_t id = proxy_.next_correlation_id();
    registration.state = Registration::State::done;
    registration.result = platform_.random.next_i32();
    registrations_.add(id, std::move(registration));
    return id;
}

Registration::Result ClientConductor::take_result(std::int64_t id, RegistrationKind kind) {
    const Lock lock(mutex_);
    ensure_open();
    const Registration* found = registrations_.find(id);
    if (found == nullptr || found->kind != kind) {
        throw InvalidArgument(
            fmt::format("unknown registration id of a {}: {}", to_string(kind), id));
    }
    if (found->state == Registration::State::awaiting) return {};
    Registration taken = registrations_.take(id);
    if (taken.state == Registration::State::timed_out) throw DriverTimeoutException(taken.error);
    if (taken.state == Registration::State::refused) {
        throw RegistrationException(taken.error, taken.error_code, id);
    }
    return std::move(taken.result);
}

RegistrationKind ClientConductor::counter_kind_of(std::int64_t id) {
    const Lock lock(mutex_);
    const Registration* found = registrations_.find(id);
    return found != nullptr && found->kind == RegistrationKind::static_counter
               ? RegistrationKind::static_counter
               : RegistrationKind::counter;
}

bool ClientConductor::is_operation_complete(std::int64_t correlation_id) {
    const Lock lock(mutex_);
    if (!is_closed() && registrations_.find_awaiting(correlation_id) != nullptr) return false;
    static_cast<void>(take_result(correlation_id, RegistrationKind::operation));
    return true;
}

void ClientConductor::await_operation(std::int64_t correlation_id) {
    await([&] { return is_operation_complete(correlation_id); });
}

void ClientConductor::abandon(std::int64_t id) noexcept {
    const Lock lock(mutex_);
    const Registration* found = registrations_.find(id);
    if (found == nullptr || is_terminated_) return;
    const bool is_awaited = found->state == Registration::State::awaiting;
    const RegistrationKind kind = found->kind;
    const Registration gone = registrations_.take(id);  // an object that came closes here
    if (is_awaited) undo_at_driver(id, kind);
}

bool ClientConductor::is_command_active(std::int64_t id) {
    const Lock lock(mutex_);
    return registrations_.find_awaiting(id) != nullptr;
}

bool ClientConductor::has_active_commands() {
    const Lock lock(mutex_);
    return registrations_.any_awaiting() || !unsent_removals_.empty();
}

void ClientConductor::fail(Registration& registration, std::int32_t code, std::string text) {
    registration.state = Registration::State::refused;
    registration.error_code = code;
    registration.error = fmt::format("{}: {}, errorCodeValue={}", registration.what, text, code);
}

// Removes what an add has made or will make; the driver executes commands in order.
void ClientConductor::undo_at_driver(std::int64_t id, RegistrationKind kind) {
    switch (kind) {
        case RegistrationKind::publication:
            return remove_at_driver(wire::CommandId::remove_publication, id, false);
        case RegistrationKind::exclusive_publication:
            return remove_at_driver(wire::CommandId::remove_publication, id, true);
        case RegistrationKind::subscription:
            return remove_at_driver(wire::CommandId::remove_subscription, id, false);
        case RegistrationKind::counter:
            return remove_at_driver(wire::CommandId::remove_counter, id, false);
        case RegistrationKind::static_counter:
        case RegistrationKind::session_id:
        case RegistrationKind::operation:
        case RegistrationKind::removal:
            return;
    }
}

void ClientConductor::remove_at_driver(wire::CommandId command, std::int64_t registration_id,
                                       bool revoke) {
    const UnsentRemoval removal{command, registration_id, revoke};
    if (!unsent_removals_.empty() || !try_remove_at_driver(removal)) {
        unsent_removals_.push_back(removal);  // one per resource at most
    }
}

bool ClientConductor::try_remove_at_driver(const UnsentRemoval& removal) {
    const std::int64_t correlation_id = proxy_.next_correlation_id();
    bool is_sent = false;
    if (removal.command == wire::CommandId::remove_publication) {
        wire::RemovePublication command;
        command.correlation_id = correlation_id;
        command.registration_id = removal.registration_id;
        command.flags = removal.revoke ? wire::RemovePublication::kRevoke : 0;
        is_sent = proxy_.send(removal.command, command);
    } else {
        wire::RemoveResource command;
        command.correlation_id = correlation_id;
        command.registration_id = removal.registration_id;
        is_sent = proxy_.send(removal.command, command);
    }
    if (!is_sent) return false;
    Registration registration;
    registration.kind = RegistrationKind::removal;
    registration.what =
        fmt::format("{} {}", wire::to_string(removal.command), removal.registration_id);
    registration.deadline_ns = platform_.clock.nano_time() + context_.driver_timeout_ns;
    registrations_.add(correlation_id, std::move(registration));
    return true;
}

void ClientConductor::send_unsent_removals() {
    while (!unsent_removals_.empty() && try_remove_at_driver(unsent_removals_.front())) {
        unsent_removals_.pop_front();
    }
}

// ---- Handlers.

std::int64_t ClientConductor::add_counter_handler(HandlerKind kind, CounterHandler handler) {
    const Lock lock(mutex_);
    const std::int64_t id = next_correlation_id();
    auto& handlers = kind == HandlerKind::available_counter ? available_counter_handlers_
                                                            : unavailable_counter_handlers_;
    handlers.add(id, std::move(handler));
    return id;
}

bool ClientConductor::remove_counter_handler(HandlerKind kind, std::int64_t id) {
    const Lock lock(mutex_);
    return kind == HandlerKind::available_counter ? available_counter_handlers_.remove(id)
                                                  : unavailable_counter_handlers_.remove(id);
}

std::int64_t ClientConductor::add_close_handler(CloseHandler handler) {
    const Lock lock(mutex_);
    const std::int64_t id = next_correlation_id();
    close_handlers_.add(id, std::move(handler));
    return id;
}

bool ClientConductor::remove_close_handler(std::int64_t id) {
    const Lock lock(mutex_);
    return close_handlers_.remove(id);
}

// ---- Closing.

void ClientConductor::close(PublicationBase& publication, bool revoke) noexcept {
    const Lock lock(mutex_);
    resources_.erase(publication.registration_id());
    if (publication.is_closed()) return;
    publication.mark_closed();
    if (is_terminated_) return;
    linger(publication.spec_.log);
    remove_at_driver(wire::CommandId::remove_publication, publication.registration_id(), revoke);
}

void ClientConductor::close(Subscription& subscription) noexcept {
    const Lock lock(mutex_);
    resources_.erase(subscription.registration_id());
    if (subscription.is_closed()) return;
    if (!is_terminated_) {
        remove_at_driver(wire::CommandId::remove_subscription, subscription.registration_id(),
                         false);
    }
    close_with_images(subscription);
}

void ClientConductor::close(Counter& counter) noexcept {
    const Lock lock(mutex_);
    resources_.erase(counter.correlation_id());
    if (counter.is_closed()) return;
    counter.is_closed_.store(true, std::memory_order_release);
    if (is_terminated_ || counter.is_static()) return;
    remove_at_driver(wire::CommandId::remove_counter, counter.correlation_id(), false);
}

// One that is closed has no images, and none of them gives anything any more. The subscription may
// be gone when this returns: a handler may have destroyed it.
void ClientConductor::close_with_images(Subscription& subscription) {
    const ImageList images = subscription.remove_all_images(linger_deadline_ns());
    for (const auto& image : images) image->close();
    const UnavailableImageHandler handler = subscription.spec_.image_handlers.unavailable;
    subscription.mark_closed();
    for (const auto& image : images) {
        if (!is_terminated_) linger(image->spec_.log);
        if (handler) call_handler([&] { handler(image); });
    }
}

void ClientConductor::linger(std::shared_ptr<MappedLog> log) {
    lingering_logs_.push_back({.log = std::move(log), .deadline_ns = linger_deadline_ns()});
}

void ClientConductor::terminate(const std::exception& reason) {
    is_terminated_ = true;
    is_closed_.store(true, std::memory_order_release);
    termination_reason_ = reason.what();
    close_resources();
    report(reason);
}

// Newest first.
void ClientConductor::close_resources() {
    while (!resources_.empty()) {
        const auto last = std::prev(resources_.end());
        const Resource resource = last->second;
        resources_.erase(last);
        close_at_end(resource);
    }
    registrations_.clear();
    unsent_removals_.clear();
    lingering_logs_.clear();
    logs_.clear();
}

// Closes a handle without a command to the driver, which is told once of the whole client.
void ClientConductor::close_at_end(const Resource& resource) {
    std::visit(Overloaded{
                   [](Publication* publication) { publication->mark_closed(); },
                   [](ExclusivePublication* publication) { publication->mark_closed(); },
                   [this](Subscription* subscription) { close_with_images(*subscription); },
                   [this](Counter* counter) {
                       counter->is_closed_.store(true, std::memory_order_release);
                       if (counter->is_static()) return;
                       const std::int64_t id = counter->registration_id();
                       const std::int32_t counter_id = counter->id();
                       unavailable_counter_handlers_.for_each([&](const CounterHandler& handler) {
                           call_handler([&] { handler(cnc_->counters(), id, counter_id); });
                       });
                   },
               },
               resource);
}

void ClientConductor::on_close() {
    const Lock lock(mutex_);
    if (is_close_done_) return;
    is_close_done_ = true;
    is_terminated_ = true;
    if (termination_reason_.empty()) termination_reason_ = "closed";
    is_closed_.store(true, std::memory_order_release);

    close_resources();
    close_handlers_.for_each(
        [this](const CloseHandler& handler) { call_handler([&] { handler(); }); });

    wire::ClientCommand command;
    command.correlation_id = kNullValue;
    if (!proxy_.send(wire::CommandId::client_close, command)) {
        report(
            Error("the ring to the driver is full: it will notice the close of this client by "
                  "the missing keepalive",
                  error_code::kDriverBufferFull));
    }
}

// ---- Small parts.

void ClientConductor::ensure_open() const {
    if (!is_closed()) return;
    throw ClientClosedException(termination_reason_.empty() || termination_reason_ == "closed"
                                    ? "Aeron client is closed"
                                    : "Aeron client has terminated: " + termination_reason_);
}

void ClientConductor::check_not_in_handler() {
    const Lock lock(mutex_);
    if (handlers_running_ > 0) {
        throw Error("reentrant calls not permitted during callbacks: use the asynchronous forms");
    }
}

std::int64_t ClientConductor::linger_deadline_ns() const {
    return platform_.clock.nano_time() + context_.resource_linger_ns;
}

void ClientConductor::report(const std::exception& error) noexcept {
    ++handlers_running_;
    try {
        if (context_.error_handler) {
            context_.error_handler(error);
        } else {
            print_error(error);
        }
    } catch (const std::exception& in_handler) {
        print_error(in_handler);
    }
    --handlers_running_;
}

std::unique_ptr<platform::IdleStrategy> ClientConductor::make_await_idle() const {
    return context_.await_idle ? nullptr : platform::make_idle_strategy("backoff");
}

void ClientConductor::idle_in_await(platform::IdleStrategy* idle_strategy) {
    int work = 0;
    if (context_.use_conductor_invoker) {
        try {
            work = do_work();
        } catch (const AgentTermination&) {
            ensure_open();  // says why; the invoker closes the agent in its next turn
        }
    }
    if (idle_strategy != nullptr) {
        idle_strategy->idle(work);
    } else {
        context_.await_idle();
    }
}

}  // namespace tern::client
