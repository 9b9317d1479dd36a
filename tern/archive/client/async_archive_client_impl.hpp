#pragma once
// How an AsyncArchiveClient works inside: for async_archive_client.cpp (connect, session, close)
// and archive_requests.cpp only.

#include <fmt/format.h>

#include "tern/archive/client/async_archive_client.hpp"
#include "tern/archive/client/pending_requests.hpp"
#include "tern/client/aeron.hpp"
#include "tern/wire/archive_messages.hpp"

namespace tern::archive {

namespace message = wire::archive;

enum class SendResult : std::uint8_t { accepted, again, lost };

class AsyncArchiveClient::Impl {
  public:
    Impl(ArchiveClientContext context, client::Aeron& aeron, platform::Platform platform);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    int do_work();
    void begin_close();

    State state() const noexcept { return state_; }
    const std::string& error() const noexcept { return error_; }
    std::int32_t error_code() const noexcept { return error_code_; }
    std::int64_t control_session_id() const noexcept { return control_session_id_; }
    std::int64_t archive_id() const noexcept { return archive_id_; }
    PendingRequests& requests() noexcept { return requests_; }
    void abandon_replay(std::int64_t correlation_id);

    /// Queues a request whose first two fields are the control session and correlation id.
    template <typename Message>
    std::int64_t request(const char* name, Message message, PendingRequest pending = {});

  private:
    void set_state(State state) noexcept { state_ = state; }
    void set_channels(std::int32_t session_id);
    void fail(const std::string& why, std::int32_t code = kGenericError);
    void disconnect(const std::string& why);
    void release() noexcept;

    int on_aeron_closed();
    int do_connect_step();
    int await_session_id();
    int add_response_subscription();
    int add_request_publication();
    int await_publication_connected();
    int send_connect_request();
    int await_subscription_connected();
    int send_archive_id_request();
    int send_challenge_response();
    int do_connected_work();
    int finish_requests();
    void close_session();
    int send_close_session();
    int await_session_closed();

    template <typename Message>
    std::int64_t queue(const char* name, Message message, PendingRequest pending);
    void stop_unwanted_replay(std::int64_t replay_session_id);
    template <typename Message>
    SendResult send(const Message& message);
    static SendResult classify(std::int64_t result);
    bool may_send_close_session() const noexcept;
    bool may_have_unknown_session() const noexcept;
    SendResult offer_close_session();
    int send_requests();
    int poll_responses();
    void on_message(ConstBytes message);
    void on_control_response(const message::ControlResponse& response);
    void on_connect_response(const message::ControlResponse& response);
    void on_challenge(const message::Challenge& challenge);
    void on_descriptor(const message::RecordingDescriptor& message);
    void on_subscription_descriptor(const message::RecordingSubscriptionDescriptor& message);
    void on_signal(const message::RecordingSignalEvent& event);
    void on_delivered(PendingRequest& listing);
    void report(const std::exception& error) noexcept {
        if (context_.error_handler) context_.error_handler(error);
    }
    std::string describe() const;

    ArchiveClientContext context_;
    client::Aeron& aeron_;
    platform::Clock& clock_;
    State state_ = State::await_session_id;
    std::int64_t deadline_ns_ = 0;
    bool is_closing_ = false;

    std::string request_channel_;
    std::string response_channel_;
    std::int64_t session_id_request_ = kNullValue;
    std::int64_t subscription_id_ = kNullValue;
    std::int64_t publication_id_ = kNullValue;
    std::unique_ptr<client::Subscription> subscription_;
    std::unique_ptr<client::ExclusivePublication> publication_;

    std::int64_t correlation_id_ = kNullValue;  // of the connect step that awaits an answer
    std::int64_t control_session_id_ = kNullValue;
    std::int64_t archive_id_ = kNullValue;
    std::vector<std::byte> challenge_answer_;
    std::string error_;
    std::int32_t error_code_ = 0;

    PendingRequests requests_;
    std::vector<std::byte> buffer_;
    client::FragmentAssembler<> assembler_{
        [this](ConstBytes message, const client::Header&) { on_message(message); }};
};

template <typename Message>
std::int64_t AsyncArchiveClient::Impl::request(const char* name, Message message,
                                               PendingRequest pending) {
    if (state_ != State::connected) {
        throw Error(fmt::format("archive client: {} request while {}", name,
                                error_.empty() ? "not connected" : error_.c_str()));
    }
    return queue(name, std::move(message), std::move(pending));
}

template <typename Message>
std::int64_t AsyncArchiveClient::Impl::queue(const char* name, Message message,
                                             PendingRequest pending) {
    message.control_session_id = control_session_id_;
    message.correlation_id = aeron_.next_correlation_id();
    pending.correlation_id = message.correlation_id;
    pending.name = name;
    pending.deadline_ns = clock_.nano_time() + context_.message_timeout_ns;
    pending.message.resize(wire::encoded_length(message));
    (void)wire::encode(Bytes(pending.message), message);
    if (pending.message.size() > static_cast<std::size_t>(publication_->max_message_length())) {
        throw Error(
            fmt::format("archive client: {} request of {} bytes does not fit the control "
                        "channel, whose messages have at most {}",
                        name, pending.message.size(), publication_->max_message_length()));
    }
    requests_.add(std::move(pending));
    (void)send_requests();
    return message.correlation_id;
}

}  // namespace tern::archive
