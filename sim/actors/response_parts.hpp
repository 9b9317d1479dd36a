#pragma once
// The two ends of a response channel (DRV-15): who asks for a stream of responses, and who answers.
//
// Parts of a subscriber and of a publisher, in whose turns they work. Thread safety: none.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/actors/stream_program_view.hpp"
#include "tern/client/aeron.hpp"

namespace tern::sim {

struct RequestOptions {
    std::string channel;  ///< of the requests; empty: this is no response channel
    std::int32_t stream_id = 0;
};

/// The publication that asks for responses to a subscription. It sends no messages.
class Request {
  public:
    Request(const StreamProgramView& program, const RequestOptions& options)
        : program_(program), options_(options) {}

    int do_work(client::Aeron& aeron, const client::Subscription& responses);
    /// A response subscription is bound to one session for its whole life: when that has gone, or
    /// does not come, a new one has to ask.
    [[nodiscard]] bool is_in_vain() const noexcept { return is_in_vain_; }
    void end() noexcept;  ///< with the subscription

  private:
    int find(client::Aeron& aeron);

    const StreamProgramView& program_;
    const RequestOptions& options_;
    std::int64_t id_ = 0;  // while adding
    bool is_adding_ = false;
    std::int64_t next_ns_ = 0;   // next try
    std::int64_t since_ns_ = 0;  // it asks
    bool is_answered_ = false;
    bool is_in_vain_ = false;
    std::unique_ptr<client::ExclusivePublication> publication_;
};

/// The subscription that hears of requests.
class RequestInbox {
  public:
    RequestInbox(const StreamProgramView& program, const RequestOptions& options)
        : program_(program), options_(options) {}

    int do_work(client::Aeron& aeron);
    /// The image of the newest request; nullopt: there is none.
    [[nodiscard]] std::optional<std::int64_t> newest() const;

  private:
    int find(client::Aeron& aeron);

    const StreamProgramView& program_;
    const RequestOptions& options_;
    std::int64_t id_ = 0;  // while adding
    bool is_adding_ = false;
    std::int64_t next_ns_ = 0;  // next try
    std::unique_ptr<client::Subscription> subscription_;
};

}  // namespace tern::sim
