#pragma once
// A driver for tests of what is built on the client: owns a CnC file in a scratch directory and
// answers commands, by hand or, with serve(), as a driver that knows IPC only. No agent, no clock
// of its own: time and turns are the test's.
//
// Publications and subscriptions match by stream id alone. A publication's limit is set once, far
// away; terms are not cleaned, so a test has three of them to fill.
//
// Thread safety: one thread at a time.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tern/logbuffer/log_buffers.hpp"
#include "tern/memory/broadcast_transmitter.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/counters.hpp"
#include "tern/memory/many_to_one_ring_buffer.hpp"
#include "tern/platform/platform.hpp"
#include "tern/wire/commands.hpp"
#include "tern/wire/responses.hpp"

namespace tern::client::testing {

/// Time that moves when it is told to.
class ManualClock final : public platform::Clock {
  public:
    [[nodiscard]] std::int64_t nano_time() const noexcept override { return nano_time_; }
    [[nodiscard]] std::int64_t epoch_ns() const noexcept override { return epoch_ns_; }
    void advance(std::int64_t by_ns) noexcept {
        nano_time_ += by_ns;
        epoch_ns_ += by_ns;
    }
    void step_wall_clock(std::int64_t by_ns) noexcept { epoch_ns_ += by_ns; }

  private:
    std::int64_t nano_time_ = 1'000'000'000;
    std::int64_t epoch_ns_ = 1'700'000'000'000'000'000;
};

class FakeDriver {
  public:
    static constexpr std::int32_t kTermLength = logbuffer::kTermMinLength;
    static constexpr std::int32_t kMtuLength = 1408;
    static constexpr std::int64_t kFarAway = 1LL << 40;

    struct Command {
        wire::CommandId id;
        std::vector<std::byte> bytes;
        template <typename T>
        [[nodiscard]] T as() const {
            return T::decode(bytes).value();
        }
    };

    explicit FakeDriver(platform::Platform platform)
        : platform_(platform),
          directory_(fmt::format("/dev/shm/tern-fake-driver-{}-{:016x}",
                                 platform.system.process_id(), platform.random.next_u64())) {
        platform_.storage.create_directories(directory_, platform::Visibility::owner_only);
        memory::CncHeader header;
        header.counters_values_length = 1 << 20;
        header.to_driver_length = (1 << 16) + 768;
        header.to_clients_length = (1 << 16) + 128;
        mapping_ = memory::create_cnc_file(platform_.storage, directory_, header);
        file_.emplace(mapping_->bytes());
        ring_.emplace(file_->to_driver());
        transmitter_.emplace(file_->to_clients());
        counters_.emplace(file_->counters_metadata(), file_->counters_values(), platform_.clock, 0);
        static_cast<void>(ring_->next_correlation_id());  // ids start at 1
        heartbeat();
        file_->signal_ready();
    }
    ~FakeDriver() { platform_.storage.remove_all(directory_); }
    FakeDriver(const FakeDriver&) = delete;
    FakeDriver& operator=(const FakeDriver&) = delete;

    [[nodiscard]] const std::string& aeron_directory() const noexcept { return directory_; }
    [[nodiscard]] memory::CountersManager& counters() noexcept { return *counters_; }
    [[nodiscard]] memory::ManyToOneRingBuffer& ring() noexcept { return *ring_; }
    [[nodiscard]] memory::BroadcastTransmitter& transmitter() noexcept { return *transmitter_; }

    void heartbeat() { ring_->set_consumer_heartbeat_ms(platform_.clock.epoch_ms()); }
    /// Another driver has begun in the directory; this one did not say goodbye.
    void be_replaced() {
        platform_.storage.remove_all(directory_);
        platform_.storage.create_directories(directory_, platform::Visibility::owner_only);
        memory::CncHeader header;
        header.pid = 1;
        static_cast<void>(memory::create_cnc_file(platform_.storage, directory_, header));
    }
    void say_goodbye() { ring_->set_consumer_heartbeat_ms(-1); }

    /// The next command waiting, of those that serve() has not answered.
    [[nodiscard]] std::optional<Command> next_command() {
        std::optional<Command> command;
        ring_->read(
            [&](std::int32_t id, ConstBytes bytes) {
                command = Command{static_cast<wire::CommandId>(id), {bytes.begin(), bytes.end()}};
            },
            1);
        return command;
    }

    template <typename Response>
    void send(wire::ResponseId id, const Response& response) {
        std::vector<std::byte> bytes(response.encoded_length());
        static_cast<void>(response.encode(bytes));
        transmitter_->transmit(static_cast<std::int32_t>(id), bytes);
    }
    void send_error(std::int64_t correlation_id, wire::ErrorCode code, std::string_view message) {
        send(wire::ResponseId::on_error,
             wire::ErrorResponse{correlation_id, static_cast<std::int32_t>(code), message});
    }
    void send_success(std::int64_t correlation_id) {
        send(wire::ResponseId::on_operation_success, wire::OperationSucceeded{correlation_id});
    }

