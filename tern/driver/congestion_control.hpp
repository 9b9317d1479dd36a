#pragma once
// Size of the window that a receiver offers (DSR-9).
//
// Thread safety: on_track_rebuild on the conductor; the RTT functions on the receiver.

#include <cstdint>

namespace tern::driver {

class CongestionControl {
  public:
    struct Decision {
        std::int32_t window_length = 0;  ///< bytes
        bool force_status_message = false;
    };

    virtual ~CongestionControl() = default;
    [[nodiscard]] virtual std::int32_t initial_window_length() const noexcept = 0;
    [[nodiscard]] virtual std::int32_t max_window_length() const noexcept = 0;
    [[nodiscard]] virtual Decision on_track_rebuild(std::int64_t now_ns, bool loss_found) = 0;
    [[nodiscard]] virtual bool should_measure_rtt(std::int64_t now_ns) noexcept = 0;
    virtual void on_rttm_sent(std::int64_t now_ns) noexcept = 0;
    virtual void on_rttm(std::int64_t now_ns, std::int64_t rtt_ns) noexcept = 0;
};

/// cc=static, the default: always the configured window.
class StaticWindowCongestionControl final : public CongestionControl {
  public:
    /// `window_length` is already limited to half a term (logbuffer::receiver_window_length).
    explicit StaticWindowCongestionControl(std::int32_t window_length) : window_(window_length) {}
    [[nodiscard]] std::int32_t initial_window_length() const noexcept override { return window_; }
    [[nodiscard]] std::int32_t max_window_length() const noexcept override { return window_; }
    [[nodiscard]] Decision on_track_rebuild(std::int64_t, bool) override {
        return {window_, false};
    }
    [[nodiscard]] bool should_measure_rtt(std::int64_t) noexcept override { return false; }
    void on_rttm_sent(std::int64_t) noexcept override {}
    void on_rttm(std::int64_t, std::int64_t) noexcept override {}

  private:
    std::int32_t window_;
};

}  // namespace tern::driver
