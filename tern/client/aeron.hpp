#pragma once
// A client of a media driver: where publications, subscriptions and counters come from (CLI-1).
//
//     auto aeron = Aeron::connect(context, platform);
//     auto publication = aeron->add_publication("aeron:ipc", 1001);          // waits
//
//     const auto id = aeron->async_add_subscription("aeron:ipc", 1001);      // does not wait
//     ...
//     if (auto found = aeron->find_subscription(id)) subscription_ = std::move(found);
//
// Two ways to run it (Context::use_conductor_invoker):
//   own thread   the conductor has a thread; everything here may be called from any thread
//   invoker      the owner calls do_work() in its duty cycle; everything here is called from that
//                one thread, and a synchronous call runs the conductor while it waits
// do_work() is harmless in the first case, so components can call it in both.
//
// Registrations: every async_add_* returns a registration id, which find_*() takes. find gives null
// while the driver has not answered, the object once, and throws RegistrationException with the
// driver's code and text when it refused, DriverTimeoutException when it did not answer within the
// driver timeout. After the object or an exception the id is forgotten; an unknown id throws
// InvalidArgument. Ids are handed out by the driver's counter, in order.
//
// Ownership: the objects are the caller's, uniquely, and closed when destroyed. They may outlive
// this one, in which case they are closed: offers give kPublicationClosed, polls give 0. Memory
// that any of them can reach stays mapped as long as it lives.
//
// When the driver dies, gives this client up, or the conductor is not run for too long, the error
// handler is told, everything is closed, and is_closed() becomes true. A client does not reconnect.
//
// Errors: synchronous and async calls on a closed client throw ClientClosedException.
// Spec: chapter 30.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "tern/base/bytes.hpp"
#include "tern/client/context.hpp"
#include "tern/client/counter.hpp"
#include "tern/client/errors.hpp"
#include "tern/client/exclusive_publication.hpp"
#include "tern/client/fragment_assembler.hpp"
#include "tern/client/publication.hpp"
#include "tern/client/subscription.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/platform/agent_runner.hpp"
#include "tern/platform/platform.hpp"

namespace tern::client {

class Aeron {
  public:
    /// Connects to the driver, waiting for it at most for the driver timeout, between looks through
    /// Context::await_idle. Throws DriverTimeoutException naming what was awaited, Error when the
    /// driver's version is not compatible. What `platform` refers to must outlive the client.
    [[nodiscard]] static std::unique_ptr<Aeron> connect(Context context,
                                                        platform::Platform platform);

    /// Closes.
    ~Aeron();
    Aeron(const Aeron&) = delete;
    Aeron& operator=(const Aeron&) = delete;

    /// Stops the conductor, closes every resource, calls the close handlers, tells the driver.
    /// Idempotent; harmless when the driver is dead. Not from a handler of this client: throws.
    void close();
    /// Closed by close() or after a fatal error.
    [[nodiscard]] bool is_closed() const noexcept;

    /// Invoker mode: one duty cycle of the conductor; returns work done. Does nothing when the
    /// conductor has its own thread, and after the end of the client.
    int do_work();

    [[nodiscard]] const Context& context() const noexcept;
    [[nodiscard]] std::int64_t client_id() const noexcept;
    /// Of the driver; valid, though frozen in meaning, until this object is destroyed.
    [[nodiscard]] const memory::CountersReader& counters_reader() const noexcept;
    /// The driver's CnC file: its settings, rings and error log; valid likewise.
    [[nodiscard]] const memory::CncFile& cnc_file() const noexcept;
    /// A fresh id, unique among all clients of the driver.
    [[nodiscard]] std::int64_t next_correlation_id();

    // Publications.
    std::int64_t async_add_publication(std::string_view channel, std::int32_t stream_id);
    std::int64_t async_add_exclusive_publication(std::string_view channel, std::int32_t stream_id);
    [[nodiscard]] std::unique_ptr<Publication> find_publication(std::int64_t registration_id);
    [[nodiscard]] std::unique_ptr<ExclusivePublication> find_exclusive_publication(
        std::int64_t registration_id);
    [[nodiscard]] std::unique_ptr<Publication> add_publication(std::string_view channel,
                                                               std::int32_t stream_id);
    [[nodiscard]] std::unique_ptr<ExclusivePublication> add_exclusive_publication(
        std::string_view channel, std::int32_t stream_id);

