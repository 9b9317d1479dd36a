#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tern/base/error.hpp"
#include "tern/memory/broadcast_receiver.hpp"
#include "tern/memory/broadcast_transmitter.hpp"
#include "tern/memory/testing/golden.hpp"

namespace tern::memory {
namespace {

using testing::AlignedBytes;

constexpr std::size_t kCapacity = 1024;

class BroadcastTest : public ::testing::Test {
  protected:
    BroadcastResult receive(BroadcastReceiver& receiver) {
        return receiver.receive([this](std::int32_t type, ConstBytes payload) {
            type_ = type;
            text_ = as_text(payload);
        });
    }

    AlignedBytes memory_{kCapacity + kBroadcastTrailerLength};
    BroadcastTransmitter transmitter_{memory_.bytes()};
    std::int32_t type_ = 0;
    std::string text_;
};

TEST_F(BroadcastTest, EveryReceiverSeesEveryRecord) {
    BroadcastReceiver first(memory_.bytes());
    BroadcastReceiver second(memory_.bytes());
    for (int i = 0; i < 10'000; ++i) {
        const std::string text(static_cast<std::size_t>(i % 129), static_cast<char>('a' + i % 26));
        transmitter_.transmit(i % 9 + 1, as_bytes(text));
        for (BroadcastReceiver* receiver : {&first, &second}) {
            ASSERT_EQ(receive(*receiver), BroadcastResult::received);
            ASSERT_EQ(type_, i % 9 + 1);
            ASSERT_EQ(text_, text);
            ASSERT_EQ(receive(*receiver), BroadcastResult::none);
        }
    }
}

TEST_F(BroadcastTest, NewReceiverBeginsWithTheLatestRecord) {
    transmitter_.transmit(1, as_bytes("old"));
    transmitter_.transmit(2, as_bytes("latest"));
    BroadcastReceiver receiver(memory_.bytes());
    EXPECT_EQ(receive(receiver), BroadcastResult::received);
    EXPECT_EQ(text_, "latest");
    EXPECT_EQ(receive(receiver), BroadcastResult::none);
}

TEST_F(BroadcastTest, LappedReceiverFindsOutAndGoesOnAtTheLatest) {
    BroadcastReceiver receiver(memory_.bytes());
    for (int i = 0; i < 100; ++i)
        transmitter_.transmit(1, as_bytes(std::to_string(i) + std::string(40, ' ')));
    EXPECT_EQ(receive(receiver), BroadcastResult::lost);
    EXPECT_EQ(receiver.lapped_count(), 1);
    EXPECT_EQ(receive(receiver), BroadcastResult::received);
    EXPECT_EQ(text_.substr(0, 2), "99");
    EXPECT_EQ(receive(receiver), BroadcastResult::none);
}

TEST_F(BroadcastTest, GarbageInTheBufferNeverLeavesIt) {
    for (const std::int32_t length : {-1, 0, 7, 1025, 4096, INT32_MAX, INT32_MIN}) {
        AlignedBytes memory(kCapacity + kBroadcastTrailerLength);
        BroadcastTransmitter transmitter(memory.bytes());
        BroadcastReceiver receiver(memory.bytes());
        transmitter.transmit(1, as_bytes("message"));
        store(memory.data(), length);
        EXPECT_EQ(receive(receiver), BroadcastResult::lost) << length;
        transmitter.transmit(1, as_bytes("another"));
    }
}

TEST_F(BroadcastTest, RefusesWhatCannotBeSent) {
    EXPECT_THROW(transmitter_.transmit(0, {}), Error);
    EXPECT_THROW(transmitter_.transmit(1, as_bytes(std::string(129, 'x'))), Error);
    AlignedBytes odd(1000);
    EXPECT_THROW(BroadcastReceiver{odd.bytes()}, Error);
}

TEST_F(BroadcastTest, ReadsUpstreamsBroadcastBuffer) {
    // The whole buffer from its beginning, as a receiver that was there from the start.
    AlignedBytes cnc = testing::read_golden("shm/c/cnc.dat.xz");
    const Bytes buffer = cnc.bytes().subspan(1049472, 1048704);
    std::byte* const trailer = buffer.data() + (1 << 20);
    store<std::int64_t>(trailer + 16, 0);  // so that the receiver begins with the first record
    BroadcastReceiver receiver(buffer);
    std::vector<std::int32_t> types;
    while (receive(receiver) == BroadcastResult::received) types.push_back(type_);
    EXPECT_EQ(types, (std::vector<std::int32_t>{0xF08, 0xF07, 0xF07, 0xF03, 0xF02, 0xF06, 0xF02,
                                                0xF08, 0xF0B, 0xF01, 0xF01}));
    EXPECT_EQ(load<std::int64_t>(reinterpret_cast<const std::byte*>(text_.data())), 10);
}

TEST(BroadcastThreads, WhatIsReceivedIsWhole) {
    AlignedBytes memory(512 + kBroadcastTrailerLength);
    BroadcastReceiver receiver(memory.bytes());
    std::atomic<bool> done = false;
    std::thread sender([&] {
        BroadcastTransmitter transmitter(memory.bytes());
        for (std::int64_t i = 0; i < 50'000; ++i) {
            const std::vector<std::int64_t> words(static_cast<std::size_t>(i % 8), i);
            transmitter.transmit(1, std::as_bytes(std::span(words)));
        }
        done = true;
    });
    std::int64_t last = -1;
    int wrong = 0;
    bool more = true;
    while (more) {
        const bool was_done = done;
        const BroadcastResult result = receiver.receive([&](std::int32_t type, ConstBytes payload) {
            if (type != 1) ++wrong;
            for (std::size_t i = 0; i < payload.size(); i += 8) {
                const auto word = load<std::int64_t>(payload.data() + i);
                if (i == 0 && word <= last) ++wrong;
                if (i > 0 && word != last) ++wrong;
                last = word;
            }
        });
        more = !was_done || result != BroadcastResult::none;
    }
    sender.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(last, 49'999);  // 49'999 % 8 == 7: the last one has a payload
}

// Of a process that went wild: nothing of it is followed, and the client will end.
TEST_F(BroadcastTest, PlacesThatNoRecordCanHaveAreALoss) {
    for (const std::int64_t place : {std::int64_t{3}, std::int64_t{-8}, INT64_MAX - 7}) {
        store(memory_.data() + kCapacity + broadcast::kLatestOffset, place);
        store(memory_.data() + kCapacity + broadcast::kTailOffset, INT64_MAX);
        store(memory_.data() + kCapacity + broadcast::kTailIntentOffset, std::int64_t{16});
        BroadcastReceiver receiver(memory_.bytes());
        EXPECT_EQ(receive(receiver), BroadcastResult::lost) << place;
    }
}

}  // namespace
}  // namespace tern::memory
