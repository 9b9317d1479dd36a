// tern driver: the media driver as a process (DRV-1).

#include <fmt/format.h>

#include <cstdio>

#include "tern/driver/configuration.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/signals.hpp"
#include "tern/platform/posix/thread.hpp"
#include "tern/tools/command.hpp"
#include "tern/tools/configuration.hpp"
#include "tern/tools/driver_profile.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

void serve(driver::MediaDriver& media_driver, platform::posix::ShutdownSignal& stop) {
    const driver::DriverContext& context = media_driver.context();
    if (context.threading_mode != driver::ThreadingMode::invoker) {
        stop.wait();
        return;
    }
    const auto idle = platform::make_idle_strategy(context.shared_idle_strategy.name,
                                                   context.shared_idle_strategy.options);
    while (!stop.is_raised()) idle->idle(media_driver.invoke());
}

struct DriverOptions {
    ConfigurationArguments configuration;
    std::string profile;
};

void run(const DriverOptions& options) {
    const platform::Platform platform = platform::posix::make_platform();
    Properties properties = read_configuration(options.configuration, platform);
    if (!options.profile.empty()) properties.set(kProfileProperty, options.profile);
    const std::string profile = apply_driver_profile(properties, platform::posix::usable_cpus());
    driver::DriverContext context = driver::driver_context_from(properties, platform);
    refuse_unknown_settings(properties);
    auto& stop = platform::posix::ShutdownSignal::of_process();
    context.termination_hook = [&stop] { stop.raise(); };

    const auto media_driver = launch_once_free(
        platform, stop, [&] { return driver::MediaDriver::launch(context, platform); });
    say("media driver ready in {} ({}), pid {}", media_driver->aeron_directory(),
        driver::to_string(media_driver->context().threading_mode), platform.system.process_id());
    if (!profile.empty()) say("profile: {}", profile);
    serve(*media_driver, stop);
    say("media driver closing");
    media_driver->close();
    say("media driver closed");
}

std::string help() {
    return fmt::format(
        "{}\n\n"
        "Profiles (also as {}=NAME):\n"
        "  default      idle threads back off, up to parks of 1 ms\n"
        "  low-jitter   nobody parks for long, whatever CPU that takes: agents spin on threads\n"
        "               of their own, or on less than 4 CPUs share one that parks for 10 us at\n"
        "               most; term buffers are reserved when they are made\n\n"
        "Examples:\n"
        "  tern driver\n"
        "  tern driver --profile low-jitter\n"
        "  tern driver -Daeron.dir=/dev/shm/aeron-me -Daeron.threading.mode=SHARED\n"
        "  AERON_TERM_BUFFER_LENGTH=64k tern driver low-latency.properties\n",
        configuration_help(), kProfileProperty);
}

}  // namespace

void add_driver_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<DriverOptions>();
    CLI::App* command = app.add_subcommand("driver", "Run a media driver");
    command->add_option("--profile", options->profile, "Settings for a purpose; see below")
        ->type_name("NAME");
    add_configuration_arguments(*command, options->configuration);
    command->footer(help());
    command->callback([options, &exit_code] { exit_code = guarded([&] { run(*options); }); });
}

}  // namespace tern::tools
