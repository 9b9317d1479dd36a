#include "tern/tools/stat/counter_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tern/base/error.hpp"
#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/tools/stat/stream_counters.hpp"

namespace tern::tools {
namespace {

using namespace memory::counter_type;

constexpr std::array<std::string_view, 6> kNames{"type",   "identity", "session",
                                                 "stream", "channel",  "label"};
/// A longer pattern is no use on labels of 380 bytes, and could exhaust the stack.
constexpr std::size_t kMaxPatternLength = 256;

std::regex parse_pattern(std::string_view word, std::string_view pattern) {
    if (pattern.size() > kMaxPatternLength) {
        throw ConfigurationError(
            fmt::format("'{}': the pattern is longer than {} bytes", word, kMaxPatternLength));
    }
    try {
        return std::regex(pattern.begin(), pattern.end());
    } catch (const std::regex_error& error) {
        throw ConfigurationError(
            fmt::format("'{}': no regular expression: {}", word, error.what()));
    }
}

}  // namespace

CounterFilter::CounterFilter(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) {
            throw ConfigurationError(
                fmt::format("Arguments must be in name=pattern format: Invalid '{}'; names are {}",
                            word, fmt::join(kNames, ", ")));
        }
        const auto name = std::string_view(word).substr(0, equals);
        if (std::ranges::find(kNames, name) == kNames.end()) {
            throw ConfigurationError(fmt::format("Unrecognised argument: '{}'; names are {}", word,
                                                 fmt::join(kNames, ", ")));
        }
        patterns_.insert_or_assign(std::string(name),
                                   parse_pattern(word, std::string_view(word).substr(equals + 1)));
    }
}

bool CounterFilter::found(std::string_view name, std::string_view text) const {
    const auto pattern = patterns_.find(name);
    if (pattern == patterns_.end()) return true;
    try {
        return std::regex_search(text.begin(), text.end(), pattern->second);
    } catch (const std::regex_error&) {
        return false;  // too complex for this text
    }
}

bool CounterFilter::matches_key(const CounterSample& counter) const {
    const ConstBytes key(counter.key);
    if (counter.type_id == kSystem) {
        return found("identity", fmt::format("{}", load<std::int32_t>(key.data())));
    }
    if (counter.type_id == kSendChannelStatus || counter.type_id == kReceiveChannelStatus) {
        return found("channel", memory::parse_channel_key(key).value_or(""));
    }
    const bool is_filtered = is_stream_position(counter.type_id) || counter.type_id == kPerImage;
    if (!is_filtered) return true;
    const auto stream = memory::parse_stream_key(key);
    return stream && found("identity", fmt::format("{}", stream->registration_id)) &&
           found("session", fmt::format("{}", stream->session_id)) &&
           found("stream", fmt::format("{}", stream->stream_id)) &&
           found("channel", stream->channel);
}

bool CounterFilter::matches(const CounterSample& counter) const {
    return found("type", fmt::format("{}", counter.type_id)) && found("label", counter.label) &&
           matches_key(counter);
}

}  // namespace tern::tools
