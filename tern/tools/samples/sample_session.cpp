#include "tern/tools/samples/sample_session.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "tern/base/duration.hpp"
#include "tern/driver/configuration.hpp"
#include "tern/memory/cnc_file.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/tools/driver_files.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

constexpr std::int64_t kDriverPatienceNs = 2 * kNanosPerSecond;
constexpr std::int64_t kDriverTimeoutMs = 10'000;

std::string dead_driver_text(const std::string& directory) {
    return fmt::format(
        "the media driver of {} does not run any more. Start one with `tern driver`, name the "
        "directory of one that runs with --dir or AERON_DIR, or add --driver",
        directory);
}

}  // namespace

void check_length(std::size_t length, const client::PublicationBase& publication) {
    const auto longest = static_cast<std::size_t>(publication.max_message_length());
    if (length <= longest) return;
    throw ConfigurationError(fmt::format(
        "--length {}: messages on {} have at most {} bytes; a longer term-length in the "
        "channel makes longer ones possible",
        length, publication.channel(), longest));
}

SampleSession::SampleSession(const SampleOptions& options)
    : platform_(platform::posix::make_platform()),
      stop_(platform::posix::ShutdownSignal::of_process()),
      json_(options.json),
      idle_(platform::make_idle_strategy(options.idle_strategy)) {
    const std::string directory =
        options.directory.empty() ? default_aeron_directory(platform_) : options.directory;
    options.embed_driver ? start_driver(directory) : await_driver(directory);
    client::Context context;
    context.aeron_directory = directory;
    context.client_name = "tern-sample";
    context.error_handler = [](const std::exception& error) {
        fmt::print(stderr, "tern: {}\n", printable(error.what()));
    };
    aeron_ = client::Aeron::connect(std::move(context), platform_);
}

SampleSession::~SampleSession() = default;

void SampleSession::start_driver(const std::string& directory) {
    Properties properties;
    properties.set_from_environment(platform_.system.environment());
    properties.set("aeron.dir", directory);
    if (!properties.find("aeron.threading.mode")) properties.set("aeron.threading.mode", "SHARED");
    driver_ =
        driver::MediaDriver::launch(driver::driver_context_from(properties, platform_), platform_);
    note("media driver in {}, pid {}", directory, platform_.system.process_id());
}

void SampleSession::await_driver(const std::string& directory) {
    using memory::DriverPresence;
    const std::int64_t deadline_ns = now_ns() + kDriverPatienceNs;
    const auto idle = platform::make_idle_strategy("sleep-ms");
    while (true) {
        const auto presence = memory::check_driver_presence(
            platform_.storage, directory, platform_.clock.epoch_ms(), kDriverTimeoutMs);
        if (presence == DriverPresence::active) return;
        if (now_ns() > deadline_ns || stop_.is_raised()) {
            throw Error(presence == DriverPresence::absent
                            ? no_driver_text(directory) + "; or add --driver"
                            : dead_driver_text(directory));
        }
        idle->idle(0);
    }
}

void SampleSession::check_driver() const {
    if (aeron_->is_closed()) throw Error("the media driver has gone");
}

client::ImageHandlers SampleSession::image_notes(std::string channel) const {
    if (json_) return {};
    return {[channel](const std::shared_ptr<client::Image>& image) {
                note_line(fmt::format(
                    "Available image on {} streamId={} sessionId={} mtu={} term-length={} from {}",
                    channel, image->stream_id(), image->session_id(), image->mtu_length(),
                    image->term_buffer_length(), printable(image->source_identity())));
            },
            [channel](const std::shared_ptr<client::Image>& image) {
                note_line(fmt::format("Unavailable image on {} streamId={} sessionId={}", channel,
                                      image->stream_id(), image->session_id()));
            }};
}

void SampleSession::note_line(const std::string& line) { say("{}", line); }

}  // namespace tern::tools
