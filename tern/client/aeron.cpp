#include "tern/client/aeron.hpp"

#include <fmt/format.h>

#include <utility>

#include "tern/client/client_conductor.hpp"
#include "tern/memory/many_to_one_ring_buffer.hpp"
#include "tern/wire/commands.hpp"

namespace tern::client {

namespace {

[[nodiscard]] Context concluded(Context context, platform::Platform platform) {
    context.conclude(platform);
    return context;
}

[[nodiscard]] ErrorHandler error_handler_of(const Context& context) {
    return context.error_handler ? context.error_handler : [](const std::exception&) {};
}

/// The result of a registration, as a handle; null while it is awaited.
template <typename Handle>
[[nodiscard]] std::unique_ptr<Handle> find_handle(ClientConductor& conductor, std::int64_t id,
                                                  RegistrationKind kind) {
    auto result = conductor.take_result(id, kind);
    auto* handle = std::get_if<std::unique_ptr<Handle>>(&result);
    return handle != nullptr ? std::move(*handle) : nullptr;
}

/// Waits for what `find` gives; whatever ends the wait otherwise gives the registration up.
template <typename Find>
auto await_registration(ClientConductor& conductor, std::int64_t id, Find&& find) {
    try {
        return conductor.await([&] { return find(id); });
    } catch (...) {
        conductor.abandon(id);
        throw;
    }
}

}  // namespace

// ---- Life and end.

Aeron::Aeron(Context context, platform::Platform platform,
             std::unique_ptr<platform::Mapping> cnc_mapping)
    : conductor_(std::make_shared<ClientConductor>(
          std::move(context), platform, std::make_shared<CncMapping>(std::move(cnc_mapping)))) {
    const Context& ours = conductor_->context();
    if (ours.use_conductor_invoker) {
        invoker_ = std::make_unique<platform::AgentInvoker>(*conductor_, error_handler_of(ours));
        invoker_->start();
    } else {
        runner_ = std::make_unique<platform::AgentRunner>(
            *conductor_,
            platform::make_idle_strategy(ours.idle_strategy, ours.idle_strategy_options),
            error_handler_of(ours));
        runner_->start();
    }
}

std::unique_ptr<Aeron> Aeron::connect(Context context, platform::Platform platform) {
    const auto await_idle = context.await_idle;
    const auto idle_strategy = platform::make_idle_strategy("sleep-ns");
    AsyncConnect connecting(std::move(context), platform);
    for (;;) {
        if (auto aeron = connecting.poll()) return aeron;
        await_idle ? await_idle() : idle_strategy->idle(0);
    }
}

Aeron::~Aeron() { close(); }

void Aeron::close() {
    conductor_->check_not_in_handler();
    if (runner_) runner_->close();
    if (invoker_) invoker_->close();
}

bool Aeron::is_closed() const noexcept { return conductor_->is_closed(); }

int Aeron::do_work() { return invoker_ ? invoker_->invoke() : 0; }

const Context& Aeron::context() const noexcept { return conductor_->context(); }

std::int64_t Aeron::client_id() const noexcept { return conductor_->client_id(); }

const memory::CountersReader& Aeron::counters_reader() const noexcept {
    return conductor_->cnc().counters();
}

const memory::CncFile& Aeron::cnc_file() const noexcept { return conductor_->cnc().file(); }

std::int64_t Aeron::next_correlation_id() { return conductor_->next_correlation_id(); }

// ---- Publications.

std::int64_t Aeron::async_add_publication(std::string_view channel, std::int32_t stream_id) {
    return conductor_->async_add_publication(channel, stream_id, RegistrationKind::publication);
}

std::int64_t Aeron::async_add_exclusive_publication(std::string_view channel,
                                                    std::int32_t stream_id) {
    return conductor_->async_add_publication(channel, stream_id,
                                             RegistrationKind::exclusive_publication);
}

std::unique_ptr<Publication> Aeron::find_publication(std::int64_t registration_id) {
    return find_handle<Publication>(*conductor_, registration_id, RegistrationKind::publication);
}

std::unique_ptr<ExclusivePublication> Aeron::find_exclusive_publication(
    std::int64_t registration_id) {
    return find_handle<ExclusivePublication>(*conductor_, registration_id,
                                             RegistrationKind::exclusive_publication);
}

std::unique_ptr<Publication> Aeron::add_publication(std::string_view channel,
                                                    std::int32_t stream_id) {
    conductor_->check_not_in_handler();
    return await_registration(*conductor_, async_add_publication(channel, stream_id),
                              [this](std::int64_t id) { return find_publication(id); });
}

std::unique_ptr<ExclusivePublication> Aeron::add_exclusive_publication(std::string_view channel,
                                                                       std::int32_t stream_id) {
    conductor_->check_not_in_handler();
    return await_registration(*conductor_, async_add_exclusive_publication(channel, stream_id),
                              [this](std::int64_t id) { return find_exclusive_publication(id); });
}

// ---- Subscriptions.

std::int64_t Aeron::async_add_subscription(std::string_view channel, std::int32_t stream_id) {
    const Context& ours = context();
    return async_add_subscription(
        channel, stream_id,
        {.available = ours.available_image_handler, .unavailable = ours.unavailable_image_handler});
}

std::int64_t Aeron::async_add_subscription(std::string_view channel, std::int32_t stream_id,
                                           ImageHandlers handlers) {
    return conductor_->async_add_subscription(channel, stream_id, std::move(handlers));
}

std::unique_ptr<Subscription> Aeron::find_subscription(std::int64_t registration_id) {
    return find_handle<Subscription>(*conductor_, registration_id, RegistrationKind::subscription);
}

std::unique_ptr<Subscription> Aeron::add_subscription(std::string_view channel,
                                                      std::int32_t stream_id) {
    conductor_->check_not_in_handler();
    return await_registration(*conductor_, async_add_subscription(channel, stream_id),
                              [this](std::int64_t id) { return find_subscription(id); });
}

std::unique_ptr<Subscription> Aeron::add_subscription(std::string_view channel,
                                                      std::int32_t stream_id,
                                                      ImageHandlers handlers) {
    conductor_->check_not_in_handler();
    return await_registration(*conductor_,
                              async_add_subscription(channel, stream_id, std::move(handlers)),
                              [this](std::int64_t id) { return find_subscription(id); });
}

// ---- Counters.

std::int64_t Aeron::async_add_counter(std::int32_t type_id, ConstBytes key,
                                      std::string_view label) {
    return conductor_->async_add_counter(type_id, key, label, std::nullopt);
}

std::int64_t Aeron::async_add_static_counter(std::int32_t type_id, ConstBytes key,
                                             std::string_view label, std::int64_t registration_id) {
    return conductor_->async_add_counter(type_id, key, label, registration_id);
}

std::unique_ptr<Counter> Aeron::find_counter(std::int64_t registration_id) {
    return find_handle<Counter>(*conductor_, registration_id,
                                conductor_->counter_kind_of(registration_id));
}

std::unique_ptr<Counter> Aeron::add_counter(std::int32_t type_id, ConstBytes key,
                                            std::string_view label) {
    conductor_->check_not_in_handler();
    return await_registration(*conductor_, async_add_counter(type_id, key, label),
                              [this](std::int64_t id) { return find_counter(id); });
}

std::unique_ptr<Counter> Aeron::add_static_counter(std::int32_t type_id, ConstBytes key,
                                                   std::string_view label,
                                                   std::int64_t registration_id) {
    conductor_->check_not_in_handler();
    return await_registration(*conductor_,
                              async_add_static_counter(type_id, key, label, registration_id),
                              [this](std::int64_t id) { return find_counter(id); });
}

// ---- Session ids, operations.

std::int64_t Aeron::async_next_session_id(std::int32_t stream_id) {
    return conductor_->async_next_session_id(stream_id);
}

std::optional<std::int32_t> Aeron::find_next_session_id(std::int64_t correlation_id) {
    const auto result = conductor_->take_result(correlation_id, RegistrationKind::session_id);
    const auto* session_id = std::get_if<std::int32_t>(&result);
    return session_id != nullptr ? std::optional(*session_id) : std::nullopt;
}

std::int32_t Aeron::next_session_id(std::int32_t stream_id) {
    conductor_->check_not_in_handler();
    return *await_registration(*conductor_, async_next_session_id(stream_id),
                               [this](std::int64_t id) { return find_next_session_id(id); });
}

bool Aeron::is_operation_complete(std::int64_t correlation_id) {
    return conductor_->is_operation_complete(correlation_id);
}

void Aeron::abandon(std::int64_t id) noexcept { conductor_->abandon(id); }

bool Aeron::is_command_active(std::int64_t correlation_id) {
    return conductor_->is_command_active(correlation_id);
}

bool Aeron::has_active_commands() { return conductor_->has_active_commands(); }

// ---- Handlers.

std::int64_t Aeron::add_available_counter_handler(CounterHandler handler) {
    return conductor_->add_counter_handler(ClientConductor::HandlerKind::available_counter,
                                           std::move(handler));
}

std::int64_t Aeron::add_unavailable_counter_handler(CounterHandler handler) {
    return conductor_->add_counter_handler(ClientConductor::HandlerKind::unavailable_counter,
                                           std::move(handler));
}

std::int64_t Aeron::add_close_handler(CloseHandler handler) {
    return conductor_->add_close_handler(std::move(handler));
}

bool Aeron::remove_available_counter_handler(std::int64_t id) {
    return conductor_->remove_counter_handler(ClientConductor::HandlerKind::available_counter, id);
}

bool Aeron::remove_unavailable_counter_handler(std::int64_t id) {
    return conductor_->remove_counter_handler(ClientConductor::HandlerKind::unavailable_counter,
                                              id);
}

bool Aeron::remove_close_handler(std::int64_t id) { return conductor_->remove_close_handler(id); }

// ---- Connecting.

AsyncConnect::AsyncConnect(Context context, platform::Platform platform)
    : context_(concluded(std::move(context), platform)),
      platform_(platform),
      connector_(platform.storage, platform.clock, context_.aeron_directory,
                 context_.driver_timeout_ns / kNanosPerMilli) {}

std::unique_ptr<Aeron> AsyncConnect::poll() {
    try {
        if (connector_.try_step() != memory::CncConnector::Step::connected) return nullptr;
    } catch (const TimeoutError& error) {
        throw DriverTimeoutException(error.what());
    }
    // The constructor is private, so not std::make_unique.
    return std::unique_ptr<Aeron>(
        new Aeron(std::move(context_), platform_, connector_.take_mapping()));
}

bool request_driver_termination(platform::Platform platform, const std::string& aeron_directory,
                                ConstBytes token) {
    if (token.size() > kMaxTerminationTokenLength) {
        throw InvalidArgument(fmt::format("Token too long: {}", token.size()));
    }
    const std::string path = platform::join_path(aeron_directory, memory::kCncFileName);
    if (!platform.storage.exists(path)) return false;
    const auto mapping = platform.storage.open_mapped(path, platform::Access::read_write);
    if (mapping->size() < memory::kCncHeaderLength) return false;
    const memory::CncFile file(mapping->bytes());
    if (file.version() == 0) return false;
    memory::check_cnc_version(file.version(), path);
    memory::ManyToOneRingBuffer ring(file.to_driver());
    wire::TerminateDriver command;
    command.client_id = ring.next_correlation_id();
    command.token = token;
    auto claim = ring.try_claim(static_cast<std::int32_t>(wire::CommandId::terminate_driver),
                                command.encoded_length());
    if (!claim) return false;
    static_cast<void>(command.encode(claim->payload()));
    claim->commit();
    return true;
}

}  // namespace tern::client