    /// Makes a log buffer file; returns its path. The mapping is kept.
    std::string create_log(std::int64_t id, std::int32_t session_id, std::int32_t stream_id,
                           logbuffer::LogType type) {
        const std::string path = log_path(id);
        auto mapping = platform_.storage.create_mapped(
            path, logbuffer::log_file_length(kTermLength, 4096), {});
        logbuffer::LogParameters parameters;
        parameters.type = type;
        parameters.correlation_id = id;
        parameters.session_id = session_id;
        parameters.stream_id = stream_id;
        parameters.initial_term_id = 7;
        parameters.start_term_id = 7;
        parameters.term_length = kTermLength;
        parameters.mtu_length = kMtuLength;
        static_cast<void>(logbuffer::LogBuffers::initialise(mapping->bytes(), parameters));
        logs_[id] = std::move(mapping);
        return path;
    }
    [[nodiscard]] logbuffer::LogBuffers log(std::int64_t id) {
        return logbuffer::LogBuffers(logs_.at(id)->bytes());
    }
    [[nodiscard]] std::string log_path(std::int64_t id) const {
        return platform::join_path(directory_, fmt::format("{}.logbuffer", id));
    }

    /// Answers the commands waiting; returns how many.
    int serve() {
        int served = 0;
        while (auto command = next_command()) {
            serve(*command);
            ++served;
        }
        return served;
    }
    void serve(const Command& command);

    /// Commands of each kind that serve() has answered.
    [[nodiscard]] int served(wire::CommandId id) const {
        const auto found = served_.find(id);
        return found == served_.end() ? 0 : found->second;
    }

    /// Takes an image from a subscription, as when its source has gone.
    void send_unavailable_image(std::int64_t image_id, std::int64_t subscription_id) {
        send(wire::ResponseId::on_unavailable_image,
             wire::ImageUnavailable{image_id, subscription_id, 0, "aeron:ipc"});
    }
    /// Gives a subscription an image of a publication.
    void send_available_image(std::int64_t publication_id, std::int64_t subscription_id);

    struct PublicationState {
        std::int32_t session_id = 0;
        std::int32_t stream_id = 0;
        std::string channel;
        bool is_exclusive = false;
        memory::Counter limit;
        std::vector<std::int64_t> handles;  ///< registration ids
    };
    /// By original registration id.
    [[nodiscard]] const std::map<std::int64_t, PublicationState>& publications() const {
        return publications_;
    }
    /// Stream id by registration id.
    [[nodiscard]] const std::map<std::int64_t, std::int32_t>& subscriptions() const {
        return subscriptions_;
    }

  private:
    void on_add_publication(const wire::AddPublication& command, bool is_exclusive);
    void on_remove_publication(std::int64_t registration_id);
    void on_add_subscription(const wire::AddSubscription& command);
    void on_add_counter(const wire::AddCounter& command);
    void on_add_static_counter(const wire::AddStaticCounter& command);
    void on_remove_counter(std::int64_t registration_id);
    void note_client(std::int64_t client_id);

