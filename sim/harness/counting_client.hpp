#pragma once
// A client of the `counter` service, with a media driver of its own, as one agent: sends commands,
// keeps the ledger of what was answered, and can leave in every way that clients leave.
//
// Thread safety: none.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/harness/ledger.hpp"
#include "tern/base/agent.hpp"
#include "tern/client/aeron.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/platform/platform.hpp"

namespace tern::sim {

struct CountingClientOptions {
    std::string aeron_directory;   ///< of the client's own driver
    std::string ingress_endpoint;  ///< of the node
    std::string egress_endpoint;   ///< usually with port 0
};

class CountingClient final : public Agent {
  public:
    CountingClient(platform::Platform platform, CountingClientOptions options);
    ~CountingClient() override;
    CountingClient(const CountingClient&) = delete;
    CountingClient& operator=(const CountingClient&) = delete;

    /// Begins a session. The first command, which adds nothing, asks for the state; is_ready()
    /// once it was answered.
    void open();
    [[nodiscard]] bool is_ready() const noexcept { return state_ == State::ready; }
    /// Queues a command.
    void add(std::int64_t value);
    [[nodiscard]] bool is_idle() const noexcept { return queue_.empty() && ledger_.pending() == 0; }
    /// Ends the session by a request.
    void close_session();
    /// Ends it without a word, as a client that dies.
    void abandon_session();

    [[nodiscard]] const Ledger& ledger() const noexcept { return ledger_; }
    /// What the service answered wrongly, since the last call.
    [[nodiscard]] std::vector<std::string> take_findings();

    int do_work() override;
    [[nodiscard]] std::string_view role_name() const override { return "counting-client"; }

  private:
    enum class State : std::uint8_t { closed, add_streams, connect, await_session, ready };

    int add_streams();
    int connect();
    int send_commands();
    int keep_alive();
    void send_command(std::int64_t value);
    int poll_egress();
    void on_message(ConstBytes message);
    void on_total(std::int64_t total);
    template <typename Message>
    bool offer(const Message& message, ConstBytes payload = {});

    platform::Platform platform_;
    CountingClientOptions options_;
    std::unique_ptr<driver::MediaDriver> driver_;
    std::unique_ptr<client::Aeron> aeron_;
    Ledger ledger_;
    std::vector<std::string> findings_;

    State state_ = State::closed;
    std::int64_t publication_id_ = -1;
    std::int64_t subscription_id_ = -1;
    std::unique_ptr<client::Publication> ingress_;
    std::unique_ptr<client::Subscription> egress_;
    std::int64_t correlation_id_ = -1;
    std::int64_t session_id_ = -1;
    std::int64_t term_id_ = -1;
    bool has_asked_ = false;
    std::int64_t keep_alive_at_ns_ = 0;
    std::deque<std::int64_t> queue_;
    std::vector<std::byte> buffer_;
};

}  // namespace tern::sim
