#include "tern/tools/configuration.hpp"

#include <fmt/format.h>

#include "tern/base/error.hpp"
#include "tern/driver/configuration.hpp"

namespace tern::tools {
namespace {

constexpr std::int64_t kMaxFileLength = 1 << 20;
constexpr std::string_view kFileScheme = "file://";

std::string read_text(const std::string& path, platform::Storage& storage) {
    try {
        if (storage.is_directory(path)) throw Error("it is a directory");
        const auto file = storage.open(path, platform::Access::read_only);
        const std::int64_t length = file->size();
        if (length > kMaxFileLength) {
            throw Error(fmt::format("it is longer than {} bytes", kMaxFileLength));
        }
        std::string text(static_cast<std::size_t>(length), '\0');
        text.resize(file->read_at(0, std::as_writable_bytes(std::span(text))));
        return text;
    } catch (const std::exception& error) {
        throw ConfigurationError(
            fmt::format("could not open properties file: {}: {}", path, error.what()));
    }
}

}  // namespace

void add_configuration_arguments(CLI::App& command, ConfigurationArguments& arguments) {
    command.add_option("-D", arguments.defines, "Set one property; may be repeated")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    command.add_option("PROPERTIES", arguments.files, "Property files, read after all -D")
        ->type_name("FILE");
}

Properties read_configuration(const ConfigurationArguments& arguments,
                              const platform::Platform& platform) {
    Properties properties;
    properties.set_from_environment(platform.system.environment());
    for (const std::string& define : arguments.defines) properties.set_from_define(define);
    for (const std::string& file : arguments.files) {
        if (file.starts_with("http://") || file.starts_with("https://")) {
            throw ConfigurationError(fmt::format(
                "{}: property files are not fetched from the network; name a local copy", file));
        }
        const std::string path =
            file.starts_with(kFileScheme) ? file.substr(kFileScheme.size()) : file;
        properties.set_from_text(read_text(path, platform.storage), path);
    }
    return properties;
}

void refuse_unknown_settings(const Properties& properties) {
    for (const std::string& name : properties.unused()) {
        if (!name.starts_with("tern.")) continue;
        throw ConfigurationError(
            fmt::format("{} is not a setting of this command (--help lists those it has)", name));
    }
    for (const std::string& name : driver::unknown_driver_settings(properties)) {
        fmt::print(stderr, "tern: warning: {} is not a setting of a driver; it has no effect\n",
                   name);
    }
}

std::string_view configuration_help() {
    return "Configuration is upstream's: properties such as aeron.dir, set by the environment\n"
           "(AERON_DIR), by -D, and by property files. Of several values for one name the last\n"
           "counts, in this order: environment, -D from left to right, files from left to right.\n"
           "An empty value unsets. Sizes take k, m, g; durations s, ms, us, ns.\n"
           "SIGINT and SIGTERM close gracefully. Exit codes: 0 closed, 1 failed, 2 a mistake in\n"
           "command line or configuration.";
}

}  // namespace tern::tools
