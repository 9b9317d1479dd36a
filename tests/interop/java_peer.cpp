#include <fmt/format.h>

#include <sstream>

#include "java_driver.hpp"
#include "peer.hpp"
#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"

namespace tern::interop {
namespace {

/// Longer than the peer's own patience: its explanation is better.
constexpr std::int64_t kPatienceNs = 60 * kNanosPerSecond;

class JavaPeer final : public Peer {
  public:
    void connect(const std::string& client, const std::string& aeron_directory) override {
        call("connect", client, aeron_directory);
    }
    void await_lost(const std::string& client) override { call("await_lost", client); }
    std::int32_t add_publication(const std::string& name, const std::string& client,
                                 const std::string& channel, std::int32_t stream_id) override {
        return std::stoi(call("publication", name, client, channel, stream_id));
    }
    std::int64_t add_subscription(const std::string& name, const std::string& client,
                                  const std::string& channel, std::int32_t stream_id) override {
        return std::stoll(call("subscription", name, client, channel, stream_id));
    }
    void add_destination(const std::string& name, const std::string& channel) override {
        call("destination", name, channel);
    }
    void await_connected(const std::string& publication) override {
        call("await_connected", publication);
    }
    std::int64_t await_image(const std::string& subscription, std::int32_t session_id) override {
        return std::stoll(call("await_image", subscription, session_id));
    }
    void offer(const std::string& publication, const CheckedMessages& messages, std::int64_t from,
               std::int64_t to) override {
        call("offer", publication, messages.seed, name_of(messages.sizes), from, to);
    }
    void await_sent(const std::string& publication) override { call("await_sent", publication); }
    StreamSummary receive(const std::string& subscription, std::int32_t session_id,
                          std::int64_t to) override {
        std::istringstream answer(call("receive", subscription, session_id, to));
        StreamSummary summary;
        std::string rest;
        answer >> summary.first >> summary.next >> summary.skipped >> summary.bytes >>
            summary.sum >> rest;
        summary.in_order = rest.empty();
        return summary;
    }
    std::string reset() override { return call("reset"); }

  private:
    template <typename... Words>
    std::string call(const Words&... words) {
        std::string command;
        ((command += fmt::format("{}{}", command.empty() ? "" : " ", words)), ...);
        return commands_.call(command);
    }

    JavaCommands commands_{"MatrixPeer", {}};
};

}  // namespace

JavaCommands::JavaCommands(const std::string& main_class, const std::vector<std::string>& defines)
    : process_(start_java_program(main_class, {}, defines, true)) {}

std::string JavaCommands::call(const std::string& command) {
    constexpr std::string_view kOk = "= ok";
    process_->write_line(command);
    std::string seen;
    while (auto line = process_->read_line(kPatienceNs)) {
        if (line->starts_with(kOk)) {
            line->erase(0, std::min(line->size(), kOk.size() + 1));
            return *line;
        }
        seen += *line + "\n";
        if (line->starts_with("= ")) break;
    }
    throw Error(fmt::format("Java, told to '{}': {}", command, seen));
}

std::unique_ptr<Peer> make_java_peer() { return std::make_unique<JavaPeer>(); }

}  // namespace tern::interop
