// tern publish and subscribe: streams of messages (TLG-15.1).

#include <fmt/format.h>

#include "tern/tools/command.hpp"
#include "tern/tools/json.hpp"
#include "tern/tools/samples/publish.hpp"
#include "tern/tools/samples/subscribe.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

void run_publish(const PublishOptions& options) {
    SampleSession session(options.sample);
    Publisher publisher(options, session);
    publisher.run();
    if (options.sample.json) {
        auto json = publisher.report().summary_json();
        json["back_pressure_ratio"] = publisher.back_pressure_ratio();
        say("{}", to_line(json));
    } else {
        say("Done streaming: {}. Back pressure ratio {:.4g}", publisher.report().summary_text(),
            publisher.back_pressure_ratio());
    }
}

constexpr std::string_view kPublishHelp =
    "Waits for a subscriber, and says once a second how much went out. SIGINT ends it with a\n"
    "summary. A message begins with its number as an int64, where it has room for one.\n\n"
    "Examples (upstream's subscribers will do as the peer, too):\n"
    "  tern driver &\n"
    "  tern subscribe &\n"
    "  tern publish\n"
    "  tern publish --messages 5 --rate 1 --text 'Hello World!'\n"
    "  tern publish --verify --length 1k --messages 0      # until interrupted\n"
    "  tern publish -c 'aeron:udp?endpoint=224.20.30.39:24326|interface=localhost'\n\n"
    "Exit codes: 0 sent, 1 no driver, 2 a mistake in the command line.";

std::string verification_text(const VerificationResult& result) {
    return fmt::format("Verification {}: {} good, {} corrupt, {} missing, {} repeated",
                       result.is_good() ? "passed" : "FAILED", group_thousands(result.verified),
                       group_thousands(result.corrupt), group_thousands(result.missing),
                       group_thousands(result.repeated));
}

void tell(const SubscribeOptions& options, const Subscriber& subscriber) {
    const VerificationResult& result = subscriber.verification();
    if (options.sample.json) {
        auto json = subscriber.report().summary_json();
        if (options.verify) {
            json["verification"] = {{"passed", result.is_good()},
                                    {"good", result.verified},
                                    {"corrupt", result.corrupt},
                                    {"missing", result.missing},
                                    {"repeated", result.repeated}};
        }
        say("{}", to_line(json));
        return;
    }
    say("Received {}", subscriber.report().summary_text());
    if (options.verify) say("{}", verification_text(result));
}

void run_subscribe(const SubscribeOptions& options) {
    SampleSession session(options.sample);
    Subscriber subscriber(options, session);
    subscriber.run();
    tell(options, subscriber);
    if (!subscriber.verification().is_good()) {
        throw Error("the messages received are not those that were sent");
    }
}

constexpr std::string_view kSubscribeHelp =
    "Says once a second how much came in. SIGINT ends it with a summary.\n\n"
    "Examples (upstream's publishers will do as the peer, too):\n"
    "  tern subscribe\n"
    "  tern subscribe --print --messages 5\n"
    "  tern subscribe --verify --until-end       # of a `tern publish --verify`\n"
    "  tern subscribe -c 'aeron:udp?endpoint=224.20.30.39:24326|interface=localhost' --json\n\n"
    "Exit codes: 0 closed, 1 no driver, or a verification failed, 2 a mistake in the command "
    "line.";

}  // namespace

void add_publish_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<PublishOptions>();
    CLI::App* command = app.add_subcommand("publish", "Send a stream of messages");
    command->add_option("-c,--channel", options->channel, "Where to")->capture_default_str();
    command->add_option("-s,--stream", options->stream, "Stream id")->capture_default_str();
    add_count_option(*command, "-m,--messages", options->messages,
                     "How many; 0: until interrupted");
    add_length_option(*command, options->length);
    command->add_option("--text", options->text, "Send this text instead of bytes");
    command->add_option("--rate", options->rate, "Messages a second; 0: as fast as it goes")
        ->check(CLI::Range(0.0, 1e9))
        ->capture_default_str();
    command
        ->add_flag("--verify", options->verify,
                   "Number the messages and give them checksums, for subscribe --verify")
        ->excludes("--text");
    command
        ->add_option("-l,--linger", options->linger_s,
                     "Seconds to stay after the last message, so that what was lost can be sent "
                     "again; default: 1 with --driver, else 0, since the driver goes on")
        ->check(CLI::Range(0.0, 86'400.0));
    add_sample_options(*command, options->sample);
    command->footer(std::string(kPublishHelp));
    command->callback(
        [options, &exit_code] { exit_code = guarded([&] { run_publish(*options); }); });
}

void add_subscribe_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<SubscribeOptions>();
    CLI::App* command = app.add_subcommand("subscribe", "Receive a stream of messages");
    command->add_option("-c,--channel", options->channel, "Where from")->capture_default_str();
    command->add_option("-s,--stream", options->stream, "Stream id")->capture_default_str();
    add_count_option(*command, "-m,--messages", options->messages, "Stop after so many; 0: never");
    command->add_flag("--until-end", options->until_end,
                      "Stop when the first publisher that came has ended its stream");
    command->add_flag("--verify", options->verify,
                      "Check numbers and checksums of what publish --verify sends");
    command->add_flag("--print", options->print, "Print each message");
    command->add_option("-f,--fragment-limit", options->fragment_limit, "Most fragments in a poll")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    add_sample_options(*command, options->sample);
    command->footer(std::string(kSubscribeHelp));
    command->callback(
        [options, &exit_code] { exit_code = guarded([&] { run_subscribe(*options); }); });
}

}  // namespace tern::tools
