#pragma once
// How long an agent's duty cycles take: longest, and how many were over a threshold (counter types
// 103 and 104). Times are from one do_work() to the next, idling left out by upstream's definition
// too: a cycle begins where the one before was measured.

#include <cstdint>
#include <memory>

#include "tern/client/counter.hpp"

namespace tern::archive {

class DutyCycleTracker {
  public:
    void attach(std::shared_ptr<client::Counter> max_cycle_time,
                std::shared_ptr<client::Counter> threshold_exceeded,
                std::int64_t threshold_ns) noexcept {
        max_cycle_time_ = std::move(max_cycle_time);
        threshold_exceeded_ = std::move(threshold_exceeded);
        threshold_ns_ = threshold_ns;
    }
    void start(std::int64_t now_ns) noexcept { last_ns_ = now_ns; }
    void measure(std::int64_t now_ns) noexcept {
        const std::int64_t duration_ns = now_ns - last_ns_;
        last_ns_ = now_ns;
        if (!max_cycle_time_) return;
        max_cycle_time_->propose_max(duration_ns);
        if (duration_ns > threshold_ns_) threshold_exceeded_->increment();
    }

  private:
    std::shared_ptr<client::Counter> max_cycle_time_;
    std::shared_ptr<client::Counter> threshold_exceeded_;
    std::int64_t threshold_ns_ = 0;
    std::int64_t last_ns_ = 0;
};

}  // namespace tern::archive
