#pragma once
// Whole drivers on one fake network, in manual time, all on one thread; clients that are nothing
// but commands and responses.

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tern/driver/media_driver.hpp"
#include "tern/driver/testing/data_path.hpp"
#include "tern/memory/broadcast_receiver.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/memory/many_to_one_ring_buffer.hpp"
#include "tern/wire/commands.hpp"
#include "tern/wire/error_codes.hpp"
#include "tern/wire/responses.hpp"

namespace tern::driver::testing {

struct Response {
    wire::ResponseId id;
    std::vector<std::byte> bytes;
    template <typename T>
    [[nodiscard]] T as() const {
        return T::decode(bytes).value();
    }
};

/// A driver in a scratch directory, with what its clients see of it.
class TestDriver {
  public:
    TestDriver(platform::Platform platform, DriverContext context)
        : platform_(platform),
          directory_(fmt::format("/dev/shm/tern-test-driver-{}-{:016x}",
                                 platform.system.process_id(), platform.random.next_u64())) {
        context.aeron_directory = directory_;
        context.threading_mode = ThreadingMode::invoker;
        driver_ = MediaDriver::launch(std::move(context), platform_);
        mapping_ =
            platform_.storage.open_mapped(directory_ + "/cnc.dat", platform::Access::read_write);
        cnc_.emplace(mapping_->bytes());
        ring_.emplace(cnc_->to_driver());
        receiver_.emplace(cnc_->to_clients());
    }
    ~TestDriver() {
        driver_.reset();
        platform_.storage.remove_all(directory_);
    }
    TestDriver(const TestDriver&) = delete;
    TestDriver& operator=(const TestDriver&) = delete;

    void invoke() {
        driver_->invoke();
        while (receiver_->receive([this](std::int32_t type, ConstBytes bytes) {
            responses.push_back(
                {static_cast<wire::ResponseId>(type), {bytes.begin(), bytes.end()}});
        }) == memory::BroadcastResult::received) {
        }
    }

    /// Sends the command under a new correlation id, which is returned.
    template <typename Command>
    std::int64_t send(wire::CommandId id, Command command) {
        command.client_id = client_id;
        command.correlation_id = ring_->next_correlation_id();
        send_raw(static_cast<std::int32_t>(id), encoded(command));
        return command.correlation_id;
    }
    void send_raw(std::int32_t type_id, ConstBytes bytes) {
        while (!ring_->write(type_id, bytes)) invoke();
    }
    template <typename Command>
    [[nodiscard]] static std::vector<std::byte> encoded(const Command& command) {
        std::vector<std::byte> bytes(command.encoded_length());
        bytes.resize(command.encode(bytes));
        return bytes;
    }

    std::int64_t add_publication(std::string_view channel, std::int32_t stream = kStreamId,
                                 bool is_exclusive = false) {
        return send(is_exclusive ? wire::CommandId::add_exclusive_publication
                                 : wire::CommandId::add_publication,
                    wire::AddPublication{.stream_id = stream, .channel = channel});
    }
    std::int64_t add_subscription(std::string_view channel, std::int32_t stream = kStreamId) {
        return send(wire::CommandId::add_subscription,
                    wire::AddSubscription{.stream_id = stream, .channel = channel});
    }
    std::int64_t change_destination(wire::CommandId id, std::int64_t registration_id,
                                    std::string_view channel) {
        return send(
            id, wire::DestinationCommand{.registration_id = registration_id, .channel = channel});
    }
    std::int64_t remove(wire::CommandId id, std::int64_t registration_id) {
        if (id == wire::CommandId::remove_publication) {
            return send(id, wire::RemovePublication{.registration_id = registration_id});
        }
        return send(id, wire::RemoveResource{.registration_id = registration_id});
    }
    void keep_alive() {
        send_raw(static_cast<std::int32_t>(wire::CommandId::client_keepalive),
                 encoded(wire::ClientCommand{.client_id = client_id}));
    }

