#pragma once
// Timers of the cluster: a correlation id and a deadline in cluster time (CON-9).
//
// Two orders of expiry: PriorityHeapTimerService expires strictly by deadline (equal deadlines in
// the order of their ids here; unspecified upstream); WheelTimerService by ticks of a wheel,
// unordered within a tick, and is upstream's default. Both are deterministic functions of the
// calls made on them.
//
// poll() offers each due timer to `expire`; a refusal (the log did not accept the event) leaves the
// timer and ends the poll. Scheduling an id again replaces its deadline; cancelling an unknown id
// does nothing.
//
// Thread safety: none. Memory grows with the number of timers, not with polls.

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tern::cluster {

class TimerService {
  public:
    static constexpr int kPollLimit = 20;

    /// Returns whether the expiry was taken.
    using Expire = std::function<bool(std::int64_t correlation_id)>;
    using Visit = std::function<void(std::int64_t correlation_id, std::int64_t deadline)>;

    virtual ~TimerService() = default;

    /// Expires timers with deadline <= now, kPollLimit or little more; returns how many.
    virtual int poll(std::int64_t now, const Expire& expire) = 0;
    virtual void schedule(std::int64_t correlation_id, std::int64_t deadline) = 0;
    /// Whether it was scheduled.
    virtual bool cancel(std::int64_t correlation_id) = 0;
    /// All timers, in an order that depends only on the calls made before.
    virtual void for_each(const Visit& visit) const = 0;
    /// Winds the clock to `now` (never backwards): after a snapshot load and on becoming leader.
    virtual void set_current_time(std::int64_t now) = 0;
    [[nodiscard]] virtual std::size_t size() const = 0;
};

class PriorityHeapTimerService final : public TimerService {
  public:
    int poll(std::int64_t now, const Expire& expire) override;
    void schedule(std::int64_t correlation_id, std::int64_t deadline) override;
    bool cancel(std::int64_t correlation_id) override;
    void for_each(const Visit& visit) const override;
    void set_current_time(std::int64_t) override {}
    [[nodiscard]] std::size_t size() const override { return heap_.size(); }

  private:
    struct Timer {
        std::int64_t deadline;
        std::int64_t correlation_id;
        [[nodiscard]] auto operator<=>(const Timer&) const = default;
    };
    void place(std::size_t index, Timer timer);
    void sift_up(std::size_t index, Timer timer);
    void sift_down(std::size_t index, Timer timer);
    void remove_at(std::size_t index);

    std::vector<Timer> heap_;
    std::unordered_map<std::int64_t, std::size_t> index_by_id_;  // looked up, never iterated
};

class WheelTimerService final : public TimerService {
  public:
    /// `tick_resolution` in cluster time units, rounded up to a power of two; `ticks_per_wheel` a
    /// power of two. Throws ConfigurationError otherwise.
    WheelTimerService(std::int64_t tick_resolution, std::int32_t ticks_per_wheel);

    int poll(std::int64_t now, const Expire& expire) override;
    void schedule(std::int64_t correlation_id, std::int64_t deadline) override;
    bool cancel(std::int64_t correlation_id) override;
    void for_each(const Visit& visit) const override;
    void set_current_time(std::int64_t now) override;
    [[nodiscard]] std::size_t size() const override { return place_by_id_.size(); }

  private:
    struct Slot {
        std::int64_t deadline = 0;
        std::int64_t correlation_id = 0;
        bool used = false;
    };
    struct Place {
        std::size_t spoke;
        std::size_t slot;
    };
    [[nodiscard]] std::size_t spoke_of(std::int64_t tick) const {
        return static_cast<std::size_t>(tick) & (spokes_.size() - 1);
    }
    [[nodiscard]] std::int64_t tick_of(std::int64_t time) const { return time >> resolution_bits_; }
    void free(Place place);
    bool expire_spoke(std::int64_t now, const Expire& expire, int& expired);

    int resolution_bits_;
    std::vector<std::vector<Slot>> spokes_;
    std::unordered_map<std::int64_t, Place> place_by_id_;  // looked up, never iterated
    std::int64_t current_tick_ = 0;
};

/// By upstream's supplier names "io.aeron.cluster.WheelTimerServiceSupplier" and
/// "io.aeron.cluster.PriorityHeapTimerServiceSupplier"; throws ConfigurationError for others.
[[nodiscard]] std::unique_ptr<TimerService> make_timer_service(std::string_view supplier,
                                                               std::int64_t wheel_tick_resolution,
                                                               std::int32_t ticks_per_wheel);

}  // namespace tern::cluster
