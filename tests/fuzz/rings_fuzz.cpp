// The buffers between a driver and its clients, as the reading side finds them: broadcast, and the
// ring of many producers, whose reader also unblocks it.

#include <algorithm>

#include "tern/memory/broadcast_receiver.hpp"
#include "tern/memory/many_to_one_ring_buffer.hpp"
#include "tests/fuzz/target.hpp"

using namespace tern;

namespace {

constexpr std::size_t kCapacity = 256;
constexpr int kMostRecords = 64;

/// The trailer from the end of the input, so that short inputs have one.
[[nodiscard]] std::vector<std::byte> buffer(ConstBytes bytes, std::size_t length) {
    std::vector<std::byte> whole(length);
    const std::size_t used = std::min(bytes.size(), length);
    std::copy_n(bytes.begin(), used, whole.begin());
    if (bytes.size() > length) {
        const ConstBytes rest = bytes.subspan(length);
        const std::size_t trailer = std::min(rest.size(), length - kCapacity);
        std::copy_n(rest.begin(), trailer, whole.begin() + kCapacity);
    }
    return whole;
}

void receive(Bytes bytes) {
    memory::BroadcastReceiver receiver(bytes);
    for (int i = 0; i < kMostRecords; ++i) {
        const auto result = receiver.receive(
            [&](std::int32_t, ConstBytes record) { fuzz::require(record.size() <= kCapacity); });
        if (result == memory::BroadcastResult::none) return;
    }
}

void read(Bytes bytes) {
    memory::ManyToOneRingBuffer ring(bytes);
    const auto inside = [&](std::int32_t, ConstBytes record) {
        fuzz::require(fuzz::is_inside(record, bytes));
    };
    static_cast<void>(ring.read(inside, kMostRecords));
    static_cast<void>(ring.size());
    for (int i = 0; i < kMostRecords && ring.unblock(); ++i) {
        static_cast<void>(ring.read(inside, kMostRecords));
    }
    static_cast<void>(ring.take_corruption());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ConstBytes bytes = fuzz::input(data, size);
    const auto broadcast = buffer(bytes, kCapacity + memory::kBroadcastTrailerLength);
    const auto ring = buffer(bytes, kCapacity + memory::kRingTrailerLength);
    fuzz::Copy for_receiver(broadcast);
    fuzz::Copy for_ring(ring);
    fuzz::allow_errors([&] { receive(for_receiver.bytes()); });
    fuzz::allow_errors([&] { read(for_ring.bytes()); });
    return 0;
}
