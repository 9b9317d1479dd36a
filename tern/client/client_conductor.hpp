#pragma once
// The agent of a client: talks to the driver and changes what the client has (CLI-4 to CLI-6).
//
// For Aeron and the handles; applications use aeron.hpp.
//
// One recursive lock serialises API calls and duty cycles. It is held while handlers run, so that
// no two run at once and a removed handler is not called again; a handler may call whatever does
// not wait. Offers and polls never take it.
//
// Everything a client has is known here by plain pointer; the handle's destructor unregisters it
// under the lock. Life and end, in one place each:
//   do_work()      receive what the driver says, look at timers
//   terminate()    the client cannot go on: everything is closed, the error handler told; the next
//                  do_work() ends the agent
//   on_close()     the close sequence, also after terminate()

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "tern/base/agent.hpp"
#include "tern/client/cnc_mapping.hpp"
#include "tern/client/context.hpp"
#include "tern/client/driver_proxy.hpp"
#include "tern/client/errors.hpp"
#include "tern/client/handler_list.hpp"
#include "tern/client/liveness.hpp"
#include "tern/client/registrations.hpp"
#include "tern/memory/broadcast_receiver.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/wire/responses.hpp"

namespace tern::client {

class ClientConductor final : public Agent, public std::enable_shared_from_this<ClientConductor> {
  public:
    /// `context` is concluded; `cnc` that of a ready driver. Throws ConfigurationError when the
    /// keepalive interval does not fit the driver's client liveness timeout.
    ClientConductor(Context context, platform::Platform platform, std::shared_ptr<CncMapping> cnc);

    // Agent.
    int do_work() override;
    void on_close() override;
    [[nodiscard]] std::string_view role_name() const override { return "aeron-client"; }

    // The API of aeron.hpp.
    [[nodiscard]] const Context& context() const noexcept { return context_; }
    [[nodiscard]] const CncMapping& cnc() const noexcept { return *cnc_; }
    [[nodiscard]] std::int64_t client_id() const noexcept { return proxy_.client_id(); }
    [[nodiscard]] bool is_closed() const noexcept {
        return is_closed_.load(std::memory_order_acquire);
    }
    std::int64_t next_correlation_id();
    std::int64_t async_add_publication(std::string_view channel, std::int32_t stream_id,
                                       RegistrationKind kind);
    std::int64_t async_add_subscription(std::string_view channel, std::int32_t stream_id,
                                        ImageHandlers handlers);
    std::int64_t async_add_counter(std::int32_t type_id, ConstBytes key, std::string_view label,
                                   std::optional<std::int64_t> static_registration_id);
    std::int64_t async_next_session_id(std::int32_t stream_id);
    /// The result of a registration of that kind; monostate while it is awaited. Throws as find_*.
    [[nodiscard]] Registration::Result take_result(std::int64_t id, RegistrationKind kind);
    /// Of a registration that is known: counter or static_counter; counter for all others.
    [[nodiscard]] RegistrationKind counter_kind_of(std::int64_t id);
    [[nodiscard]] bool is_operation_complete(std::int64_t correlation_id);
    void abandon(std::int64_t id) noexcept;
    [[nodiscard]] bool is_command_active(std::int64_t id);
    [[nodiscard]] bool has_active_commands();

    enum class HandlerKind : std::uint8_t { available_counter, unavailable_counter };
    std::int64_t add_counter_handler(HandlerKind kind, CounterHandler handler);
    bool remove_counter_handler(HandlerKind kind, std::int64_t id);
    std::int64_t add_close_handler(CloseHandler handler);
    bool remove_close_handler(std::int64_t id);

    // For the handles.
    void close(PublicationBase& publication, bool revoke) noexcept;
    void close(Subscription& subscription) noexcept;
    void close(Counter& counter) noexcept;
    /// A destination of a publication or subscription, or any other command that is answered with
    /// success or an error. Returns its correlation id.
    template <typename Command>
    std::int64_t start_operation(wire::CommandId id, Command command, std::string what);
    void await_operation(std::int64_t correlation_id);

    /// Calls attempt() until it gives something that is true, idling as the context says and
    /// running the conductor in invoker mode. Throws Error within a handler.
    template <typename Attempt>
    auto await(Attempt&& attempt) {
        check_not_in_handler();
        const auto idle_strategy = make_await_idle();
        for (;;) {
            if (auto result = attempt()) return result;
            idle_in_await(idle_strategy.get());
        }
    }
    /// Throws Error when called from a handler of this client.
    void check_not_in_handler();

  private:
    using Lock = std::scoped_lock<std::recursive_mutex>;
    using Resource = std::variant<Publication*, ExclusivePublication*, Subscription*, Counter*>;
    static constexpr int kEventsPerCycle = 16;

    /// The log of something closed: an offer, a poll or a claim of another thread may be under way.
    struct LingeringLog {
        std::shared_ptr<MappedLog> log;
        std::int64_t deadline_ns;
    };

    /// A remove command for which the ring had no room.
    struct UnsentRemoval {
        wire::CommandId command;
        std::int64_t registration_id;
        bool revoke;
    };

    // Duty cycle.
    int receive_events();
    int check_timers();
    bool check_service_interval(std::int64_t now_ns);
    int check_liveness(std::int64_t now_ns);
    /// Why a driver whose file is missing has ended; nullopt when it lives as far as one can tell.
    [[nodiscard]] std::optional<std::string> driver_end();
    void expire_registrations(std::int64_t now_ns);
    bool expire(std::int64_t id, Registration& registration);
    void send_unsent_removals();

