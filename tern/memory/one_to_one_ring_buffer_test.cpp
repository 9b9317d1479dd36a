#include "tern/memory/one_to_one_ring_buffer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tern/base/error.hpp"
#include "tern/memory/testing/golden.hpp"

namespace tern::memory {
namespace {

using testing::AlignedBytes;

TEST(OneToOneRingBuffer, WrapsManyTimesWithEveryLength) {
    for (const std::size_t capacity : {std::size_t{64}, std::size_t{1024}}) {
        AlignedBytes memory(capacity + kRingTrailerLength);
        OneToOneRingBuffer ring(memory.bytes());
        const auto lengths = static_cast<std::size_t>(ring.max_payload_length()) + 1;
        std::size_t written = 0;
        std::size_t read = 0;
        for (int round = 0; round < 5'000; ++round) {
            while (ring.write(1, as_bytes(std::string(written % lengths, 'a')))) ++written;
            ASSERT_GT(written, read);
            ring.read(
                [&](std::int32_t, ConstBytes payload) {
                    ASSERT_EQ(payload.size(), read % lengths);
                    ++read;
                },
                round % 3 + 1);
        }
    }
}

TEST(OneToOneRingBuffer, AbortedRecordComesAgain) {
    AlignedBytes memory(64 + kRingTrailerLength);
    OneToOneRingBuffer ring(memory.bytes());
    EXPECT_TRUE(ring.write(9, as_bytes("x")));
    const auto abort = [](std::int32_t, ConstBytes) { return ReadAction::abort; };
    EXPECT_EQ(ring.controlled_read(abort, 10), 0);
    int seen = 0;
    EXPECT_EQ(ring.read([&](std::int32_t type, ConstBytes) { seen = type; }, 10), 1);
    EXPECT_EQ(seen, 9);
    EXPECT_EQ(ring.size(), 0);
}

TEST(OneToOneRingBuffer, RefusesWhatCannotBeSent) {
    AlignedBytes memory(64 + kRingTrailerLength);
    OneToOneRingBuffer ring(memory.bytes());
    EXPECT_THROW(static_cast<void>(ring.write(0, {})), Error);
    EXPECT_THROW(static_cast<void>(ring.write(1, as_bytes(std::string(9, 'x')))), Error);
    AlignedBytes tiny(8 + kRingTrailerLength);
    EXPECT_THROW(OneToOneRingBuffer{tiny.bytes()}, Error);
}

TEST(OneToOneRingBufferThreads, NothingLost) {
    constexpr std::int64_t kMessages = 100'000;
    AlignedBytes memory(512 + kRingTrailerLength);
    OneToOneRingBuffer ring(memory.bytes());
    std::thread producer([&ring] {
        for (std::int64_t i = 0; i < kMessages; ++i) {
            const ConstBytes payload = std::as_bytes(std::span(&i, 1));
            while (!ring.write(1, payload)) std::this_thread::yield();
        }
    });
    std::int64_t expected = 0;
    int wrong = 0;
    while (expected < kMessages) {
        const int read = ring.read(
            [&](std::int32_t, ConstBytes payload) {
                if (load<std::int64_t>(payload.data()) != expected) ++wrong;
                ++expected;
            },
            16);
        if (read == 0) std::this_thread::yield();
    }
    producer.join();
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tern::memory
