#pragma once
// The recorder and the replayer: agents that work on sessions handed over by the conductor.
//
// Thread safety: hand_over() by the conductor, everything else on the agent's own thread.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tern/archive/duty_cycle.hpp"
#include "tern/archive/handover.hpp"
#include "tern/archive/recording_session.hpp"
#include "tern/archive/replay_session.hpp"
#include "tern/base/agent.hpp"
#include "tern/base/error.hpp"
#include "tern/platform/platform.hpp"

namespace tern::archive {

struct IoCounters {
    std::shared_ptr<client::Counter> max_time;
    std::shared_ptr<client::Counter> total_bytes;
    std::shared_ptr<client::Counter> total_time;
    void publish(const IoStatistics& statistics) const {
        max_time->set(statistics.max_time_ns);
        total_bytes->set(statistics.bytes);
        total_time->set(statistics.time_ns);
    }
};

/// The counters of one worker: the conductor attaches them when the driver has allocated them, the
/// worker uses them from then on.
class WorkerCounters {
  public:
    void attach(IoCounters io, DutyCycleTracker duty_cycle) {
        io_ = std::move(io);
        duty_cycle_ = std::move(duty_cycle);
        attached_.store(true, std::memory_order_release);  // pairs with publish
    }
    void publish(const IoStatistics& statistics, bool changed, std::int64_t now_ns) {
        if (!attached_.load(std::memory_order_acquire)) return;  // pairs with attach
        if (changed) io_.publish(statistics);
        duty_cycle_.measure(now_ns);
    }

  private:
    std::atomic<bool> attached_{false};
    IoCounters io_;
    DutyCycleTracker duty_cycle_;
};

class Recorder final : public Agent {
  public:
    Recorder(platform::Platform platform, ErrorHandler error_handler)
        : platform_(platform), error_handler_(std::move(error_handler)) {}

    [[nodiscard]] bool hand_over(RecordingSession* session) noexcept {
        return queue_.push(session);
    }

    int do_work() override;
    void on_close() override;
    [[nodiscard]] std::string_view role_name() const override { return "archive-recorder"; }

    WorkerCounters counters;

  private:
    platform::Platform platform_;
    ErrorHandler error_handler_;
    Handover<RecordingSession> queue_;
    std::vector<RecordingSession*> sessions_;
    IoStatistics statistics_;
};

class Replayer final : public Agent {
  public:
    Replayer(platform::Platform platform, ErrorHandler error_handler,
             std::int32_t file_io_max_length)
        : platform_(platform),
          error_handler_(std::move(error_handler)),
          buffer_(static_cast<std::size_t>(file_io_max_length)) {}

    [[nodiscard]] bool hand_over(ReplaySession* session) noexcept { return queue_.push(session); }

    int do_work() override;
    void on_close() override;
    [[nodiscard]] std::string_view role_name() const override { return "archive-replayer"; }

    WorkerCounters counters;

  private:
    platform::Platform platform_;
    ErrorHandler error_handler_;
    Handover<ReplaySession> queue_;
    std::vector<ReplaySession*> sessions_;
    std::vector<std::byte> buffer_;
    IoStatistics statistics_;
};

}  // namespace tern::archive
