#include "tern/tools/samples/verified_message.hpp"

#include "tern/archive/checksum.hpp"

namespace tern::tools {
namespace {

constexpr std::size_t kChecksumOffset = 8;
constexpr std::size_t kPatternOffset = 12;

std::int32_t checksum_of(ConstBytes message) noexcept {
    using archive::Checksum;
    const auto crc = [](ConstBytes bytes) {
        return archive::compute_checksum(Checksum::crc32, bytes);
    };
    // Of both parts: a number that was swapped with that of another message is found too.
    return crc(message.first(kChecksumOffset)) ^ crc(message.subspan(kPatternOffset));
}

}  // namespace

void write_verified(Bytes message, std::int64_t number) noexcept {
    store(message.data(), number);
    for (std::size_t i = kPatternOffset; i < message.size(); ++i) {
        message[i] = static_cast<std::byte>(static_cast<std::size_t>(number) + i);
    }
    store(message.data() + kChecksumOffset, checksum_of(message));
}

void StreamVerifier::check(std::int32_t session_id, ConstBytes message, bool joined_late) {
    if (message.size() < kMinVerifiedLength ||
        load<std::int32_t>(message.data() + kChecksumOffset) != checksum_of(message)) {
        ++result_.corrupt;
        return;
    }
    const auto number = load<std::int64_t>(message.data());
    const auto [next, is_first] = next_.try_emplace(session_id, joined_late ? number : 0);
    if (number < next->second) {
        ++result_.repeated;
        return;
    }
    result_.missing += number - next->second;
    ++result_.verified;
    next->second = number + 1;
}

}  // namespace tern::tools
