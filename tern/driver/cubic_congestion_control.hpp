#pragma once
// cc=cubic: a window that shrinks when something is lost and grows back along a cubic curve, as
// that of TCP CUBIC (RFC 8312) does, counted in datagrams of the stream's MTU (DSR-9.3).
//
// Thread safety: as of CongestionControl; the RTT crosses from the receiver to the conductor.

#include <atomic>

#include "tern/driver/congestion_control.hpp"
#include "tern/memory/counter.hpp"
#include "tern/platform/clock.hpp"

namespace tern::driver {

struct CubicOptions {
    bool measure_rtt = false;  ///< else `initial_rtt_ns` is taken for it
    std::int64_t initial_rtt_ns = 100'000;
    bool tcp_mode = false;  ///< never slower than TCP Reno would be at the same RTT
};

class CubicCongestionControl final : public CongestionControl {
  public:
    struct Config {
        CubicOptions options = {};
        std::int32_t max_window_length = 0;  ///< limited to half a term, at least an MTU
        std::int32_t mtu_length = 0;
        memory::Counter rtt = {};            ///< rcv-cc-cubic-rtt, ns; may be null
        memory::Counter window_length = {};  ///< rcv-cc-cubic-wnd, bytes; may be null
    };
    /// `clock` outlives this; RTTs are measured with it rather than with the cached time of a
    /// cycle.
    CubicCongestionControl(const Config& config, const platform::Clock& clock);

    [[nodiscard]] std::int32_t initial_window_length() const noexcept override {
        return initial_window_;
    }
    [[nodiscard]] std::int32_t max_window_length() const noexcept override {
        return config_.max_window_length;
    }
    [[nodiscard]] Decision on_track_rebuild(std::int64_t now_ns,
                                            const Progress& progress) noexcept override;
    [[nodiscard]] std::optional<std::int64_t> next_rtt_request(
        std::int64_t now_ns) noexcept override;
    /// Counts only when it returns the timestamp of the last request: whoever did not see that
    /// cannot make up a round trip.
    void on_rtt_reply(std::int64_t now_ns, std::int64_t echo_timestamp_ns,
                      std::int64_t reception_delta_ns) noexcept override;

  private:
    void on_loss(std::int64_t now_ns) noexcept;
    void grow(std::int64_t now_ns) noexcept;
    [[nodiscard]] std::int32_t window_length() const noexcept;

    const Config config_;
    const platform::Clock& clock_;
    const std::int32_t max_cwnd_;  // windows here are in datagrams

    // Conductor's.
    std::int32_t cwnd_;
    std::int32_t cwnd_at_loss_;
    double recovery_s_;  // after a loss, until the window is as large as before it
    std::int64_t time_of_last_loss_ns_;
    std::int64_t time_of_last_update_ns_;
    std::int32_t initial_window_;

    // Receiver's, but for the first.
    std::atomic<std::int64_t> rtt_ns_;
    std::int64_t time_of_last_rtt_ns_ = 0;
    std::int64_t rtt_timeout_ns_;
    std::optional<std::int64_t> requested_timestamp_ns_;
};

}  // namespace tern::driver
