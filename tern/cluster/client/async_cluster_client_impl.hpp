#pragma once
// How an AsyncClusterClient works inside: for async_cluster_client.cpp (life of a session, sending,
// closing) and cluster_client_connect.cpp only.

#include <fmt/format.h>

#include <array>
#include <vector>

#include "tern/client/aeron.hpp"
#include "tern/cluster/async_resource.hpp"
#include "tern/cluster/client/async_cluster_client.hpp"
#include "tern/cluster/client/ingress_members.hpp"

namespace tern::cluster {

class AsyncClusterClient::Impl {
  public:
    Impl(ClusterClientContext context, client::Aeron& aeron, platform::Platform platform);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    int do_work();
    void begin_close();
    std::int64_t offer(std::span<const ConstBytes> parts);
    std::int64_t try_claim(std::int32_t length, client::BufferClaim& claim);
    bool send_keep_alive();
    bool request_snapshot(std::int64_t correlation_id);

    State state() const noexcept { return state_; }
    EndReason end_reason() const noexcept { return end_reason_; }
    const std::string& error() const noexcept { return error_; }
    std::int64_t cluster_session_id() const noexcept { return cluster_session_id_; }
    std::int64_t leadership_term_id() const noexcept { return leadership_term_id_; }
    std::int32_t leader_member_id() const noexcept { return leader_member_id_; }

  private:
    using Action = client::ControlledAction;

    void set_state(State state) noexcept { state_ = state; }
    bool is_connecting() const noexcept { return state_ < State::connected; }
    bool may_send() const noexcept {
        return state_ == State::connected || state_ == State::await_new_leader_connection;
    }
    int advance();
    void end(EndReason reason, std::string why);
    void release() noexcept;
    void report(const std::exception& error) noexcept {
        if (context_.error_handler) context_.error_handler(error);
    }

    // cluster_client_connect.cpp
    int do_connect_step();
    int create_egress_subscription();
    int create_ingress_publications();
    int await_publication_connected();
    int send_message();
    Action on_connect_response(ConstBytes message, const client::Header& header);
    void on_connect_event(const wire::cluster::SessionEvent& event, const client::Header& header);
    void on_challenge(const wire::cluster::Challenge& challenge);
    void on_redirect(const wire::cluster::SessionEvent& event);
    void prepare_connect_request();
    std::string describe_connect() const;

    // async_cluster_client.cpp
    int do_session_work();
    int poll_egress();
    int add_new_leader_ingress();
    int keep_alive_when_due(std::int64_t now_ns);
    void check_deadline(std::int64_t now_ns);
    void on_disconnected();
    std::int64_t track_ingress_result(std::int64_t result);
    template <typename Message>
    std::int64_t send_once(const Message& message);
    template <typename Message>
    bool send_control(const Message& message);
    int send_close_request();
    Action on_fragment(ConstBytes message, const client::Header& header);
    Action on_egress(ConstBytes message, const client::Header& header);
    Action on_session_message(ConstBytes message, const client::Header& header);
    void on_session_event(const wire::cluster::SessionEvent& event);
    void on_new_leader(const wire::cluster::NewLeaderEvent& event, const client::Header& header);
    std::shared_ptr<client::Image> image_of(const client::Header& header) const;
    void encode_session_header() noexcept;
    template <typename Message>
    void encode(const Message& message) {
        buffer_.resize(wire::encoded_length(message));
        (void)wire::encode(Bytes(buffer_), message);
    }

    ClusterClientContext context_;
    client::Aeron& aeron_;
    platform::Clock& clock_;
    State state_ = State::create_egress_subscription;
    EndReason end_reason_ = EndReason::none;
    std::string error_;
    std::int64_t deadline_ns_ = 0;             // of the state
    std::int64_t new_leader_timeout_ns_ = 0;   // known when connected
    std::int64_t keep_alive_deadline_ns_ = 0;  // when the next is due
    bool is_polling_ = false;                  // a listener may be on the stack

    AsyncResource<client::Subscription> egress_;
    std::shared_ptr<client::Image> egress_image_;  // of the leader, once connected
    IngressMembers members_;                       // while connecting
    std::unique_ptr<IngressPublication> ingress_;
    std::int32_t ingress_member_id_ = -1;  // while connecting
    std::string ingress_channel_;          // of the leader, for adding it
    std::string response_channel_;         // with the port bound to

    std::int64_t correlation_id_ = -1;  // of the connect step that awaits an answer
    std::int64_t cluster_session_id_ = -1;
    std::int64_t leadership_term_id_ = -1;
    std::int32_t leader_member_id_ = -1;

    std::array<std::byte, kSessionHeaderLength> session_header_{};
    std::vector<ConstBytes> parts_;  // scratch
    std::vector<std::byte> buffer_;  // the message that is being sent
    client::ControlledFragmentAssembler<> assembler_{
        [this](ConstBytes message, const client::Header& header) {
            return on_fragment(message, header);
        }};
};

}  // namespace tern::cluster
