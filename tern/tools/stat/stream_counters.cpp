#include "tern/tools/stat/stream_counters.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"

namespace tern::tools {
namespace {

using namespace memory::counter_type;

/// "sub-pos: 2 12345 2001 aeron:udp?endpoint=... @40960" has the whole channel, the key only 92
/// bytes of it.
std::string channel_of(const CounterSample& counter, std::string_view key_channel) {
    std::string_view label = counter.label;
    const std::size_t begin = label.find("aeron:");
    if (begin == std::string_view::npos) return std::string(key_channel);
    label.remove_prefix(begin);
    if (counter.type_id == kSubscriberPosition) label = label.substr(0, label.rfind(" @"));
    return std::string(label);
}

}  // namespace

bool is_stream_position(std::int32_t type_id) noexcept {
    switch (type_id) {
        case kPublisherLimit:
        case kPublisherPosition:
        case kSenderPosition:
        case kSenderLimit:
        case kReceiverHighWaterMark:
        case kReceiverPosition:
        case kSubscriberPosition:
            return true;
        default:
            return false;
    }
}

bool is_stream_counter(std::int32_t type_id) noexcept {
    return is_stream_position(type_id) || type_id == kSenderBackPressureEvents ||
           type_id == kSenderNaksReceived || type_id == kReceiverNaksSent;
}

const std::string& Stream::channel() const {
    const auto longest = std::ranges::max_element(
        counters, {}, [](const StreamCounter& counter) { return counter.channel.size(); });
    return longest == counters.end() ? name.channel : longest->channel;
}

std::vector<Stream> group_by_stream(std::span<const CounterSample> counters,
                                    bool (*wanted)(std::int32_t type_id) noexcept) {
    std::map<StreamName, std::vector<StreamCounter>> groups;
    for (const CounterSample& counter : counters) {
        if (!wanted(counter.type_id)) continue;
        const auto key = memory::parse_stream_key(counter.key);
        if (!key) continue;
        groups[{key->session_id, key->stream_id, std::string(key->channel)}].push_back(
            {.counter_id = counter.id,
             .type_id = counter.type_id,
             .registration_id = key->registration_id,
             .value = counter.value,
             .name = counter.label.substr(0, counter.label.find(':')),
             .channel = channel_of(counter, key->channel)});
    }
    std::vector<Stream> streams;
    streams.reserve(groups.size());
    for (auto& [name, members] : groups) streams.push_back({name, std::move(members)});
    return streams;
}

}  // namespace tern::tools
