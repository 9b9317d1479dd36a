#pragma once
// What can be said on the command line of ping, pong, publish and subscribe alike.

#include <cstdint>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace tern::tools {

// Upstream's samples use these (TLG-14.1).
inline constexpr std::string_view kSampleChannel = "aeron:udp?endpoint=localhost:20121";
inline constexpr std::string_view kPingChannel = "aeron:udp?endpoint=localhost:20123";
inline constexpr std::string_view kPongChannel = "aeron:udp?endpoint=localhost:20124";
inline constexpr std::int32_t kSampleStream = 1001;
inline constexpr std::int32_t kPingStream = 1002;
inline constexpr std::int32_t kPongStream = 1003;
inline constexpr std::size_t kSampleMessageLength = 32;
inline constexpr std::int64_t kSampleMessages = 10'000'000;

struct SampleOptions {
    std::string directory;  ///< empty: default_aeron_directory
    bool embed_driver = false;
    bool json = false;
    std::string idle_strategy = "yield";
};

/// Gives the command --dir, --driver, --json and --idle.
void add_sample_options(CLI::App& command, SampleOptions& options);
/// Gives the command an option for a number of messages, such as 5000 or 100k.
void add_count_option(CLI::App& command, const std::string& name, std::int64_t& count,
                      const std::string& help);
/// Gives the command -L,--length.
void add_length_option(CLI::App& command, std::size_t& length);

}  // namespace tern::tools
