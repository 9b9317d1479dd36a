#include "tern/cluster/consensus/timer_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "tern/base/error.hpp"
#include "tern/base/math.hpp"

namespace tern::cluster {

// --- priority heap

void PriorityHeapTimerService::place(std::size_t index, Timer timer) {
    heap_[index] = timer;
    index_by_id_[timer.correlation_id] = index;
}

void PriorityHeapTimerService::sift_up(std::size_t index, Timer timer) {
    while (index > 0) {
        const auto parent = (index - 1) / 2;
        if (heap_[parent] <= timer) break;
        place(index, heap_[parent]);
        index = parent;
    }
    place(index, timer);
}

void PriorityHeapTimerService::sift_down(std::size_t index, Timer timer) {
    for (;;) {
        auto child = 2 * index + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
        if (timer <= heap_[child]) break;
        place(index, heap_[child]);
        index = child;
    }
    place(index, timer);
}

void PriorityHeapTimerService::remove_at(std::size_t index) {
    index_by_id_.erase(heap_[index].correlation_id);
    const auto last = heap_.back();
    heap_.pop_back();
    if (index == heap_.size()) return;
    if (index > 0 && last < heap_[(index - 1) / 2]) {
        sift_up(index, last);
    } else {
        sift_down(index, last);
    }
}

int PriorityHeapTimerService::poll(std::int64_t now, const Expire& expire) {
    int expired = 0;
    while (expired < kPollLimit && !heap_.empty() && heap_.front().deadline <= now) {
        if (!expire(heap_.front().correlation_id)) break;
        remove_at(0);
        ++expired;
    }
    return expired;
}

void PriorityHeapTimerService::schedule(std::int64_t correlation_id, std::int64_t deadline) {
    cancel(correlation_id);
    heap_.emplace_back();
    sift_up(heap_.size() - 1, Timer{deadline, correlation_id});
}

bool PriorityHeapTimerService::cancel(std::int64_t correlation_id) {
    const auto found = index_by_id_.find(correlation_id);
    if (found == index_by_id_.end()) return false;
    remove_at(found->second);
    return true;
}

void PriorityHeapTimerService::for_each(const Visit& visit) const {
    for (const auto& timer : heap_) visit(timer.correlation_id, timer.deadline);
}

// --- wheel

WheelTimerService::WheelTimerService(std::int64_t tick_resolution, std::int32_t ticks_per_wheel) {
    if (tick_resolution <= 0 || tick_resolution > (std::int64_t{1} << 62)) {
        throw ConfigurationError(
            fmt::format("wheel tick resolution must be positive: {}", tick_resolution));
    }
    if (!is_power_of_two(ticks_per_wheel)) {
        throw ConfigurationError(
            fmt::format("ticks per wheel must be a power of two: {}", ticks_per_wheel));
    }
    resolution_bits_ = std::countr_zero(std::bit_ceil(static_cast<std::uint64_t>(tick_resolution)));
    spokes_.resize(static_cast<std::size_t>(ticks_per_wheel));
}

void WheelTimerService::free(Place place) {
    auto& slot = spokes_[place.spoke][place.slot];
    place_by_id_.erase(slot.correlation_id);
    slot = Slot{};
}

/// Every due timer of the current spoke; false when one was refused.
bool WheelTimerService::expire_spoke(std::int64_t now, const Expire& expire, int& expired) {
    const auto spoke = spoke_of(current_tick_);
    // By index: taking an expiry may make the service schedule into this very spoke.
    for (std::size_t i = 0; i < spokes_[spoke].size(); ++i) {
        const auto slot = spokes_[spoke][i];
        if (!slot.used || slot.deadline > now) continue;
        if (!expire(slot.correlation_id)) return false;
        free({spoke, i});
        ++expired;
    }
    return true;
}

int WheelTimerService::poll(std::int64_t now, const Expire& expire) {
    int expired = 0;
    do {
        if (!expire_spoke(now, expire, expired)) break;
        if (current_tick_ >= tick_of(now)) break;
        ++current_tick_;
    } while (expired < kPollLimit);
    return expired;
}

void WheelTimerService::schedule(std::int64_t correlation_id, std::int64_t deadline) {
    cancel(correlation_id);
    const auto spoke = spoke_of(std::max(tick_of(deadline), current_tick_));
    auto& slots = spokes_[spoke];
    const auto unused = std::ranges::find(slots, false, &Slot::used);
    const auto at = static_cast<std::size_t>(unused - slots.begin());
    if (unused == slots.end()) slots.emplace_back();
    slots[at] = Slot{deadline, correlation_id, true};
    place_by_id_[correlation_id] = Place{spoke, at};
}

bool WheelTimerService::cancel(std::int64_t correlation_id) {
    const auto found = place_by_id_.find(correlation_id);
    if (found == place_by_id_.end()) return false;
    free(found->second);
    return true;
}

void WheelTimerService::for_each(const Visit& visit) const {
    for (const auto& spoke : spokes_) {
        for (const auto& slot : spoke) {
            if (slot.used) visit(slot.correlation_id, slot.deadline);
        }
    }
}

void WheelTimerService::set_current_time(std::int64_t now) {
    const auto target = tick_of(now);
    if (target <= current_tick_) return;
    // Timers that the jump passes over must not wait for the wheel to come round.
    std::vector<Slot> passed;
    for (const auto& spoke : spokes_) {
        for (const auto& slot : spoke) {
            if (slot.used && tick_of(slot.deadline) < target) passed.push_back(slot);
        }
    }
    current_tick_ = target;
    for (const auto& timer : passed) schedule(timer.correlation_id, timer.deadline);
}

std::unique_ptr<TimerService> make_timer_service(std::string_view supplier,
                                                 std::int64_t wheel_tick_resolution,
                                                 std::int32_t ticks_per_wheel) {
    if (supplier == "io.aeron.cluster.WheelTimerServiceSupplier") {
        return std::make_unique<WheelTimerService>(wheel_tick_resolution, ticks_per_wheel);
    }
    if (supplier == "io.aeron.cluster.PriorityHeapTimerServiceSupplier") {
        return std::make_unique<PriorityHeapTimerService>();
    }
    throw ConfigurationError(fmt::format("invalid TimerServiceSupplier: {}", supplier));
}

}  // namespace tern::cluster
