#pragma once
// The built-in `kv` service, with somebody watching: everything that it sees and every state that
// it has is told to an observer outside of the simulated world.
//
// Commands are {i64 client, i64 number, u8 flags} and a command of kv; answers are {i64 client, i64
// number} and kv's answer. Its state is kv's, and a hash of all events that it has seen.
//
// Thread safety: as ClusteredService.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/checkers/exactly_once.hpp"
#include "sim/checkers/service_history.hpp"
#include "tern/cluster/service/clustered_service.hpp"
#include "tern/node/kv_state.hpp"

namespace tern::sim {

/// The service acts on its own, too, when it applies a command.
inline constexpr std::uint8_t kSchedulesTimer = 1;
inline constexpr std::uint8_t kOffersMessage = 2;

struct ObservedCommand {
    CommandId id;
    std::uint8_t flags = 0;
    ConstBytes kv{};
};
[[nodiscard]] std::vector<std::byte> encode(const ObservedCommand& command);
/// nullopt: too short.
[[nodiscard]] std::optional<ObservedCommand> decode_command(ConstBytes bytes);

struct ObservedAnswer {
    CommandId id;
    ConstBytes kv{};
};
[[nodiscard]] std::optional<ObservedAnswer> decode_answer(ConstBytes bytes);

/// The state, apart from who keeps it: also for a model that is fed with a history.
class ObservedState {
  public:
    /// Where kv is applied by somebody else.
    void saw(const ServiceEvent& event);
    void apply(const ServiceEvent& event);
    [[nodiscard]] std::uint64_t hash() const;

    [[nodiscard]] const std::shared_ptr<node::KvState>& kv() const noexcept { return kv_; }
    [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
    void set_events(std::uint64_t events) noexcept { events_ = events; }

  private:
    std::shared_ptr<node::KvState> kv_ = std::make_shared<node::KvState>();
    std::uint64_t events_ = 0;
};

class ServiceObserver {
  public:
    virtual ~ServiceObserver() = default;
    virtual void restored(std::int32_t member, std::int64_t log_position, std::uint64_t hash,
                          const std::vector<std::int64_t>& sessions) = 0;
    /// Before the service does what follows from it.
    virtual void applied(std::int32_t member, const ServiceEvent& event) = 0;
    virtual void expects_timer(std::int64_t id) = 0;
    virtual void expects_message(std::int64_t id) = 0;
    virtual void has_state(std::int32_t member, std::int64_t log_position, std::uint64_t hash) = 0;
    virtual void is_wrong(std::int32_t member, std::string what) = 0;
};

/// `is_alive`: whether what it does has effect; the observer is told nothing of the rest.
[[nodiscard]] std::shared_ptr<cluster::ClusteredService> make_observed_kv_service(
    std::int32_t member, ServiceObserver& observer, std::function<bool()> is_alive);

}  // namespace tern::sim
