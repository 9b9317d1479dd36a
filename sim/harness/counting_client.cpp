#include "sim/harness/counting_client.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "tern/base/duration.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kConnectTimeoutNs = 30 * kNanosPerSecond;
constexpr std::size_t kMaxUnanswered = 32;

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
      driver_(driver::MediaDriver::launch(driver_context(options_), platform)) {}

CountingClient::~CountingClient() {
    abandon_session();
    driver_->close();
}

void CountingClient::connect_to_driver() {
    client::Context context;
    context.aeron_directory = options_.aeron_directory;
    context.client_name = "counting-client";
    context.use_conductor_invoker = true;
    context.await_idle = [this] { driver_->invoke(); };
    context.error_handler = [](const std::exception&) {};
    aeron_ = client::Aeron::connect(std::move(context), platform_);
}

void CountingClient::open() {
    abandon_session();
    connect_to_driver();
    cluster::ClusterClientContext context;
    context.ingress_channel = "aeron:udp?term-length=64k";
    context.ingress_endpoints = "0=" + options_.ingress_endpoint;
    context.egress_channel = "aeron:udp?endpoint=" + options_.egress_endpoint;
    context.message_timeout_ns = kConnectTimeoutNs;
    context.client_name = "counting-client";
    context.listener.on_message = [this](const cluster::EgressMessage& message) {
        on_answer(message.payload);
    };
    session_ =
        std::make_unique<cluster::AsyncClusterClient>(std::move(context), *aeron_, platform_);
}

void CountingClient::add(std::int64_t value) { queue_.push_back(value); }

void CountingClient::close_session() {
    if (!session_) return;
    session_->begin_close();
    leaving_ = std::move(session_);
    queue_.clear();
    has_asked_ = is_ready_ = false;
}

/// The death of its Aeron client is that of the session: there is nothing left to say it with.
void CountingClient::abandon_session() {
    if (aeron_) aeron_->close();
    session_.reset();
    leaving_.reset();
    aeron_.reset();
    queue_.clear();
    has_asked_ = is_ready_ = false;
}

std::vector<std::string> CountingClient::take_findings() { return std::exchange(findings_, {}); }

int CountingClient::do_work() {
    int work = driver_->invoke();
    if (aeron_) work += aeron_->do_work();
    work += drive_leaving();
    work += drive_session();
    return work;
}

int CountingClient::drive_leaving() {
    if (!leaving_) return 0;
    const int work = leaving_->do_work();
    if (leaving_->is_closed()) leaving_.reset();
    return work;
}

int CountingClient::drive_session() {
    if (!session_) return 0;
    const int work = session_->do_work();
    if (session_->is_closed()) {
        if (!is_ready_) findings_.push_back("no session: " + session_->error());
        session_.reset();
        return work;
    }
    return session_->is_connected() ? work + send_commands() : work;
}

int CountingClient::send_commands() {
    if (!has_asked_) {
        has_asked_ = offer(0);
        return has_asked_ ? 1 : 0;
    }
    if (!is_ready_ || queue_.empty() || ledger_.pending() >= kMaxUnanswered) return 0;
    if (!offer(queue_.front())) return 0;
    ledger_.sent(queue_.front());
    queue_.pop_front();
    return 1;
}

bool CountingClient::offer(std::int64_t value) {
    std::array<std::byte, sizeof(value)> command;
    store(command.data(), value);
    return session_->offer(ConstBytes(command)) > 0;
}

void CountingClient::on_answer(ConstBytes payload) {
    if (payload.size() != sizeof(std::int64_t)) {
        findings_.push_back(fmt::format("an answer of {} bytes", payload.size()));
        return;
    }
    const auto total = load<std::int64_t>(payload.data());
    const auto wrong = is_ready_ ? ledger_.answered(total) : ledger_.recovered(total);
    is_ready_ = true;
    if (wrong) findings_.push_back(*wrong);
}

}  // namespace tern::sim
