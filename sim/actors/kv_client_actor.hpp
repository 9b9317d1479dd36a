#pragma once
// A client of the observed `kv` service: it connects, sends commands, is silent for a while, closes
// its session or abandons it, and connects again. It finds a media driver on its host.

#include <cstdint>
#include <map>
#include <string>

#include "sim/actors/observed_kv_service.hpp"
#include "sim/harness/actor.hpp"
#include "tern/client/aeron.hpp"
#include "tern/cluster/client/async_cluster_client.hpp"

namespace tern::sim {

/// Told what clients do, and what they are answered.
class ClientObserver {
  public:
    virtual ~ClientObserver() = default;
    /// A number for a new session, never used before.
    [[nodiscard]] virtual std::int64_t next_client() = 0;
    /// Before it is sent.
    virtual void calls(CommandId id, node::KvOperation operation, std::string_view key,
                       std::string_view value) = 0;
    virtual void is_answered(CommandId id, node::KvStatus status, std::string_view value) = 0;
};

struct KvClientOptions {
    std::string aeron_directory;
    std::string ingress_endpoints;
    std::string egress_channel;
    std::int64_t new_leader_timeout_ns = 5'000'000'000;
    std::size_t max_unanswered = 4;
    std::int64_t max_pause_ns = 20'000'000;      ///< between two commands
    std::int64_t max_quiet_ns = 15'000'000'000;  ///< now and then, with keep-alives only
    std::int64_t max_session_ns = 20'000'000'000;
    int keys = 16;
    std::int64_t max_value_length = 64;
};

class KvClientActor final : public Actor {
  public:
    KvClientActor(Run& run, virtual_world::Host& host, KvClientOptions options,
                  ClientObserver& observer)
        : Actor(run, host, "client"), options_(std::move(options)), observer_(observer) {}
    ~KvClientActor() override { kill(); }

    /// Answers, over all lives.
    [[nodiscard]] std::int64_t answered() const noexcept { return answered_; }
    /// Sessions that have ended, or could not be made, though it did not want that.
    [[nodiscard]] std::int64_t lost_sessions() const noexcept { return lost_sessions_; }
    /// It keeps its session and sends nothing but keep-alives.
    void set_quiet(bool is_quiet) noexcept { is_quiet_ = is_quiet; }

  private:
    struct Session;

    void live(platform::Platform platform) override;
    void play(platform::Platform platform);
    void play_session(client::Aeron& aeron, platform::Platform platform);
    void leave(Session& session);
    void step(Session& session);
    int send(Session& session);
    void draw_command(Session& session);
    [[nodiscard]] bool is_time_to_send(Session& session);
    void on_answer(Session& session, ConstBytes payload);
    [[nodiscard]] std::string draw_value(CommandId id);
    [[nodiscard]] std::int64_t draw(std::int64_t min, std::int64_t max) {
        return the_run().prng().between({min, max});
    }

    KvClientOptions options_;
    ClientObserver& observer_;
    std::int64_t answered_ = 0;
    std::int64_t lost_sessions_ = 0;
    bool is_quiet_ = false;
};

}  // namespace tern::sim
