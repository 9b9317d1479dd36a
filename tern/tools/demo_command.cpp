// tern demo: what a clustered node is for, in ten seconds: commands are answered, and whatever
// happens to the process, the state comes back.

#include <fmt/format.h>

#include "tern/base/bytes.hpp"
#include "tern/base/duration.hpp"
#include "tern/client/aeron.hpp"
#include "tern/cluster/client/cluster_client.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/signals.hpp"
#include "tern/tools/command.hpp"
#include "tern/tools/demo_node.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

constexpr std::int64_t kFirstCommands = 10'000;
constexpr std::int64_t kMoreCommands = 5'000;
/// Commands under way at once: enough to be fast, few enough to wait for nobody.
constexpr std::int64_t kWindow = 256;
constexpr std::int64_t kPatienceNs = 30 * kNanosPerSecond;

std::string seconds(std::int64_t duration_ns) {
    return fmt::format("{:.2f} s", static_cast<double>(duration_ns) / kNanosPerSecond);
}

class Demo {
  public:
    Demo(platform::Platform platform, DemoNode& node) : platform_(platform), node_(node) {}

    void run() {
        const std::int64_t begin_ns = now_ns();
        start();
        send_first_commands();
        take_snapshot();
        send_more_commands();
        shut_down();
        restart();
        say("\nDone in {}: nothing that was answered was lost.", seconds(now_ns() - begin_ns));
    }
    [[nodiscard]] bool is_interrupted() const noexcept { return stop_.is_raised(); }

  private:
    [[nodiscard]] std::int64_t now_ns() const { return platform_.clock.nano_time(); }

    void start() {
        say("1. Starting a node: one process with a media driver (moves messages), an archive\n"
            "   (writes them to disk) and a consensus module (puts commands in order; with more\n"
            "   members it would agree with them first). It runs a small service, a counter:\n"
            "   each command is a number, the service adds it to its total and answers with it.");
        start_and_connect();
    }

    void start_and_connect() {
        const std::int64_t begin_ns = now_ns();
        node_.start();
        connect();
        say("   -> process {} took commands after {}", node_.pid(), seconds(now_ns() - begin_ns));
    }

    void send_first_commands() {
        say("\n2. Sending {} commands, the numbers from 1 on.", group_thousands(kFirstCommands));
        send(kFirstCommands);
    }

    void take_snapshot() {
        say("\n3. Taking a snapshot. Without one, a restart would repeat all commands from the\n"
            "   beginning; with one, it starts from the snapshot and repeats only what follows.");
        const std::int64_t begin_ns = now_ns();
        const std::int64_t before = snapshots();
        node_.cluster_tool({"snapshot"});
        await([&] { return snapshots() > before; }, "the snapshot");
        say("   -> on disk after {}", seconds(now_ns() - begin_ns));
    }

    void send_more_commands() {
        say("\n4. Sending {} more commands, which the snapshot does not have.",
            group_thousands(kMoreCommands));
        send(kMoreCommands);
    }

    void shut_down() {
        say("\n5. Shutting down as an operator would: tern cluster-tool DIR shutdown --wait");
        client_.reset();
        for (const std::string& line : node_.cluster_tool({"shutdown", "--wait"})) {
            say("      {}", line);
        }
        node_.await_end(kPatienceNs);
        say("   -> the node has ended by itself, with a last snapshot");
    }

    void restart() {
        const std::int64_t before = total_;
        say("\n6. Starting it again on the same directory, and adding 0 to ask for the total.");
        start_and_connect();
        ask(0);
        if (total_ != before) {
            throw Error(fmt::format("the total is {} after the restart; it was {} before",
                                    group_thousands(total_), group_thousands(before)));
        }
        say("   -> the total is {}, as before", group_thousands(total_));
        client_.reset();
        node_.cluster_tool({"shutdown", "--wait"});
        node_.await_end(kPatienceNs);
    }

