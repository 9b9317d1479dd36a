#pragma once
// Sends messages as fast as it can, or at a rate.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tern/tools/samples/pace.hpp"
#include "tern/tools/samples/rate_report.hpp"
#include "tern/tools/samples/sample_session.hpp"

namespace tern::tools {

struct PublishOptions {
    SampleOptions sample;
    std::string channel{kSampleChannel};
    std::int32_t stream = kSampleStream;
    std::int64_t messages = kSampleMessages;  ///< 0: until asked to stop
    std::size_t length = kSampleMessageLength;
    std::string text;        ///< sent instead of bytes, when not empty
    double rate = 0;         ///< messages a second; 0: as fast as it goes
    bool verify = false;     ///< numbered, with a checksum
    double linger_s = -1.0;  ///< before closing; below 0: 1 with an embedded driver, else 0
};

class Publisher {
  public:
    /// Throws as the client does, and ConfigurationError when the length does not do.
    Publisher(const PublishOptions& options, SampleSession& session);

    /// Waits for a subscriber, and sends until all messages are out or it is asked to stop. While
    /// there is no subscriber nothing is sent. Throws Error when the driver goes.
    void run();
    [[nodiscard]] const RateReport& report() const noexcept { return report_; }
    /// Offers that were turned down, of all: how much the subscriber held this up.
    [[nodiscard]] double back_pressure_ratio() const noexcept;

  private:
    void send_all();
    bool try_send();
    void await_subscriber();

    const PublishOptions& options_;
    SampleSession& session_;
    std::unique_ptr<client::ExclusivePublication> publication_;
    std::vector<std::byte> message_;
    RateReport report_;
    std::int64_t turned_down_ = 0;
};

}  // namespace tern::tools