    /// The first response of that kind since the responses were cleared.
    [[nodiscard]] const Response* find(wire::ResponseId id) const {
        for (const Response& response : responses) {
            if (response.id == id) return &response;
        }
        return nullptr;
    }
    [[nodiscard]] std::size_t count(wire::ResponseId id) const {
        std::size_t count = 0;
        for (const Response& response : responses) count += response.id == id ? 1U : 0U;
        return count;
    }
    /// The error that answers the command.
    [[nodiscard]] std::optional<wire::ErrorResponse> error_for(std::int64_t correlation_id) const {
        for (const Response& response : responses) {
            if (response.id != wire::ResponseId::on_error) continue;
            const auto error = response.as<wire::ErrorResponse>();
            if (error.offending_correlation_id == correlation_id) return error;
        }
        return std::nullopt;
    }

    [[nodiscard]] memory::CountersReader counters() const { return cnc_->counters(); }
    [[nodiscard]] std::size_t counter_count() const {
        std::size_t count = 0;
        counters().for_each([&](std::int32_t) { ++count; });
        return count;
    }
    /// Of the first counter whose label begins so.
    [[nodiscard]] std::optional<std::int32_t> counter_labelled(std::string_view label) const {
        std::optional<std::int32_t> found;
        counters().for_each([&](std::int32_t id) {
            if (!found && counters().label(id).starts_with(label)) found = id;
        });
        return found;
    }
    [[nodiscard]] std::int64_t operator[](memory::SystemCounter counter) const {
        return counters().value(static_cast<std::int32_t>(counter));
    }
    void set_counter(std::int32_t id, std::int64_t value) {
        memory::Counter(cnc_->counters_values(), id).set(value);
    }
    [[nodiscard]] std::string error_log() const {
        std::string text;
        memory::for_each_error(cnc_->error_log(), 0, [&](const auto& entry) {
            text += entry.text;
            text += '\n';
        });
        return text;
    }
    [[nodiscard]] std::size_t log_count() const {
        return platform_.storage.list(directory_ + "/publications").size() +
               platform_.storage.list(directory_ + "/images").size();
    }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

    std::vector<Response> responses;
    std::int64_t client_id = 1'000'000;

  private:
    platform::Platform platform_;
    std::string directory_;
    std::unique_ptr<MediaDriver> driver_;
    std::unique_ptr<platform::Mapping> mapping_;
    std::optional<memory::CncFile> cnc_;
    std::optional<memory::ManyToOneRingBuffer> ring_;
    std::optional<memory::BroadcastReceiver> receiver_;
};

struct DriverWorld {
    ManualClock clock;
    FakeNetwork network;
    platform::Platform real = platform::posix::make_platform();
    platform::Platform platform{clock, network, real.storage, real.random, real.system};
    std::vector<std::unique_ptr<TestDriver>> drivers;

    DriverWorld() { network.keep_sent = false; }

    /// Small, and with no client that has to keep alive unless the test says so.
    [[nodiscard]] static DriverContext small_context() {
        DriverContext context;
        context.term_buffer_length = 64 * 1024;
        context.ipc_term_buffer_length = 64 * 1024;
        context.counters_values_buffer_length = 1 << 20;
        context.perform_storage_checks = false;
        context.client_liveness_timeout_ns = 3'000'000'000'000;
        context.publication_unblock_timeout_ns = 4'000'000'000'000;
        return context;
    }
    TestDriver& start(DriverContext context = small_context()) {
        drivers.push_back(std::make_unique<TestDriver>(platform, std::move(context)));
        return *drivers.back();
    }

    /// One duty cycle of each, and a millisecond.
    void cycle(std::int64_t step_ns = kMs) {
        clock.now_ns += step_ns;
        for (const auto& driver : drivers) driver->invoke();
    }
    void pass(std::int64_t duration_ns, std::int64_t step_ns = 10 * kMs) {
        for (std::int64_t passed = 0; passed < duration_ns; passed += step_ns) cycle(step_ns);
    }
    template <typename Condition>
    [[nodiscard]] bool run_until(Condition&& condition, std::int64_t within_ns = 10'000 * kMs) {
        for (std::int64_t passed = 0; passed < within_ns; passed += kMs) {
            if (condition()) return true;
            cycle();
        }
        return condition();
    }
};

}  // namespace tern::driver::testing
