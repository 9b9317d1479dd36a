#include "sim/checkers/stream_checker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tern::sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Optional;

using Message = std::vector<std::byte>;

constexpr std::uint64_t kKey = 0xA1;
constexpr std::uint32_t kSession = 7;

Message message_of(std::uint64_t key, std::uint32_t session, std::uint64_t sequence,
                   std::size_t length) {
    StreamPayload payload(key, session);
    const ConstBytes bytes = payload.make(sequence, length);
    return {bytes.begin(), bytes.end()};
}

// A writer that has sent ten messages, from the shortest to several fragments long, and a reader.
class StreamCheckerTest : public ::testing::Test {
  protected:
    StreamCheckerTest() {
        for (std::int64_t n = 0; n < 10; ++n) {
            sent_.push_back(message_of(kKey, kSession, static_cast<std::uint64_t>(n),
                                       kMinStreamMessageLength + 4321 * static_cast<size_t>(n)));
            writer_.accepted(64 * 1024 * (n + 1));
        }
    }
    void start(std::optional<std::uint64_t> first = 0) {
        ASSERT_EQ(reader_.on_image(first), std::nullopt);
    }
    void read(std::size_t first, std::size_t end) {
        for (std::size_t n = first; n < end; ++n) {
            ASSERT_EQ(reader_.on_message(sent_[n]), std::nullopt) << n;
        }
    }
    StreamWriter writer_{kKey, kSession};
    StreamReader reader_{writer_};
    std::vector<Message> sent_;
};

TEST_F(StreamCheckerTest, AcceptsAllInOrder) {
    start();
    read(0, 10);
    EXPECT_EQ(reader_.on_image_gone(), std::nullopt);
    EXPECT_EQ(reader_.finish(10), std::nullopt);
}

TEST_F(StreamCheckerTest, TheWriterOffersAMessageUntilItIsAccepted) {
    StreamWriter writer(kKey, kSession);
    EXPECT_EQ(StreamPayload::verify(writer.next(100))->sequence, 0U);
    EXPECT_EQ(StreamPayload::verify(writer.next(32))->sequence, 0U);
    writer.accepted(64);
    EXPECT_EQ(StreamPayload::verify(writer.next(32))->sequence, 1U);
    writer.accepted(128);
    EXPECT_EQ(writer.position(), 128);
    EXPECT_EQ(writer.sent_up_to(63), 0U);
    EXPECT_EQ(writer.sent_up_to(64), 1U);
    EXPECT_EQ(writer.sent_up_to(127), 1U);
    EXPECT_EQ(writer.sent_up_to(128), 2U);
}

