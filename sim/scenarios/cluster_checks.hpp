#pragma once
// All checkers of the cluster scenario behind what its actors tell.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sim/actors/kv_client_actor.hpp"
#include "sim/actors/observed_kv_service.hpp"
#include "sim/checkers/exactly_once.hpp"
#include "sim/checkers/leadership.hpp"
#include "sim/checkers/linearizability.hpp"
#include "sim/checkers/log_checker.hpp"
#include "sim/checkers/service_history.hpp"
#include "sim/checkers/state_checker.hpp"
#include "sim/harness/run.hpp"

namespace tern::sim {

class ClusterChecks final : public ServiceObserver, public ClientObserver {
  public:
    explicit ClusterChecks(Run& run) : run_(run) {}

    void leads(Leader leader, std::int64_t leadership_term_id) {
        report(leadership_.leads(leader, leadership_term_id, run_.now_ns()));
    }
    /// Reads the log in the archive, as far as services have seen it. While its disk is in order.
    void check_log(platform::Storage& storage, std::int32_t member,
                   const std::string& archive_directory, std::int64_t recording_id,
                   std::int64_t segment_length);
    /// At the end, when all members have all of the log.
    void finish(std::int32_t member);

    [[nodiscard]] const ServiceHistory& history() const noexcept { return history_; }
    [[nodiscard]] std::size_t calls() const noexcept { return kv_.calls().size(); }

    // ServiceObserver and ClientObserver.

    void restored(std::int32_t member, std::int64_t log_position, std::uint64_t hash,
                  const std::vector<std::int64_t>& sessions) override;
    void applied(std::int32_t member, const ServiceEvent& event) override;
    void expects_timer(std::int64_t id) override { history_.expects_timer(id); }
    void expects_message(std::int64_t id) override { history_.expects_message(id); }
    void has_state(std::int32_t member, std::int64_t log_position, std::uint64_t hash) override;
    void is_wrong(std::int32_t member, std::string what) override;
    [[nodiscard]] std::int64_t next_client() override { return next_client_++; }
    void calls(CommandId id, node::KvOperation operation, std::string_view key,
               std::string_view value) override;
    void is_answered(CommandId id, node::KvStatus status, std::string_view value) override;

  private:
    void report(const std::optional<std::string>& found) {
        if (found) run_.violation(*found);
    }

    Run& run_;
    KvHistory kv_;
    std::map<CommandId, KvHistory::CallId> open_calls_;
    ExactlyOnceChecker exactly_once_;
    ServiceHistory history_;
    StateChecker states_;
    LeadershipChecker leadership_;
    LogChecker log_;
    std::int64_t next_client_ = 1;
};

}  // namespace tern::sim
