#pragma once
// Publications and subscriptions of a client, worked by command: of ours in this process, or of
// upstream's in a long-lived one (java/MatrixPeer.java). The same commands, so that a test need not
// know which client it has.
//
// Names are the caller's. What is offered goes out, and what comes is taken, on a thread of the
// peer's own: commands only start, await and ask. What is awaited in vain, and what a driver
// refuses, throws Error saying what.
//
// Thread safety: one thread at a time.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checked_messages.hpp"
#include "tern/platform/platform.hpp"
#include "tern/platform/posix/process.hpp"

namespace tern::interop {

class Peer {
  public:
    virtual ~Peer() = default;

    virtual void connect(const std::string& client, const std::string& aeron_directory) = 0;
    /// Waits until the client has noticed that its driver is gone, and forgets it and its streams.
    virtual void await_lost(const std::string& client) = 0;

    /// Returns the session id. What had that name before is closed, here and with subscriptions.
    virtual std::int32_t add_publication(const std::string& name, const std::string& client,
                                         const std::string& channel, std::int32_t stream_id) = 0;
    /// Returns the registration id.
    virtual std::int64_t add_subscription(const std::string& name, const std::string& client,
                                          const std::string& channel, std::int32_t stream_id) = 0;
    /// To a publication or subscription.
    virtual void add_destination(const std::string& name, const std::string& channel) = 0;

    virtual void await_connected(const std::string& publication) = 0;
    /// Returns the image's correlation id.
    virtual std::int64_t await_image(const std::string& subscription, std::int32_t session_id) = 0;

    /// Begins to offer messages [from, to), by offer, try_claim and vectored offer in turn; goes on
    /// whatever the publication answers.
    virtual void offer(const std::string& publication, const CheckedMessages& messages,
                       std::int64_t from, std::int64_t to) = 0;
    virtual void await_sent(const std::string& publication) = 0;
    /// Waits for message `to` - 1 of the session, or for one out of order; what has come of it
    /// since the subscription was added.
    virtual StreamSummary receive(const std::string& subscription, std::int32_t session_id,
                                  std::int64_t to) = 0;

    /// Closes all publications and subscriptions; returns what the error handlers of the clients
    /// were told since the last time.
    virtual std::string reset() = 0;
};

/// Our client, in this process.
[[nodiscard]] std::unique_ptr<Peer> make_tern_peer(platform::Platform platform);
/// Upstream's, in a process of its own.
[[nodiscard]] std::unique_ptr<Peer> make_java_peer();

/// A Java program of tests/interop/java that answers commands, lines of its input, with lines
/// "= ok RESULT..." or "= failed WHY".
class JavaCommands {
  public:
    JavaCommands(const std::string& main_class, const std::vector<std::string>& defines);
    /// Returns RESULT. Throws Error saying WHY, or what the program has printed instead.
    std::string call(const std::string& command);

  private:
    std::unique_ptr<platform::posix::Process> process_;
};

}  // namespace tern::interop
