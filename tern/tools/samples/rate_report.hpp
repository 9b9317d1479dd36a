#pragma once
// What went through, told once a second and at the end, for people or as JSON lines:
//
//     1,234,567 msgs/sec, 39,506,144 bytes/sec, totals 3,703,701 messages 113 MB payloads
//     {"type":"rate","elapsed_s":3.0,"messages_per_s":1234567.0,...}
//
// Thread safety: none.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace tern::tools {

class RateReport {
  public:
    explicit RateReport(bool json) : json_(json) {}

    void add(std::size_t bytes) noexcept {
        ++messages_;
        bytes_ += static_cast<std::int64_t>(bytes);
    }
    [[nodiscard]] std::int64_t messages() const noexcept { return messages_; }
    [[nodiscard]] std::int64_t bytes() const noexcept { return bytes_; }

    /// A line when a second has passed since the last one; the first call begins the first second.
    [[nodiscard]] std::optional<std::string> line(std::int64_t now_ns);

    /// Totals, and rates over the time between the first call of line() and the last message that
    /// was there when it was called.
    [[nodiscard]] std::string summary_text() const;
    [[nodiscard]] nlohmann::ordered_json summary_json() const;

  private:
    struct Mark {
        std::int64_t time_ns = 0;
        std::int64_t messages = 0;
        std::int64_t bytes = 0;
    };
    [[nodiscard]] double active_seconds() const noexcept;

    bool json_;
    std::int64_t messages_ = 0;
    std::int64_t bytes_ = 0;
    std::optional<std::int64_t> begin_ns_;
    Mark last_line_;
    Mark last_change_;  // when the number of messages was last seen to have grown
};

}  // namespace tern::tools