    platform::Platform platform_;
    std::string directory_;
    std::unique_ptr<platform::Mapping> mapping_;
    std::optional<memory::CncFile> file_;
    std::optional<memory::ManyToOneRingBuffer> ring_;
    std::optional<memory::BroadcastTransmitter> transmitter_;
    std::optional<memory::CountersManager> counters_;
    std::map<std::int64_t, std::unique_ptr<platform::Mapping>> logs_;
    std::map<std::int64_t, PublicationState> publications_;
    std::map<std::int64_t, std::int32_t> subscriptions_;
    std::map<std::int64_t, std::int32_t> counter_ids_;  // by registration id; clients' too
    std::map<wire::CommandId, int> served_;
    std::int32_t next_session_id_ = 100;
};

inline void FakeDriver::serve(const Command& command) {
    using wire::CommandId;
    ++served_[command.id];
    const auto base = command.as<wire::ClientCommand>();
    if (command.id == CommandId::client_close) return;
    note_client(base.client_id);
    switch (command.id) {
        case CommandId::add_publication:
            return on_add_publication(command.as<wire::AddPublication>(), false);
        case CommandId::add_exclusive_publication:
            return on_add_publication(command.as<wire::AddPublication>(), true);
        case CommandId::add_subscription:
            return on_add_subscription(command.as<wire::AddSubscription>());
        case CommandId::add_counter:
            return on_add_counter(command.as<wire::AddCounter>());
        case CommandId::add_static_counter:
            return on_add_static_counter(command.as<wire::AddStaticCounter>());
        case CommandId::get_next_available_session_id:
            return send(wire::ResponseId::on_next_available_session_id,
                        wire::NextAvailableSessionId{base.correlation_id, ++next_session_id_});
        case CommandId::remove_publication:
            send_success(base.correlation_id);
            return on_remove_publication(command.as<wire::RemovePublication>().registration_id);
        case CommandId::remove_subscription:
            subscriptions_.erase(command.as<wire::RemoveResource>().registration_id);
            return send_success(base.correlation_id);
        case CommandId::remove_counter:
            send_success(base.correlation_id);
            return on_remove_counter(command.as<wire::RemoveResource>().registration_id);
        default:
            return send_success(base.correlation_id);
    }
}

inline void FakeDriver::note_client(std::int64_t client_id) {
    if (counter_ids_.contains(client_id)) return;
    const auto counter =
        counters_->allocate({.type_id = memory::counter_type::kClientHeartbeat,
                             .key = memory::i64_key(client_id).bytes(),
                             .label = fmt::format("client-heartbeat: id={}", client_id),
                             .registration_id = client_id,
                             .owner_id = client_id});
    counter_ids_[client_id] = counter.id();
    send(wire::ResponseId::on_counter_ready, wire::CounterUpdate{client_id, counter.id()});
}

inline void FakeDriver::on_add_publication(const wire::AddPublication& command, bool is_exclusive) {
    const auto shared = std::ranges::find_if(publications_, [&](const auto& entry) {
        return !is_exclusive && !entry.second.is_exclusive &&
               entry.second.stream_id == command.stream_id;
    });
    const bool is_new = shared == publications_.end();
    const std::int64_t id = is_new ? command.correlation_id : shared->first;
    PublicationState& state = publications_[id];
    if (is_new) {
        state.session_id = ++next_session_id_;
        state.stream_id = command.stream_id;
        state.channel = command.channel;
        state.is_exclusive = is_exclusive;
        state.limit = counters_->allocate({.type_id = memory::counter_type::kPublisherLimit,
                                           .label = "pub-lmt",
                                           .registration_id = id});
        state.limit.set(kFarAway);
        create_log(id, state.session_id, state.stream_id,
                   is_exclusive ? logbuffer::LogType::exclusive_publication
                                : logbuffer::LogType::concurrent_publication);
    }
    state.handles.push_back(command.correlation_id);
    send(is_exclusive ? wire::ResponseId::on_exclusive_publication_ready
                      : wire::ResponseId::on_publication_ready,
         wire::PublicationReady{command.correlation_id, id, state.session_id, state.stream_id,
                                state.limit.id(), -1, log_path(id)});
    if (!is_new) return;
    for (const auto& [subscription, stream_id] : subscriptions_) {
        if (stream_id == state.stream_id) send_available_image(id, subscription);
    }
}

inline void FakeDriver::on_remove_publication(std::int64_t registration_id) {
    for (auto& [id, state] : publications_) {
        if (std::erase(state.handles, registration_id) == 0) continue;
        if (!state.handles.empty()) return;
        for (const auto& [subscription, stream_id] : subscriptions_) {
            if (stream_id == state.stream_id) send_unavailable_image(id, subscription);
        }
        counters_->free(state.limit);
        const std::int64_t gone = id;
        platform_.storage.remove(log_path(gone));
        logs_.erase(gone);
        publications_.erase(gone);
        return;
    }
}

inline void FakeDriver::on_add_subscription(const wire::AddSubscription& command) {
    subscriptions_[command.correlation_id] = command.stream_id;
    send(wire::ResponseId::on_subscription_ready,
         wire::SubscriptionReady{command.correlation_id, -1});
    for (const auto& [id, state] : publications_) {
        if (state.stream_id == command.stream_id) send_available_image(id, command.correlation_id);
    }
}

inline void FakeDriver::send_available_image(std::int64_t publication_id,
                                             std::int64_t subscription_id) {
    const PublicationState& state = publications_.at(publication_id);
    const auto position = counters_->allocate({.type_id = memory::counter_type::kSubscriberPosition,
                                               .label = "sub-pos",
                                               .registration_id = subscription_id});
    position.set(log(publication_id).producer_position());
    send(wire::ResponseId::on_available_image,
         wire::ImageReady{publication_id, state.session_id, state.stream_id, subscription_id,
                          position.id(), log_path(publication_id), "aeron:ipc"});
}

inline void FakeDriver::on_add_counter(const wire::AddCounter& command) {
    const auto counter = counters_->allocate({.type_id = command.type_id,
                                              .key = command.key,
                                              .label = command.label,
                                              .registration_id = command.correlation_id,
                                              .owner_id = command.client_id});
    counter_ids_[command.correlation_id] = counter.id();
    send(wire::ResponseId::on_counter_ready,
         wire::CounterUpdate{command.correlation_id, counter.id()});
}

inline void FakeDriver::on_add_static_counter(const wire::AddStaticCounter& command) {
    std::int32_t id = counters_->find(command.type_id, command.registration_id);
    if (id == memory::kNullCounterId) {
        id = counters_
                 ->allocate({.type_id = command.type_id,
                             .key = command.key,
                             .label = command.label,
                             .registration_id = command.registration_id,
                             .owner_id = -1})
                 .id();
    }
    send(wire::ResponseId::on_static_counter, wire::CounterUpdate{command.correlation_id, id});
}

inline void FakeDriver::on_remove_counter(std::int64_t registration_id) {
    const auto found = counter_ids_.find(registration_id);
    if (found == counter_ids_.end()) return;
    static_cast<void>(counters_->free(found->second));
    send(wire::ResponseId::on_unavailable_counter,
         wire::CounterUpdate{registration_id, found->second});
    counter_ids_.erase(found);
}

}  // namespace tern::client::testing
