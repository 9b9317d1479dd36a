#pragma once
// Subscribes to one stream and judges what arrives: now quickly, now slowly, now not at all, and
// now and then anew.
//
// Part of a program: its owner calls do_work() in its turns, and destroys it before the client.
//
// What it calls a violation: a message that is damaged, missing, repeated or out of order within an
// image; an image that begins elsewhere than where it says it joined; one that ends before its
// stream has, or without the stream's last messages, although both drivers lived and heard of each
// other in time.
//
// Thread safety: none.

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "sim/actors/stream_publisher.hpp"

namespace tern::sim {

struct SubscriberOptions {
    std::uint64_t key = 0;  ///< of the stream, in the ledger
    std::string channel;
    std::int32_t stream_id = 0;
    bool is_ipc = false;    ///< what is published arrives, whatever the network does
    bool is_group = false;  ///< the publisher has several receivers, and waits for the slowest
    int fragment_limit = 10;
    bool is_controlled = false;   ///< polls with a handler that aborts, breaks and commits
    std::uint32_t abort_ppm = 0;  ///< of the calls of that handler
    std::uint32_t pause_ppm = 0;  ///< polls after which it does not poll for a while
    virtual_world::Range pause_ns{0, 0};
    virtual_world::Range life_ns{0, 0};  ///< of a subscription; {0, 0}: as long as the program
    virtual_world::Range rest_ns{0, 0};  ///< until the next
    DestinationOptions destinations = {};
    RequestOptions request = {};  ///< on a response channel: it asks for its stream
    Gaps gaps = Gaps::none;       ///< reliable=false: what is lost stays away
    bool is_untethered = false;   ///< tether=false: when it is slow, others do not wait for it
    bool may_be_late = false;     ///< the publisher waits for an untethered one first
    bool is_stuck = false;        ///< it does not poll before the stream has ended
};

class StreamSubscriber {
  public:
    StreamSubscriber(const StreamProgramView& program, const SubscriberOptions& options);
    ~StreamSubscriber() { close(); }
    StreamSubscriber(const StreamSubscriber&) = delete;
    StreamSubscriber& operator=(const StreamSubscriber&) = delete;

    int do_work(client::Aeron& aeron);
    [[nodiscard]] bool is_open() const noexcept { return subscription_ != nullptr; }
    [[nodiscard]] bool has_images() const noexcept;
    /// Whether all messages of the session below this one have arrived here.
    [[nodiscard]] bool has_read(std::int32_t session_id, std::uint64_t up_to) const;
    /// Whether its group went on without it, by more than can still be repaired: it joins anew once
    /// its image has timed out.
    [[nodiscard]] bool is_left_behind(std::int32_t session_id) const;
    [[nodiscard]] const SubscriberOptions& options() const noexcept { return options_; }

  private:
    struct Source {
        StreamSession* session;
        StreamReader reader;
        bool has_image = false;
        std::int64_t since_ns = 0;  // it has the image, or had it
        std::int64_t left_at = 0;   // position of the image that is gone
        std::int64_t far_ns = 0;    // when it was last too far behind to be heard
        bool is_heard = false;      // by the publisher, for certain
    };

    void add(client::Aeron& aeron);
    int find(client::Aeron& aeron);
    int poll();
    void look_who_is_heard();
    client::ControlledAction on_controlled(ConstBytes message, const client::Header& header);
    void on_message(ConstBytes message, const client::Header& header);
    void on_image(const client::Image& image);
    void on_image_gone(const client::Image& image);
    [[nodiscard]] std::string why_incomplete(const Source& source, std::int64_t position) const;
    [[nodiscard]] bool may_have_been_left_behind(const Source& source, std::int64_t position) const;
    [[nodiscard]] bool may_have_been_let_go(const Source& source) const;
    [[nodiscard]] bool may_have_timed_out(const Source& source) const;
    [[nodiscard]] bool may_have_lost_the_end(const Source& source) const;
    Source& source_of(std::int32_t session_id);
    void report(const std::optional<std::string>& finding) const;
    void close();

    const StreamProgramView& program_;
    const SubscriberOptions& options_;
    std::int64_t id_ = 0;  // while adding
    bool is_adding_ = false;
    bool is_closing_ = false;
    std::unique_ptr<client::Subscription> subscription_;
    ChangingDestinations destinations_;
    Request request_;
    std::map<std::int32_t, Source> sources_;  // by session id
    client::FragmentAssembler<std::function<void(ConstBytes, const client::Header&)>> assembler_;
    client::ControlledFragmentAssembler<
        std::function<client::ControlledAction(ConstBytes, const client::Header&)>>
        controlled_assembler_;
    std::int64_t next_ns_ = 0;  // next subscription
    std::int64_t end_ns_ = 0;   // of this one; 0: none planned
    std::int64_t poll_ns_ = 0;  // no poll before
};

}  // namespace tern::sim
