// tern driver: the media driver as a process (DRV-1).

#include <fmt/format.h>

#include <cstdio>

#include "tern/driver/configuration.hpp"
#include "tern/driver/media_driver.hpp"
#include "tern/platform/idle_strategy.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/posix/signals.hpp"
#include "tern/tools/command.hpp"
#include "tern/tools/configuration.hpp"
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

void run(const ConfigurationArguments& arguments) {
    const platform::Platform platform = platform::posix::make_platform();
    const Properties properties = read_configuration(arguments, platform);
    driver::DriverContext context = driver::driver_context_from(properties, platform);
    refuse_unknown_settings(properties);
    auto& stop = platform::posix::ShutdownSignal::of_process();
    context.termination_hook = [&stop] { stop.raise(); };

    const auto media_driver = launch_once_free(
        platform, stop, [&] { return driver::MediaDriver::launch(context, platform); });
    say("media driver ready in {} ({}), pid {}", media_driver->aeron_directory(),
        driver::to_string(media_driver->context().threading_mode), platform.system.process_id());
    serve(*media_driver, stop);
    say("media driver closing");
    media_driver->close();
    say("media driver closed");
}

std::string help() {
    return fmt::format(
        "{}\n\n"
        "Examples:\n"
        "  tern driver\n"
        "  tern driver -Daeron.dir=/dev/shm/aeron-me -Daeron.threading.mode=SHARED\n"
        "  AERON_TERM_BUFFER_LENGTH=64k tern driver low-latency.properties\n",
        configuration_help());
}

}  // namespace

void add_driver_command(CLI::App& app, int& exit_code) {
    auto arguments = std::make_shared<ConfigurationArguments>();
    CLI::App* command = app.add_subcommand("driver", "Run a media driver");
    add_configuration_arguments(*command, *arguments);
    command->footer(help());
    command->callback([arguments, &exit_code] { exit_code = guarded([&] { run(*arguments); }); });
}

}  // namespace tern::tools
