#pragma once
// A client of the `counter` service, with a media driver of its own, as one agent: sends commands,
// keeps the ledger of what was answered, and can leave in every way that clients leave.
//
// Thread safety: none.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/harness/ledger.hpp"
#include "tern/base/agent.hpp"
#include "tern/client/aeron.hpp"
#include "tern/cluster/client/async_cluster_client.hpp"
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
    [[nodiscard]] bool is_ready() const noexcept { return is_ready_; }
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
    void connect_to_driver();
    int drive_session();
    int drive_leaving();
    int send_commands();
    [[nodiscard]] bool offer(std::int64_t value);
    void on_answer(ConstBytes payload);

    platform::Platform platform_;
    CountingClientOptions options_;
    std::unique_ptr<driver::MediaDriver> driver_;
    std::unique_ptr<client::Aeron> aeron_;
    Ledger ledger_;
    std::vector<std::string> findings_;

    std::unique_ptr<cluster::AsyncClusterClient> session_;
    std::unique_ptr<cluster::AsyncClusterClient> leaving_;  // closing by a request
    bool has_asked_ = false;
    bool is_ready_ = false;
    std::deque<std::int64_t> queue_;
};

}  // namespace tern::sim