    /// Sends the next `count` numbers and checks what comes back.
    void send(std::int64_t count) {
        const std::int64_t begin_ns = now_ns();
        const std::int64_t last = sent_ + count;
        while (sent_ < last) {
            await([&] { return sent_ - answered_ < kWindow; }, "answers");
            ask_without_waiting(++sent_);
        }
        await([&] { return answered_ == sent_; }, "the last answer");
        const std::int64_t expected = sent_ * (sent_ + 1) / 2;
        if (total_ != expected) {
            throw Error(fmt::format("the service answers with {}; {} is right",
                                    group_thousands(total_), group_thousands(expected)));
        }
        say("   -> all answered after {}; the total is {}, which is right",
            seconds(now_ns() - begin_ns), group_thousands(total_));
    }

    void ask(std::int64_t number) {
        const std::int64_t before = answered_;
        ask_without_waiting(number);
        await([&] { return answered_ == before + 1; }, "the answer");
    }

    void ask_without_waiting(std::int64_t number) {
        client_->send(std::as_bytes(std::span(&number, 1)));
    }

    void connect() {
        cluster::ClusterClientContext context;
        context.ingress_channel = "aeron:udp?term-length=1m";
        context.ingress_endpoints = node_.ingress_endpoints();
        context.egress_channel = "aeron:udp?endpoint=localhost:0|term-length=1m";
        context.message_timeout_ns = kPatienceNs;
        context.client_name = "tern-demo";
        context.listener.on_message = [this](const cluster::EgressMessage& message) {
            if (message.payload.size() != sizeof(total_)) return;
            total_ = load<std::int64_t>(message.payload.data());
            ++answered_;
        };
        client::Context aeron;
        aeron.aeron_directory = node_.aeron_directory();
        aeron.driver_timeout_ns = kPatienceNs;
        aeron.await_idle = [this] { idle(0); };
        aeron.error_handler = [](const std::exception&) {};  // what matters makes a call fail
        client_ = cluster::ClusterClient::connect(std::move(context), std::move(aeron), platform_,
                                                  [this](int work) { idle(work); });
    }

    [[nodiscard]] std::int64_t snapshots() const {
        const memory::CountersReader& counters = client_->aeron().counters_reader();
        std::int64_t count = 0;
        counters.for_each([&](std::int32_t id) {
            if (counters.type_id(id) == memory::counter_type::kClusterSnapshotCount) {
                count = counters.value(id);
            }
        });
        return count;
    }

    void await(const std::function<bool()>& condition, const char* what) {
        client_->poll_until(condition, what);
    }

    /// While anything is awaited: not for a node that is gone, nor after Ctrl-C.
    void idle(int work_count) {
        idle_->idle(work_count);
        if (work_count > 0) return;
        if (is_interrupted()) throw Error("interrupted");
        node_.check();
    }

    platform::Platform platform_;
    DemoNode& node_;
    platform::posix::ShutdownSignal stop_;
    std::unique_ptr<platform::IdleStrategy> idle_ = platform::make_idle_strategy("backoff");
    std::int64_t sent_ = 0;
    std::int64_t answered_ = 0;
    std::int64_t total_ = 0;
    std::unique_ptr<cluster::ClusterClient> client_;
};

void run(bool keep) {
    const platform::Platform platform = platform::posix::make_platform();
    DemoNode node(platform);
    if (keep) node.keep();
    say("Tern demo: a cluster of one, from first start to clean restart.\nDirectory: {}\n",
        node.directory());
    Demo demo(platform, node);
    try {
        demo.run();
    } catch (const std::exception& error) {
        if (demo.is_interrupted()) throw Error("interrupted");
        node.keep();
        throw Error(fmt::format("the demo failed: {}\ntern: logs and files are in {}", error.what(),
                                node.directory()));
    }
}

}  // namespace

void add_demo_command(CLI::App& app, int& exit_code) {
    auto keep = std::make_shared<bool>(false);
    CLI::App* command =
        app.add_subcommand("demo", "See a clustered node work, from first start to clean restart");
    command->add_flag("--keep", *keep, "Leave the demo's directory, to look at it afterwards");
    command->footer(
        "Runs in a temporary directory of its own, which is removed at the end unless the demo\n"
        "fails; takes less than ten seconds.\n\n"
        "Examples:\n"
        "  tern demo\n"
        "  tern demo --keep    # then, with the directory that it names:\n"
        "  tern cluster-tool DIR/cluster describe\n");
    command->callback([keep, &exit_code] { exit_code = guarded([&] { run(*keep); }); });
}

}  // namespace tern::tools
