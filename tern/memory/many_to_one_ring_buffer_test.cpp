#include "tern/memory/many_to_one_ring_buffer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tern/base/error.hpp"
#include "tern/memory/testing/golden.hpp"

namespace tern::memory {
namespace {

using testing::AlignedBytes;

constexpr std::size_t kCapacity = 1024;

class ManyToOneRingBufferTest : public ::testing::Test {
  protected:
    using Messages = std::vector<std::pair<std::int32_t, std::string>>;

    Messages read(int limit = 1000) {
        Messages messages;
        ring_.read([&](std::int32_t type,
                       ConstBytes payload) { messages.emplace_back(type, as_text(payload)); },
                   limit);
        return messages;
    }
    bool write(std::int32_t type, const std::string& text) {
        return ring_.write(type, as_bytes(text));
    }
    std::byte* at(std::int64_t index) { return memory_.data() + index; }
    bool capacity_is_zero() {
        for (std::size_t i = 0; i < kCapacity; ++i) {
            if (memory_.data()[i] != std::byte{0}) return false;
        }
        return true;
    }

    AlignedBytes memory_{kCapacity + kRingTrailerLength};
    ManyToOneRingBuffer ring_{memory_.bytes()};
};

TEST_F(ManyToOneRingBufferTest, DeliversInOrderAndLeavesZeroesBehind) {
    EXPECT_TRUE(write(1, "one"));
    EXPECT_TRUE(write(2, ""));
    EXPECT_TRUE(write(3, "three three"));
    EXPECT_EQ(ring_.size(), 16 + 8 + 24);
    EXPECT_EQ(read(), (Messages{{1, "one"}, {2, ""}, {3, "three three"}}));
    EXPECT_TRUE(capacity_is_zero());
    EXPECT_EQ(ring_.size(), 0);
    EXPECT_EQ(ring_.consumer_position(), ring_.producer_position());
}

TEST_F(ManyToOneRingBufferTest, RecordsLieAsTheFormatSays) {
    EXPECT_TRUE(write(7, "abc"));
    EXPECT_EQ(load<std::int32_t>(at(0)), 11);
    EXPECT_EQ(load<std::int32_t>(at(4)), 7);
    EXPECT_EQ(load<std::int64_t>(at(kCapacity + 128)), 16);  // tail
    read();
    EXPECT_EQ(load<std::int64_t>(at(kCapacity + 384)), 16);  // head
    EXPECT_EQ(ring_.next_correlation_id(), 0);
    EXPECT_EQ(ring_.next_correlation_id(), 1);
    EXPECT_EQ(load<std::int64_t>(at(kCapacity + 512)), 2);
    ring_.set_consumer_heartbeat_ms(77);
    EXPECT_EQ(load<std::int64_t>(at(kCapacity + 640)), 77);
}

TEST_F(ManyToOneRingBufferTest, IsFullRatherThanOverwriting) {
    const std::string text(static_cast<std::size_t>(ring_.max_payload_length()), 'x');
    int written = 0;
    while (write(1, text)) ++written;
    EXPECT_EQ(written, 7);  // 7 * 136 = 952, the eighth would not fit 1024
    EXPECT_EQ(read(1).size(), 1U);
    EXPECT_TRUE(write(1, std::string(100, 'y')));  // padding of 72, then at the front
    EXPECT_FALSE(write(1, std::string(100, 'y')));
    EXPECT_EQ(read().size(), 6U);
    EXPECT_EQ(read(), (Messages{{1, std::string(100, 'y')}}));
    EXPECT_TRUE(capacity_is_zero());
}

TEST_F(ManyToOneRingBufferTest, WrapsManyTimesWithEveryLength) {
    for (int i = 0; i < 10'000; ++i) {
        const std::string text(static_cast<std::size_t>(i % (ring_.max_payload_length() + 1)), 'a');
        ASSERT_TRUE(write(i % 5 + 1, text));
        Messages messages;
        while (messages.empty()) messages = read();  // a pass ends at the end of the buffer
        ASSERT_EQ(messages, (Messages{{i % 5 + 1, text}}));
    }
}

TEST_F(ManyToOneRingBufferTest, RefusesWhatCannotBeSent) {
    EXPECT_THROW(write(0, "x"), Error);
    EXPECT_THROW(
        write(1, std::string(static_cast<std::size_t>(ring_.max_payload_length()) + 1, 'x')),
        Error);
    AlignedBytes odd(1000 + kRingTrailerLength);
    EXPECT_THROW(ManyToOneRingBuffer{odd.bytes()}, Error);
    AlignedBytes short_one(100);
    EXPECT_THROW(ManyToOneRingBuffer{short_one.bytes()}, Error);
}

TEST_F(ManyToOneRingBufferTest, ClaimIsSeenOnlyAfterCommit) {
    auto claim = ring_.try_claim(5, 4);
    ASSERT_TRUE(claim);
    EXPECT_TRUE(write(6, "behind"));
    EXPECT_TRUE(read().empty());
    std::memcpy(claim->payload().data(), "fill", 4);
    claim->commit();
    claim->abort();  // harmless
    EXPECT_EQ(read(), (Messages{{5, "fill"}, {6, "behind"}}));
}

TEST_F(ManyToOneRingBufferTest, AbortedOrForgottenClaimIsSkipped) {
    ring_.try_claim(5, 4)->abort();
    { const auto forgotten = ring_.try_claim(5, 40); }
    EXPECT_TRUE(write(6, "behind"));
    EXPECT_EQ(read(), (Messages{{6, "behind"}}));
}

TEST_F(ManyToOneRingBufferTest, ControlledReadObeysItsActions) {
    for (int i = 1; i <= 4; ++i) EXPECT_TRUE(write(i, "m"));
    std::vector<std::int32_t> seen;
    const auto answer = [&](ReadAction action) {
        return [&seen, action](std::int32_t type, ConstBytes) {
            seen.push_back(type);
            return action;
        };
    };
    EXPECT_EQ(ring_.controlled_read(answer(ReadAction::abort), 10), 0);
    EXPECT_EQ(ring_.consumer_position(), 0);
    EXPECT_EQ(ring_.controlled_read(answer(ReadAction::break_), 10), 1);
    EXPECT_EQ(ring_.consumer_position(), 16);
    EXPECT_EQ(ring_.controlled_read(
                  [&](std::int32_t type, ConstBytes) {
                      seen.push_back(type);
                      EXPECT_EQ(ring_.consumer_position(), type == 2 ? 16 : 32);
                      return ReadAction::commit;
                  },
                  2),
              2);
    EXPECT_EQ(ring_.controlled_read(answer(ReadAction::continue_), 10), 1);
    EXPECT_EQ(seen, (std::vector<std::int32_t>{1, 1, 2, 3, 4}));
}

TEST_F(ManyToOneRingBufferTest, ThrowingHandlerConsumesItsMessageOnly) {
    EXPECT_TRUE(write(1, "bad"));
    EXPECT_TRUE(write(2, "good"));
    EXPECT_THROW(ring_.read([](std::int32_t, ConstBytes) { throw Error("no"); }, 10), Error);
    EXPECT_EQ(read(), (Messages{{2, "good"}}));
}

TEST_F(ManyToOneRingBufferTest, CorruptLengthIsReportedOnceAndLeftInPlace) {
    EXPECT_TRUE(write(1, "fine"));
    EXPECT_TRUE(write(2, "spoilt"));
    for (const std::int32_t length : {3, 1200, INT32_MAX}) {
        AlignedBytes copy(memory_.size());
        std::memcpy(copy.data(), memory_.data(), memory_.size());
        ManyToOneRingBuffer ring(copy.bytes());
        store(copy.data() + 16, length);
        int delivered = 0;
        ring.read([&](std::int32_t, ConstBytes) { ++delivered; }, 10);
        EXPECT_EQ(delivered, 1);
        const auto corruption = ring.take_corruption();
        ASSERT_TRUE(corruption);
        EXPECT_EQ(corruption->position, 16);
        EXPECT_EQ(corruption->length, length);
        EXPECT_EQ(corruption->message_type, 2);
        EXPECT_EQ(ring.read([&](std::int32_t, ConstBytes) { ++delivered; }, 10), 0);
        EXPECT_FALSE(ring.take_corruption());
        EXPECT_FALSE(ring.unblock());
        EXPECT_EQ(load<std::int32_t>(copy.data() + 16), length);
        EXPECT_EQ(ring.consumer_position(), 16);
    }
}

TEST_F(ManyToOneRingBufferTest, UnblocksClaimOfDeadProducer) {
    EXPECT_FALSE(ring_.unblock());
    store<std::int64_t>(at(kCapacity + 128), 16);  // tail, as a producer that claimed 16 bytes
    store<std::int32_t>(at(0), -12);               // and wrote the length
    EXPECT_TRUE(write(2, "next"));
    EXPECT_TRUE(read().empty());
    EXPECT_TRUE(ring_.unblock());
    EXPECT_EQ(read(), (Messages{{2, "next"}}));
}

TEST_F(ManyToOneRingBufferTest, UnblocksClaimWithoutLength) {
    store<std::int64_t>(at(kCapacity + 128), 40);
    EXPECT_FALSE(ring_.unblock());  // nobody wrote behind it: its end is not known
    EXPECT_TRUE(write(2, "next"));
    EXPECT_TRUE(ring_.unblock());
    EXPECT_EQ(read(), (Messages{{2, "next"}}));
    EXPECT_FALSE(ring_.unblock());
}

TEST_F(ManyToOneRingBufferTest, DoesNotUnblockWhatIsWhole) {
    EXPECT_TRUE(write(2, "whole"));
    EXPECT_FALSE(ring_.unblock());
    store<std::int32_t>(at(0), -5000);  // a length that cannot be
    EXPECT_FALSE(ring_.unblock());
}

TEST(ManyToOneRingBufferThreads, NothingLostNothingMixed) {
    constexpr int kProducers = 3;
    constexpr std::int64_t kMessages = 20'000;
    AlignedBytes memory(4096 + kRingTrailerLength);
    std::vector<std::thread> producers;
    for (std::int32_t producer = 0; producer < kProducers; ++producer) {
        producers.emplace_back([&memory, producer] {
            ManyToOneRingBuffer ring(memory.bytes());
            for (std::int64_t i = 0; i < kMessages; ++i) {
                const std::vector<std::int64_t> words(static_cast<std::size_t>(i % 7 + 1), i);
                const ConstBytes payload = std::as_bytes(std::span(words));
                while (!ring.write(producer + 1, payload)) std::this_thread::yield();
            }
        });
    }
    ManyToOneRingBuffer ring(memory.bytes());
    std::vector<std::int64_t> next(kProducers, 0);
    std::int64_t received = 0;
    int wrong = 0;
    while (received < kProducers * kMessages) {
        const int read = ring.read(
            [&](std::int32_t type, ConstBytes payload) {
                const std::int64_t expected = next[static_cast<std::size_t>(type - 1)]++;
                if (payload.size() != static_cast<std::size_t>(expected % 7 + 1) * 8) ++wrong;
                for (std::size_t i = 0; i < payload.size(); i += 8) {
                    if (load<std::int64_t>(payload.data() + i) != expected) ++wrong;
                }
            },
            64);
        received += read;
        if (read == 0) std::this_thread::yield();
    }
    for (std::thread& producer : producers) producer.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(ring.size(), 0);
    EXPECT_FALSE(ring.is_corrupt());
}

// Of a process that went wild: neither side follows it, and the consumer says so.
TEST_F(ManyToOneRingBufferTest, PlacesThatNoRecordCanHaveAreNotFollowed) {
    for (const std::int64_t place : {std::int64_t{3}, std::int64_t{-8}, INT64_MAX - 7}) {
        AlignedBytes memory{kCapacity + kRingTrailerLength};
        std::byte* const trailer = memory.data() + kCapacity;
        ManyToOneRingBuffer ring(memory.bytes());
        store(trailer + ring::kTailOffset, place);
        EXPECT_FALSE(ring.try_claim(1, 8)) << place;
        EXPECT_FALSE(ring.unblock());
        EXPECT_EQ(ring.size(), 0);
        store(trailer + ring::kHeadOffset, place);
        EXPECT_EQ(ring.read([](std::int32_t, ConstBytes) {}, 10), 0);
        EXPECT_TRUE(ring.is_corrupt());
        const auto corruption = ring.take_corruption();
        ASSERT_TRUE(corruption);
        EXPECT_EQ(corruption->position, place);
    }
}

}  // namespace
}  // namespace tern::memory