    // What the driver says (client_conductor_events.cpp).
    void on_event(std::int32_t type_id, ConstBytes record);
    void on_error(const wire::ErrorResponse& event);
    void on_channel_endpoint_error(std::int32_t status_id, std::string_view message);
    void on_available_image(const wire::ImageReady& event);
    void on_unavailable_image(const wire::ImageUnavailable& event);
    void on_publication_ready(const wire::PublicationReady& event);
    void on_subscription_ready(const wire::SubscriptionReady& event);
    void on_counter_ready(const wire::CounterUpdate& event);
    void on_static_counter(const wire::CounterUpdate& event);
    void on_unavailable_counter(const wire::CounterUpdate& event);
    void on_operation_success(const wire::OperationSucceeded& event);
    void on_next_session_id(const wire::NextAvailableSessionId& event);
    void on_client_timeout(const wire::ClientTimeout& event);
    void on_publication_error(const wire::PublicationErrorResponse& event);
    void make_publication(Registration& registration, const wire::PublicationReady& event);
    void make_counter(std::int64_t id, Registration& registration, std::int32_t counter_id);
    [[nodiscard]] std::shared_ptr<Image> make_image(const Subscription& subscription,
                                                    const wire::ImageReady& event);
    template <typename Make>
    void complete(std::int64_t id, Registration& registration, Make&& make);
    std::shared_ptr<MappedLog> map_log(std::int64_t registration_id, std::string_view path);

    // Registrations.
    template <typename Command>
    std::int64_t send_add(wire::CommandId id, Command command, Registration registration);
    void fail(Registration& registration, std::int32_t code, std::string text);
    void remove_at_driver(wire::CommandId command, std::int64_t registration_id, bool revoke);
    [[nodiscard]] bool try_remove_at_driver(const UnsentRemoval& removal);
    void undo_at_driver(std::int64_t id, RegistrationKind kind);

    // The end.
    void terminate(const std::exception& reason);
    void close_resources();
    void close_at_end(const Resource& resource);
    void ensure_open() const;

    void close_with_images(Subscription& subscription);
    void linger(std::shared_ptr<MappedLog> log);
    void free_lingering(std::int64_t now_ns);
    [[nodiscard]] std::int64_t linger_deadline_ns() const;
    void report(const std::exception& error) noexcept;
    template <typename Call>
    void call_handler(Call&& call) noexcept;
    template <typename Predicate>
    [[nodiscard]] int count_handles(Predicate&& predicate) const;
    [[nodiscard]] std::unique_ptr<platform::IdleStrategy> make_await_idle() const;
    void idle_in_await(platform::IdleStrategy* idle_strategy);

    const Context context_;
    platform::Platform platform_;
    std::shared_ptr<CncMapping> cnc_;
    std::int64_t inter_service_timeout_ns_;

    std::recursive_mutex mutex_;  // guards all below
    DriverProxy proxy_;
    memory::BroadcastReceiver receiver_;
    DriverLiveness driver_liveness_;
    ClientHeartbeat heartbeat_;
    Registrations registrations_;
    std::map<std::int64_t, Resource> resources_;  // by registration id
    std::map<std::int64_t, std::weak_ptr<MappedLog>> logs_;
    std::deque<LingeringLog> lingering_logs_;  // in the order of their deadlines
    std::deque<UnsentRemoval> unsent_removals_;
    HandlerList<CounterHandler> available_counter_handlers_;
    HandlerList<CounterHandler> unavailable_counter_handlers_;
    HandlerList<CloseHandler> close_handlers_;
    std::int64_t last_service_ns_;
    std::int64_t last_keepalive_ns_;
    int handlers_running_ = 0;
    bool is_terminated_ = false;
    bool is_close_done_ = false;
    std::string termination_reason_;

    std::atomic<bool> is_closed_{false};  // as everybody may see it
};

template <typename Call>
void ClientConductor::call_handler(Call&& call) noexcept {
    ++handlers_running_;
    try {
        call();
    } catch (const std::exception& error) {
        report(error);
    }
    --handlers_running_;
}

template <typename Command>
std::int64_t ClientConductor::start_operation(wire::CommandId id, Command command,
                                              std::string what) {
    Registration registration;
    registration.kind = RegistrationKind::operation;
    registration.what = std::move(what);
    return send_add(id, command, std::move(registration));
}

template <typename Command>
std::int64_t ClientConductor::send_add(wire::CommandId id, Command command,
                                       Registration registration) {
    const Lock lock(mutex_);
    ensure_open();
    const std::int64_t correlation_id = proxy_.next_correlation_id();
    command.correlation_id = correlation_id;
    registration.deadline_ns = platform_.clock.nano_time() + context_.driver_timeout_ns;
    const std::string what = registration.what;
    registrations_.add(correlation_id, std::move(registration));
    bool is_sent = false;
    try {
        is_sent = proxy_.send(id, command);
    } catch (...) {
        registrations_.erase(correlation_id);
        throw;
    }
    if (!is_sent) {
        registrations_.erase(correlation_id);
        throw Error("failed to write command, the ring to the driver is full: " + what,
                    error_code::kDriverBufferFull);
    }
    return correlation_id;
}

}  // namespace tern::client