TEST_F(StreamCheckerTest, FindsEveryFlippedBit) {
    start();
    for (std::size_t bit = 0; bit < 8 * sent_[0].size(); ++bit) {
        Message damaged = sent_[0];
        damaged[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_NE(reader_.on_message(damaged), std::nullopt) << bit;
    }
    EXPECT_EQ(reader_.on_message(sent_[0]), std::nullopt);
}

TEST_F(StreamCheckerTest, SaysWhereAMessageIsDamaged) {
    start();
    read(0, 5);
    Message damaged = sent_[5];
    std::fill(damaged.begin() + 1344, damaged.begin() + 2688, std::byte{});
    EXPECT_THAT(reader_.on_message(damaged),
                Optional(AllOf(HasSubstr("says it is 5"), HasSubstr("from byte 1344 on"))));
}

TEST_F(StreamCheckerTest, FindsTruncatedAndLengthenedMessages) {
    start();
    Message longer = sent_[0];
    longer.resize(longer.size() + 32);
    EXPECT_NE(reader_.on_message(longer), std::nullopt);
    for (const std::size_t length : {0U, 1U, 31U, 32U, 1344U}) {
        EXPECT_NE(reader_.on_message(ConstBytes(sent_[9]).first(length)), std::nullopt) << length;
    }
}

TEST_F(StreamCheckerTest, FindsMessagesOfOthers) {
    start();
    EXPECT_THAT(reader_.on_message(message_of(kKey + 1, kSession, 0, 64)),
                Optional(HasSubstr("of stream 0xa2 session 7")));
    EXPECT_THAT(reader_.on_message(message_of(kKey, kSession + 1, 0, 64)),
                Optional(HasSubstr("of stream 0xa1 session 8")));
}

TEST_F(StreamCheckerTest, FindsAGapOnce) {
    start();
    read(0, 3);
    EXPECT_THAT(reader_.on_message(sent_[4]), Optional(HasSubstr("gap: message 4 came where 3")));
    read(5, 10);
}

TEST_F(StreamCheckerTest, FindsAGapAtTheBeginning) {
    start();
    EXPECT_THAT(reader_.on_message(sent_[1]), Optional(HasSubstr("gap")));
}

TEST_F(StreamCheckerTest, FindsARepeatAndAReorder) {
    start();
    read(0, 3);
    EXPECT_THAT(reader_.on_message(sent_[2]), Optional(HasSubstr("message 2 repeated, 3 was due")));
    EXPECT_THAT(reader_.on_message(sent_[0]), Optional(HasSubstr("out of order")));
}

TEST_F(StreamCheckerTest, FindsAMessageThatWasNotSentYet) {
    start();
    read(0, 10);
    const Message early = message_of(kKey, kSession, 10, 64);
    EXPECT_THAT(reader_.on_message(early), Optional(HasSubstr("10 was never sent")));
    writer_.accepted(1 << 20);
    EXPECT_EQ(reader_.on_message(early), std::nullopt);
}

TEST_F(StreamCheckerTest, FindsAMissingEnd) {
    start();
    read(0, 9);
    EXPECT_EQ(reader_.finish(9), std::nullopt);
    EXPECT_THAT(reader_.finish(10), Optional(HasSubstr("ends before message 9")));
}

TEST_F(StreamCheckerTest, ALateJoinerMayBeginAnywhereButThenMissesNothing) {
    start(std::nullopt);
    read(4, 6);
    EXPECT_THAT(reader_.on_message(sent_[7]), Optional(HasSubstr("gap")));
}

TEST_F(StreamCheckerTest, AnImageThatComesBackGoesOnLaterButNeverBack) {
    start();
    read(0, 4);
    EXPECT_EQ(reader_.on_image_gone(), std::nullopt);
    EXPECT_THAT(reader_.on_message(sent_[4]), Optional(HasSubstr("without an image")));
    start(std::nullopt);
    EXPECT_THAT(reader_.on_message(sent_[3]), Optional(HasSubstr("repeated")));
    EXPECT_EQ(reader_.on_image_gone(), std::nullopt);
    start(std::nullopt);
    read(8, 10);
}

TEST_F(StreamCheckerTest, AnImageNeverBeginsBeforeWhatWasReadAlready) {
    start();
    read(0, 4);
    EXPECT_EQ(reader_.on_image_gone(), std::nullopt);
    EXPECT_THAT(reader_.on_image(3), Optional(HasSubstr("goes back to 3, 4 was due")));
}

TEST_F(StreamCheckerTest, WhatIsAbandonedIsNotMissed) {
    start();
    read(0, 3);
    writer_.abandon(3);
    writer_.abandon(4);
    read(5, 9);
    writer_.abandon(9);
    EXPECT_EQ(reader_.finish(10), std::nullopt);
}

TEST_F(StreamCheckerTest, BesidesWhatIsAbandonedAllIsMissed) {
    start();
    read(0, 3);
    writer_.abandon(3);
    EXPECT_THAT(reader_.on_message(sent_[5]), Optional(HasSubstr("came where 4 was due")));
}

TEST_F(StreamCheckerTest, TellsTheFirstMessageOfWhoJoinsInTheMiddle) {
    StreamWriter writer(kKey, kSession);
    writer.accepted(0, 64);
    writer.accepted(128, 256);  // after padding
    EXPECT_EQ(writer.first_from(0), 0U);
    EXPECT_EQ(writer.first_from(32), 1U);
    EXPECT_EQ(writer.first_from(128), 1U);
    EXPECT_EQ(writer.first_from(160), 2U);
}

TEST_F(StreamCheckerTest, FindsImagesOutOfTurn) {
    EXPECT_NE(reader_.on_image_gone(), std::nullopt);
    start();
    EXPECT_NE(reader_.on_image(0), std::nullopt);
}

}  // namespace
}  // namespace tern::sim
