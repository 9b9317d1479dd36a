#include "sim/checkers/stream_payload.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tern/base/assert.hpp"
#include "tern/platform/sim/timeline.hpp"
#include "tern/platform/split_mix.hpp"

namespace tern::sim {
namespace {

void fill(Bytes content, std::uint64_t stream_key, std::uint64_t sequence) {
    std::uint64_t counter = platform::split_mix(stream_key) ^ sequence;
    while (!content.empty()) {
        counter += platform::kSplitMixIncrement;
        const std::uint64_t word = platform::split_mix(counter);
        const std::size_t length = std::min(sizeof(word), content.size());
        std::memcpy(content.data(), &word, length);
        content = content.subspan(length);
    }
}

std::uint64_t hash_of_message(ConstBytes message) {
    return platform::sim::hash_of(message.subspan(sizeof(StreamHeader::hash)));
}

// Says where a message with a wrong hash first differs from what its header says it is.
std::string describe_damage(ConstBytes message, const StreamHeader& header) {
    StreamPayload payload(header.stream_key, header.session);
    const ConstBytes intact = payload.make(header.sequence, message.size());
    const auto differ = std::mismatch(message.begin() + kMinStreamMessageLength, message.end(),
                                      intact.begin() + kMinStreamMessageLength);
    if (differ.first == message.end()) return "a message with a damaged header";
    return fmt::format("a message of {} bytes that says it is {} is damaged from byte {} on",
                       message.size(), header.sequence, differ.first - message.begin());
}

}  // namespace

ConstBytes StreamPayload::make(std::uint64_t sequence, std::size_t length) {
    TERN_ASSERT(length >= kMinStreamMessageLength && length <= kMaxStreamMessageLength,
                "a message has room for its header, and is not longer than Aeron allows");
    if (message_.size() == length && sequence_ == sequence) return message_;
    sequence_ = sequence;
    message_.resize(length);
    fill(Bytes(message_).subspan(sizeof(StreamHeader)), stream_key_, sequence);
    StreamHeader header{.hash = 0,
                        .stream_key = stream_key_,
                        .sequence = sequence,
                        .session = session_,
                        .length = static_cast<std::uint32_t>(length)};
    store(message_.data(), header);
    store(message_.data(), hash_of_message(message_));
    return message_;
}

std::expected<StreamHeader, std::string> StreamPayload::verify(ConstBytes message) {
    if (message.size() < kMinStreamMessageLength || message.size() > kMaxStreamMessageLength) {
        return std::unexpected(fmt::format("a message of {} bytes", message.size()));
    }
    const auto header = load<StreamHeader>(message.data());
    if (header.hash != hash_of_message(message)) {
        return std::unexpected(describe_damage(message, header));
    }
    if (header.length != message.size()) {
        return std::unexpected(fmt::format("message {} of {} bytes says it has {}", header.sequence,
                                           message.size(), header.length));
    }
    return header;
}

}  // namespace tern::sim
