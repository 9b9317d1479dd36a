#include "tern/driver/cubic_congestion_control.hpp"

#include <algorithm>
#include <cmath>

namespace tern::driver {

namespace {

constexpr std::int32_t kInitialWindow = 10;  // datagrams
constexpr double kC = 0.4;                   // steepness of the curve
constexpr double kB = 0.2;                   // part of the window that a loss takes
constexpr std::int64_t kRttTimeoutMultiple = 4;
/// An answer that takes longer is given up, and another one asked for.
constexpr std::int64_t kRttReplyTimeoutNs = 1'000'000'000;
constexpr double kNanosPerSecond = 1e9;

double recovery_time_s(std::int32_t window) {
    return std::cbrt(static_cast<double>(window) * kB / kC);
}

}  // namespace

CubicCongestionControl::CubicCongestionControl(const Config& config, const platform::Clock& clock)
    : config_(config),
      clock_(clock),
      max_cwnd_(std::max(1, config.max_window_length / config.mtu_length)),
      cwnd_(std::min(kInitialWindow, max_cwnd_)),
      cwnd_at_loss_(max_cwnd_),
      recovery_s_(recovery_time_s(max_cwnd_)),
      time_of_last_loss_ns_(clock.nano_time()),
      time_of_last_update_ns_(time_of_last_loss_ns_),
      initial_window_(window_length()),
      rtt_ns_(config.options.initial_rtt_ns),
      rtt_timeout_ns_(config.options.initial_rtt_ns * kRttTimeoutMultiple) {
    if (config_.rtt) config_.rtt.set(0);
    if (config_.window_length) config_.window_length.set(initial_window_);
}

std::int32_t CubicCongestionControl::window_length() const noexcept {
    const std::int64_t window = std::int64_t{cwnd_} * config_.mtu_length;
    return static_cast<std::int32_t>(std::min<std::int64_t>(window, config_.max_window_length));
}

CongestionControl::Decision CubicCongestionControl::on_track_rebuild(
    std::int64_t now_ns, const Progress& progress) noexcept {
    bool force = false;
    if (progress.loss_found) {
        on_loss(now_ns);
        force = true;
    } else if (cwnd_ < max_cwnd_ &&
               time_of_last_update_ns_ + config_.options.initial_rtt_ns < now_ns) {
        grow(now_ns);
    } else if (cwnd_ == 1 && progress.consumed_position > progress.acknowledged_position) {
        force = true;  // the sender waits for each single datagram
    }
    const std::int32_t window = window_length();
    if (config_.window_length) config_.window_length.set(window);
    return {window, force};
}

void CubicCongestionControl::on_loss(std::int64_t now_ns) noexcept {
    cwnd_at_loss_ = cwnd_;
    recovery_s_ = recovery_time_s(cwnd_at_loss_);
    cwnd_ = std::max(1, static_cast<std::int32_t>(cwnd_ * (1.0 - kB)));
    time_of_last_loss_ns_ = now_ns;
}

void CubicCongestionControl::grow(std::int64_t now_ns) noexcept {
    const double since_loss_s =
        static_cast<double>(now_ns - time_of_last_loss_ns_) / kNanosPerSecond;
    const double beyond_s = since_loss_s - recovery_s_;
    double window = cwnd_at_loss_ + std::trunc(kC * beyond_s * beyond_s * beyond_s);
    window = std::clamp(window, 1.0, static_cast<double>(max_cwnd_));
    if (config_.options.tcp_mode && window < cwnd_at_loss_) {
        const auto rtt_ns = static_cast<double>(rtt_ns_.load(std::memory_order_relaxed));
        const double rtt_s = std::max(rtt_ns, 1.0) / kNanosPerSecond;
        const double reno =
            cwnd_at_loss_ * (1.0 - kB) + 3.0 * kB / (2.0 - kB) * (since_loss_s / rtt_s);
        window = std::clamp(reno, window, static_cast<double>(max_cwnd_));
    }
    cwnd_ = static_cast<std::int32_t>(window);
    time_of_last_update_ns_ = now_ns;
}

std::optional<std::int64_t> CubicCongestionControl::next_rtt_request(std::int64_t now_ns) noexcept {
    const std::int64_t wait_ns = requested_timestamp_ns_ ? kRttReplyTimeoutNs : rtt_timeout_ns_;
    if (!config_.options.measure_rtt || time_of_last_rtt_ns_ + wait_ns >= now_ns) {
        return std::nullopt;
    }
    time_of_last_rtt_ns_ = now_ns;
    requested_timestamp_ns_ = clock_.nano_time();
    return requested_timestamp_ns_;
}

void CubicCongestionControl::on_rtt_reply(std::int64_t now_ns, std::int64_t echo_timestamp_ns,
                                          std::int64_t reception_delta_ns) noexcept {
    if (requested_timestamp_ns_ != echo_timestamp_ns) return;
    const std::int64_t round_trip_ns = clock_.nano_time() - echo_timestamp_ns;
    if (reception_delta_ns < 0 || reception_delta_ns > round_trip_ns) return;
    requested_timestamp_ns_.reset();
    const std::int64_t rtt_ns = round_trip_ns - reception_delta_ns;
    time_of_last_rtt_ns_ = now_ns;
    rtt_ns_.store(rtt_ns, std::memory_order_relaxed);
    rtt_timeout_ns_ = std::max(rtt_ns, config_.options.initial_rtt_ns) * kRttTimeoutMultiple;
    if (config_.rtt) config_.rtt.set(rtt_ns);
}

}  // namespace tern::driver
