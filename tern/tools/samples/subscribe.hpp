#pragma once
// Receives messages, and says how many, whether they are whole, and what is in them.

#include <cstdint>
#include <memory>
#include <string>

#include "tern/tools/samples/rate_report.hpp"
#include "tern/tools/samples/sample_session.hpp"
#include "tern/tools/samples/verified_message.hpp"

namespace tern::tools {

struct SubscribeOptions {
    SampleOptions sample;
    std::string channel{kSampleChannel};
    std::int32_t stream = kSampleStream;
    std::int64_t messages = 0;  ///< 0: until asked to stop
    int fragment_limit = 10;
    bool until_end = false;  ///< stop when all of a stream was received and its publisher is done
    bool verify = false;     ///< of a publisher that verifies
    bool print = false;      ///< each message
};

class Subscriber {
  public:
    Subscriber(const SubscribeOptions& options, SampleSession& session);

    /// Throws Error when the driver goes.
    void run();
    [[nodiscard]] const RateReport& report() const noexcept { return report_; }
    [[nodiscard]] const VerificationResult& verification() const noexcept {
        return verifier_.result();
    }

  private:
    void on_message(ConstBytes message, const client::Header& header);
    void print(ConstBytes message, const client::Header& header) const;
    [[nodiscard]] bool is_done();

    const SubscribeOptions& options_;
    SampleSession& session_;
    std::unique_ptr<client::Subscription> subscription_;
    std::shared_ptr<client::Image> followed_;  // with until_end: the first image
    RateReport report_;
    StreamVerifier verifier_;
};

}  // namespace tern::tools
