#include "sim/harness/counting_client.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "tern/base/duration.hpp"
#include "tern/base/version.hpp"
#include "tern/wire/cluster_client_messages.hpp"

namespace tern::sim {
namespace {

namespace message = wire::cluster;

constexpr std::int32_t kIngressStreamId = 101;
constexpr std::int32_t kEgressStreamId = 102;
constexpr std::int64_t kKeepAliveIntervalNs = kNanosPerSecond;
constexpr std::size_t kMaxUnanswered = 32;
constexpr int kFragmentLimit = 10;

driver::DriverContext driver_context(const CountingClientOptions& options) {
    driver::DriverContext context;
    context.aeron_directory = options.aeron_directory;
    context.threading_mode = driver::ThreadingMode::invoker;
    context.term_buffer_length = 64 * 1024;
    context.ipc_term_buffer_length = 64 * 1024;
    context.counters_values_buffer_length = 1 << 20;
    context.delete_directory_on_shutdown = true;
    context.error_handler = [](const std::exception&) {};
    return context;
}

}  // namespace

CountingClient::CountingClient(platform::Platform platform, CountingClientOptions options)
    : platform_(platform),
      options_(std::move(options)),
      driver_(driver::MediaDriver::launch(driver_context(options_), platform)) {
    client::Context context;
    context.aeron_directory = options_.aeron_directory;
    context.client_name = "counting-client";
    context.use_conductor_invoker = true;
    context.await_idle = [this] { driver_->invoke(); };
    context.error_handler = [](const std::exception&) {};
    aeron_ = client::Aeron::connect(std::move(context), platform);
}

CountingClient::~CountingClient() {
    abandon_session();
    aeron_.reset();
    driver_->close();
}

void CountingClient::open() {
    abandon_session();
    publication_id_ = aeron_->async_add_publication(
        "aeron:udp?term-length=64k|endpoint=" + options_.ingress_endpoint, kIngressStreamId);
    subscription_id_ = aeron_->async_add_subscription(
        "aeron:udp?endpoint=" + options_.egress_endpoint, kEgressStreamId);
    has_asked_ = false;
    state_ = State::add_streams;
}

void CountingClient::add(std::int64_t value) { queue_.push_back(value); }

void CountingClient::close_session() {
    if (session_id_ != -1) {
        (void)offer(message::SessionCloseRequest{.leadership_term_id = term_id_,
                                                 .cluster_session_id = session_id_});
    }
    abandon_session();
}

void CountingClient::abandon_session() {
    queue_.clear();
    ingress_.reset();
    egress_.reset();
    for (std::int64_t* id : {&publication_id_, &subscription_id_}) {
        if (*id != -1) aeron_->abandon(std::exchange(*id, -1));
    }
    session_id_ = -1;
    state_ = State::closed;
}

std::vector<std::string> CountingClient::take_findings() { return std::exchange(findings_, {}); }

int CountingClient::do_work() {
    int work = driver_->invoke() + aeron_->do_work();
    switch (state_) {
        case State::closed:
            return work;
        case State::add_streams:
            return work + add_streams();
        case State::connect:
            return work + connect();
        case State::await_session:
        case State::ready:
            break;
    }
    work += poll_egress();
    if (session_id_ != -1) work += send_commands() + keep_alive();
    return work;
}

int CountingClient::add_streams() {
    if (publication_id_ != -1 && (ingress_ = aeron_->find_publication(publication_id_))) {
        publication_id_ = -1;
    }
    if (subscription_id_ != -1 && (egress_ = aeron_->find_subscription(subscription_id_))) {
        subscription_id_ = -1;
    }
    if (!ingress_ || !egress_) return 0;
    state_ = State::connect;
    return 1;
}

int CountingClient::connect() {
    const auto channel = egress_->try_resolve_channel_endpoint_port();
    if (!channel || !ingress_->is_connected()) return 0;
    correlation_id_ = aeron_->next_correlation_id();
    if (!offer(message::SessionConnectRequest{.correlation_id = correlation_id_,
                                              .response_stream_id = kEgressStreamId,
                                              .version = pack_version(0, 3, 0),
                                              .response_channel = *channel})) {
        return 0;
    }
    state_ = State::await_session;
    return 1;
}

int CountingClient::send_commands() {
    if (!has_asked_) {
        has_asked_ = true;
        send_command(0);
        return 1;
    }
    if (state_ != State::ready || queue_.empty() || ledger_.pending() >= kMaxUnanswered) return 0;
    send_command(queue_.front());
    return 1;
}

/// A command is open from the moment that it may have gone out.
void CountingClient::send_command(std::int64_t value) {
    std::array<std::byte, sizeof(value)> payload;
    store(payload.data(), value);
    const bool accepted = offer(
        message::SessionMessageHeader{
            .leadership_term_id = term_id_, .cluster_session_id = session_id_, .timestamp = 0},
        payload);
    if (state_ != State::ready) {
        has_asked_ = accepted;
    } else if (accepted) {
        ledger_.sent(value);
        queue_.pop_front();
    }
}

int CountingClient::keep_alive() {
    const std::int64_t now_ns = platform_.clock.nano_time();
    if (now_ns < keep_alive_at_ns_) return 0;
    keep_alive_at_ns_ = now_ns + kKeepAliveIntervalNs;
    (void)offer(message::SessionKeepAlive{.leadership_term_id = term_id_,
                                          .cluster_session_id = session_id_});
    return 1;
}

int CountingClient::poll_egress() {
    return egress_->poll([this](ConstBytes bytes, const client::Header&) { on_message(bytes); },
                         kFragmentLimit);
}

void CountingClient::on_message(ConstBytes bytes) {
    if (const auto event = wire::decode<message::SessionEvent>(bytes)) {
        if (event->correlation_id != correlation_id_) return;
        if (event->code != message::EventCode::ok) {
            findings_.push_back(fmt::format("session refused: {}", event->detail));
            return;
        }
        session_id_ = event->cluster_session_id;
        term_id_ = event->leadership_term_id;
        keep_alive_at_ns_ = platform_.clock.nano_time() + kKeepAliveIntervalNs;
        return;
    }
    const auto header = wire::decode<message::SessionMessageHeader>(bytes);
    if (!header || header->cluster_session_id != session_id_) return;
    const std::size_t length = wire::encoded_length(*header);
    if (bytes.size() != length + sizeof(std::int64_t)) {
        findings_.push_back(fmt::format("an answer of {} bytes", bytes.size()));
        return;
    }
    on_total(load<std::int64_t>(bytes.data() + length));
}

void CountingClient::on_total(std::int64_t total) {
    const bool is_first = state_ != State::ready;
    state_ = State::ready;
    const auto wrong = is_first ? ledger_.recovered(total) : ledger_.answered(total);
    if (wrong) findings_.push_back(*wrong);
}

template <typename Message>
bool CountingClient::offer(const Message& encoded, ConstBytes payload) {
    const std::size_t length = wire::encoded_length(encoded);
    buffer_.resize(length + payload.size());
    (void)wire::encode(Bytes(buffer_), encoded);
    std::ranges::copy(payload, buffer_.begin() + static_cast<std::ptrdiff_t>(length));
    return ingress_->offer(ConstBytes(buffer_)) > 0;
}

}  // namespace tern::sim
