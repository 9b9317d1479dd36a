// tern ping and pong: round trips (TLG-15.2).

#include "tern/tools/command.hpp"
#include "tern/tools/json.hpp"
#include "tern/tools/samples/ping.hpp"
#include "tern/tools/samples/pong.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

void run_ping(const PingOptions& options) {
    SampleSession session(options.sample);
    Ping ping(options, session);
    const auto tell = [&] {
        if (options.sample.json) {
            say("{}", to_line(round_trips_json(options, ping.round_trips())));
        } else if (ping.round_trips().count() > 0) {
            say("{}", round_trips_text(options, ping.round_trips()));
        }
    };
    try {
        ping.run();
    } catch (const Error&) {
        tell();  // what came back until then
        throw;
    }
    tell();
}

constexpr std::string_view kPingHelp =
    "Without --rate each message is sent when the one before is back. With --rate messages leave\n"
    "by the clock, and a round trip counts from when its message was due: what held one up\n"
    "shows in all that had to wait. SIGINT ends it with what was measured until then.\n\n"
    "Examples (upstream's Pong will do as the peer, too):\n"
    "  tern driver &\n"
    "  tern pong &\n"
    "  tern ping\n"
    "  tern ping --messages 100k --length 1k\n"
    "  tern ping --rate 10000 --messages 100k --json\n\n"
    "Over shared memory: tern pong -c aeron:ipc -C aeron:ipc, and the same for ping.\n"
    "Exit codes: 0 measured, 1 no driver, or pong has gone, 2 a mistake in the command line.";

void run_pong(const PongOptions& options) {
    SampleSession session(options.sample);
    const std::int64_t messages = answer_pings(options, session);
    if (options.sample.json) {
        say("{}", to_line({{"type", "summary"}, {"messages", messages}}));
    } else {
        say("{} messages sent back", group_thousands(messages));
    }
}

constexpr std::string_view kPongHelp =
    "Runs until SIGINT or SIGTERM.\n\n"
    "Examples (upstream's Ping will do as the peer, too):\n"
    "  tern pong\n"
    "  tern pong --driver        # no `tern driver` needed\n"
    "  tern pong -c aeron:udp?endpoint=224.20.30.39:24326 -C aeron:udp?endpoint=10.1.1.2:20124\n\n"
    "Exit codes: 0 closed, 1 no driver, 2 a mistake in the command line.";

}  // namespace

void add_ping_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<PingOptions>();
    CLI::App* command = app.add_subcommand("ping", "Measure round trips through a pong");
    command->add_option("-c,--ping-channel", options->ping_channel, "Where pings go")
        ->capture_default_str();
    command->add_option("-C,--pong-channel", options->pong_channel, "Where pongs come from")
        ->capture_default_str();
    command->add_option("-s,--ping-stream", options->ping_stream, "Stream id of pings")
        ->capture_default_str();
    command->add_option("-S,--pong-stream", options->pong_stream, "Stream id of pongs")
        ->capture_default_str();
    add_count_option(*command, "-m,--messages", options->messages, "Round trips to measure");
    add_count_option(*command, "-w,--warm-up", options->warm_up,
                     "Round trips before those that count; with --rate at most a second's");
    add_length_option(*command, options->length);
    command->add_option("--rate", options->rate, "Messages a second; 0: one at a time")
        ->check(CLI::Range(0.0, 1e9))
        ->capture_default_str();
    add_sample_options(*command, options->sample);
    command->footer(std::string(kPingHelp));
    command->callback([options, &exit_code] { exit_code = guarded([&] { run_ping(*options); }); });
}

void add_pong_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<PongOptions>();
    CLI::App* command = app.add_subcommand("pong", "Send back what ping sends");
    command->add_option("-c,--ping-channel", options->ping_channel, "Where pings come from")
        ->capture_default_str();
    command->add_option("-C,--pong-channel", options->pong_channel, "Where pongs go")
        ->capture_default_str();
    command->add_option("-s,--ping-stream", options->ping_stream, "Stream id of pings")
        ->capture_default_str();
    command->add_option("-S,--pong-stream", options->pong_stream, "Stream id of pongs")
        ->capture_default_str();
    add_sample_options(*command, options->sample);
    command->footer(std::string(kPongHelp));
    command->callback([options, &exit_code] { exit_code = guarded([&] { run_pong(*options); }); });
}

}  // namespace tern::tools
