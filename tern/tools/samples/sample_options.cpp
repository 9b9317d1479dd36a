#include "tern/tools/samples/sample_options.hpp"

#include <CLI/CLI.hpp>

namespace tern::tools {
namespace {

constexpr std::size_t kLongestMessage = 16 << 20;  // on the longest terms there are

}  // namespace

void add_sample_options(CLI::App& command, SampleOptions& options) {
    command.add_option("--dir", options.directory,
                       "Aeron directory of the driver; default: AERON_DIR, or this user's");
    command.add_flag("--driver", options.embed_driver,
                     "Run a media driver in this process, which others can use too");
    command.add_flag("--json", options.json, "JSON lines, for machines");
    command
        .add_option("--idle", options.idle_strategy,
                    "What to do when there is nothing to do: spin, yield, backoff, noop, ...")
        ->capture_default_str();
}

void add_count_option(CLI::App& command, const std::string& name, std::int64_t& count,
                      const std::string& help) {
    command.add_option(name, count, help)
        ->transform(CLI::Validator(CLI::AsSizeValue(true)).description(""))
        ->type_name("COUNT")
        ->capture_default_str();
}

void add_length_option(CLI::App& command, std::size_t& length) {
    command.add_option("-L,--length", length, "Bytes in a message, such as 32 or 4k")
        ->transform(CLI::Validator(CLI::AsSizeValue(false)).description(""))
        ->check(CLI::Range(std::size_t{0}, kLongestMessage).description(""))
        ->type_name("SIZE")
        ->capture_default_str();
}

}  // namespace tern::tools
