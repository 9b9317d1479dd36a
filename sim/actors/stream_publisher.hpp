#pragma once
// Publishes one stream: in bursts, with pauses, now and then ending the stream and beginning anew.
//
// Part of a program: its owner calls do_work() in its turns, and destroys it before the client.
// Thread safety: none.

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "sim/actors/changing_destinations.hpp"
#include "sim/actors/response_parts.hpp"
#include "sim/actors/stream_program_view.hpp"
#include "tern/client/aeron.hpp"

namespace tern::sim {

struct PublisherOptions {
    std::uint64_t key = 0;  ///< of the stream, in the ledger
    std::string channel;
    std::int32_t stream_id = 0;
    bool is_exclusive = false;
    virtual_world::Range length{32, 1'000};  ///< of messages, bytes
    virtual_world::Range burst{1, 20};       ///< messages
    virtual_world::Range pause_ns{1'000'000, 100'000'000};
    std::uint32_t claim_ppm = 0;  ///< messages that are claimed, if they fit a frame
    std::uint32_t hold_ppm = 0;   ///< claims that are not committed at once
    virtual_world::Range hold_ns{1'000, 1'000'000};
    std::uint32_t abort_ppm = 0;         ///< claims that are aborted
    virtual_world::Range life_ns{0, 0};  ///< of a publication; {0, 0}: as long as the program
    virtual_world::Range rest_ns{0, 0};  ///< until the next
    DestinationOptions destinations = {};
    RequestOptions requests = {};  ///< it answers the newest of them, on a response channel
    std::uint32_t revoke_ppm = 0;  ///< publications (exclusive ones) that are revoked at their end
};

class StreamPublisher {
  public:
    StreamPublisher(const StreamProgramView& program, const PublisherOptions& options)
        : program_(program),
          options_(options),
          destinations_(program, options.destinations),
          inbox_(program, options.requests) {}
    ~StreamPublisher() { close(); }
    StreamPublisher(const StreamPublisher&) = delete;
    StreamPublisher& operator=(const StreamPublisher&) = delete;

    int do_work(client::Aeron& aeron);
    /// Whether it has a publication, and that a subscriber.
    [[nodiscard]] bool is_connected() const;
    [[nodiscard]] bool is_open() const noexcept { return state_ == State::open; }
    [[nodiscard]] const PublisherOptions& options() const noexcept { return options_; }

  private:
    enum class State : std::uint8_t { resting, adding, open };
    using Shared = std::unique_ptr<client::Publication>;
    using Exclusive = std::unique_ptr<client::ExclusivePublication>;

    int add(client::Aeron& aeron);
    int find(client::Aeron& aeron);
    template <typename Handle>
    int opened(Handle publication);
    [[nodiscard]] bool has_lost_request(const std::exception& error) const;
    int change_destinations(client::Aeron& aeron);
    int send();
    int send_burst();
    std::int64_t offer();
    template <typename Handle>
    std::int64_t claim(Handle& publication);
    void accepted(std::int64_t position, std::int32_t max_payload);
    int hold();
    void close();
    void plan_burst();

    const StreamProgramView& program_;
    const PublisherOptions& options_;
    State state_ = State::resting;
    std::int64_t id_ = 0;  // while adding
    std::variant<std::monostate, Shared, Exclusive> publication_;
    ChangingDestinations destinations_;
    RequestInbox inbox_;
    std::optional<std::int64_t> answered_;  // request, of those
    StreamSession* session_ = nullptr;      // while open
    std::int64_t next_ns_ = 0;              // next burst, or next publication
    std::int64_t end_ns_ = 0;               // of this publication; 0: none planned
    std::int64_t to_send_ = 0;              // of this burst
    std::size_t length_ = 0;                // of the next message; 0: to be drawn
    bool has_begun_last_ = false;
    client::BufferClaim claim_;
    std::uint64_t claimed_ = 0;  // its sequence number
    std::int64_t commit_ns_ = 0;
};

}  // namespace tern::sim