    // Subscriptions. Without handlers, those of the context. An available image handler may be
    // called before find_subscription() has handed the subscription over.
    std::int64_t async_add_subscription(std::string_view channel, std::int32_t stream_id);
    std::int64_t async_add_subscription(std::string_view channel, std::int32_t stream_id,
                                        ImageHandlers handlers);
    [[nodiscard]] std::unique_ptr<Subscription> find_subscription(std::int64_t registration_id);
    [[nodiscard]] std::unique_ptr<Subscription> add_subscription(std::string_view channel,
                                                                 std::int32_t stream_id);
    [[nodiscard]] std::unique_ptr<Subscription> add_subscription(std::string_view channel,
                                                                 std::int32_t stream_id,
                                                                 ImageHandlers handlers);

    // Counters. Keys have at most 112 bytes, labels 380; longer ones throw InvalidArgument. A
    // static counter is found or made by type and registration id, and stays when the client goes.
    std::int64_t async_add_counter(std::int32_t type_id, ConstBytes key, std::string_view label);
    std::int64_t async_add_static_counter(std::int32_t type_id, ConstBytes key,
                                          std::string_view label, std::int64_t registration_id);
    [[nodiscard]] std::unique_ptr<Counter> find_counter(std::int64_t registration_id);
    [[nodiscard]] std::unique_ptr<Counter> add_counter(std::int32_t type_id, ConstBytes key,
                                                       std::string_view label);
    [[nodiscard]] std::unique_ptr<Counter> add_static_counter(std::int32_t type_id, ConstBytes key,
                                                              std::string_view label,
                                                              std::int64_t registration_id);

    // A session id that no publication of the stream has at the driver now; not reserved.
    std::int64_t async_next_session_id(std::int32_t stream_id);
    [[nodiscard]] std::optional<std::int32_t> find_next_session_id(std::int64_t correlation_id);
    [[nodiscard]] std::int32_t next_session_id(std::int32_t stream_id);

    /// For destinations and rejects: false while the driver has not answered, true once when it
    /// has agreed; throws as find_* when it refused or did not answer. Nobody has to ask: what was
    /// not asked for within the driver timeout is forgotten, a refusal goes to the error handler.
    [[nodiscard]] bool is_operation_complete(std::int64_t correlation_id);
    /// Gives up something asynchronous that was not found yet: it is removed at the driver, or its
    /// answer is ignored. Harmless on ids that are not known.
    void abandon(std::int64_t id) noexcept;
    /// Whether the driver's answer to a command is due: of an add, a destination, a reject. False
    /// once it has answered, or the driver timeout has passed.
    [[nodiscard]] bool is_command_active(std::int64_t correlation_id);
    /// The same of any command, those that closing has sent included.
    [[nodiscard]] bool has_active_commands();

    // Handlers at run time; the id returned removes them again. Removal is allowed within handlers,
    // and once it returns the handler is not called any more.
    std::int64_t add_available_counter_handler(CounterHandler handler);
    std::int64_t add_unavailable_counter_handler(CounterHandler handler);
    std::int64_t add_close_handler(CloseHandler handler);
    bool remove_available_counter_handler(std::int64_t id);
    bool remove_unavailable_counter_handler(std::int64_t id);
    bool remove_close_handler(std::int64_t id);

  private:
    friend class AsyncConnect;
    Aeron(Context context, platform::Platform platform,
          std::unique_ptr<platform::Mapping> cnc_mapping);

    std::shared_ptr<ClientConductor> conductor_;
    std::unique_ptr<platform::AgentRunner> runner_;  // one of the two
    std::unique_ptr<platform::AgentInvoker> invoker_;
};

/// Connecting without waiting: for agents that start on the thread that also runs the driver.
///
///     if (auto aeron = connecting.poll()) aeron_ = std::move(aeron);
class AsyncConnect {
  public:
    /// Throws ConfigurationError.
    AsyncConnect(Context context, platform::Platform platform);

    /// One step; null until the driver is there. Throws as Aeron::connect; then, or when it has
    /// given the client, this object is used up.
    [[nodiscard]] std::unique_ptr<Aeron> poll();

  private:
    Context context_;
    platform::Platform platform_;
    memory::CncConnector connector_;
};

/// Asks a driver to end; it may refuse, silently. False when there is no driver that could be
/// asked. Throws InvalidArgument when the token is longer than kMaxTerminationTokenLength, Error
/// when the driver's version is not compatible.
inline constexpr std::size_t kMaxTerminationTokenLength = 4096;
bool request_driver_termination(platform::Platform platform, const std::string& aeron_directory,
                                ConstBytes token);

}  // namespace tern::client
