#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tern/base/error.hpp"
#include "tern/logbuffer/concurrent_appender.hpp"
#include "tern/logbuffer/exclusive_appender.hpp"
#include "tern/logbuffer/term_cleaner.hpp"
#include "tern/logbuffer/testing/test_log.hpp"

namespace tern::logbuffer {
namespace {

using testing::kMtu;
using testing::kSessionId;
using testing::kStreamId;
using testing::kTermLength;
using testing::TestLog;

constexpr std::int64_t kNoLimit = INT64_MAX;

std::string text_of(std::size_t length) {
    std::string text(length, ' ');
    for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>('A' + i % 26);
    return text;
}

/// Both appenders do the same thing for one publisher.
template <typename Appender>
class AppenderTest : public ::testing::Test {};
using Appenders = ::testing::Types<ConcurrentAppender, ExclusiveAppender>;
TYPED_TEST_SUITE(AppenderTest, Appenders);

TYPED_TEST(AppenderTest, WritesAnUnfragmentedFrame) {
    TestLog test(7);
    TypeParam appender(test.log);
    const std::string text = text_of(100);
    EXPECT_EQ(appender.append(kNoLimit, as_bytes(text)), 160);
    const auto header = load<wire::DataHeader>(test.log.term(0).data());
    EXPECT_EQ(header.frame_length, 132);
    EXPECT_EQ(header.version, 0);
    EXPECT_EQ(header.flags, 0xC0);
    EXPECT_EQ(header.type, 1);
    EXPECT_EQ(header.term_offset, 0);
    EXPECT_EQ(header.session_id, kSessionId);
    EXPECT_EQ(header.stream_id, kStreamId);
    EXPECT_EQ(header.term_id, 7);
    EXPECT_EQ(header.reserved_value, 0);
    EXPECT_EQ(test.payloads(0), (std::vector<std::string>{text}));
    EXPECT_EQ(test.log.producer_position(), 160);
}

TYPED_TEST(AppenderTest, FragmentsWhatIsLongerThanAPayload) {
    for (const std::size_t length : {1376U, 1377U, 2752U, 2753U, 8000U, 8192U, 0U, 1U}) {
        TestLog test;
        TypeParam appender(test.log);
        const std::string text = text_of(length);
        const std::int64_t position = appender.append(kNoLimit, as_bytes(text));
        EXPECT_EQ(position, test.log.producer_position());
        const std::vector<std::string> payloads = test.payloads(0);
        EXPECT_EQ(std::accumulate(payloads.begin(), payloads.end(), std::string()), text);
        EXPECT_EQ(payloads.size(), std::max<std::size_t>(1, (length + 1375) / 1376));
        std::int32_t offset = 0;
        std::size_t i = 0;
        read_term(test.log.term(0), offset, 100, kTermLength, [&](const Frame& frame) {
            const int begin = i == 0 ? 0x80 : 0;
            const int end = i + 1 == payloads.size() ? 0x40 : 0;
            EXPECT_EQ(frame.header().flags, begin | end);
            EXPECT_EQ(frame.header().term_offset, static_cast<std::int32_t>(i) * kMtu);
            ++i;
            return ReadStep::next;
        });
        EXPECT_EQ(offset, position);
    }
}

TYPED_TEST(AppenderTest, PartsAreOneMessage) {
    for (const std::size_t length : {0U, 10U, 1376U, 5000U, 8192U}) {
        TestLog test;
        TypeParam appender(test.log);
        const std::string text = text_of(length);
        const ConstBytes whole = as_bytes(text);
        const std::array<ConstBytes, 5> parts{whole.first(length / 3), ConstBytes{},
                                              whole.subspan(length / 3, length / 4),
                                              whole.subspan(length / 3 + length / 4), ConstBytes{}};
        EXPECT_GT(appender.append(kNoLimit, parts), 0);
        const std::vector<std::string> payloads = test.payloads(0);
        EXPECT_EQ(std::accumulate(payloads.begin(), payloads.end(), std::string()), text);
    }
    TestLog test;
    TypeParam appender(test.log);
    EXPECT_EQ(appender.append(kNoLimit, std::span<const ConstBytes>()), 32);
}

TYPED_TEST(AppenderTest, ReservedValueIsSuppliedPerFrame) {
    TestLog test;
    TypeParam appender(test.log);
    const auto supplier = [](Bytes frame) { return static_cast<std::int64_t>(frame.size()); };
    EXPECT_GT(appender.append(kNoLimit, as_bytes(text_of(1377)), supplier), 0);
    EXPECT_EQ(load<std::int64_t>(test.log.term(0).data() + 24), 1408);
    EXPECT_EQ(load<std::int64_t>(test.log.term(0).data() + kMtu + 24), 33);
}

TYPED_TEST(AppenderTest, ClaimIsReadableOnlyAfterCommit) {
    TestLog test;
    TypeParam appender(test.log);
    BufferClaim claim;
    EXPECT_EQ(appender.claim(kNoLimit, 5, claim), 64);
    EXPECT_TRUE(claim);
    EXPECT_EQ(frame_length_at(test.log.term(0).data()), -37);
    EXPECT_GT(appender.append(kNoLimit, as_bytes("behind")), 0);
    EXPECT_TRUE(test.payloads(0).empty());
    std::memcpy(claim.payload().data(), "claim", 5);
    claim.header().reserved_value = 9;
    claim.commit();
    EXPECT_FALSE(claim);
    claim.abort();  // harmless
    EXPECT_EQ(test.payloads(0), (std::vector<std::string>{"claim", "behind"}));
    EXPECT_GT(appender.claim(kNoLimit, 100, claim), 0);
    claim.abort();
    EXPECT_GT(appender.append(kNoLimit, as_bytes("last")), 0);
    EXPECT_EQ(test.payloads(0), (std::vector<std::string>{"claim", "behind", "last"}));
}

TYPED_TEST(AppenderTest, WhatIsTooLongIsRefused) {
    TestLog test;
    TypeParam appender(test.log);
    BufferClaim claim;
    EXPECT_EQ(appender.max_message_length(), 8192);
    EXPECT_EQ(appender.max_payload_length(), 1376);
    EXPECT_THROW(static_cast<void>(appender.append(kNoLimit, as_bytes(text_of(8193)))), Error);
    EXPECT_THROW(static_cast<void>(appender.claim(kNoLimit, 1377, claim)), Error);
    EXPECT_THROW(static_cast<void>(appender.claim(kNoLimit, -1, claim)), Error);
    EXPECT_EQ(test.log.producer_position(), 0);
}

TYPED_TEST(AppenderTest, LimitHoldsThePublisherBack) {
    TestLog test;
    TypeParam appender(test.log);
    EXPECT_EQ(appender.append(0, as_bytes("x")), kNotConnected);
    test.log.metadata().set_connected(true);
    EXPECT_EQ(appender.append(0, as_bytes("x")), kBackPressured);
    EXPECT_EQ(appender.append(1, as_bytes("x")), 64);
    EXPECT_EQ(appender.append(64, as_bytes("x")), kBackPressured);
}

TYPED_TEST(AppenderTest, EndOfTermIsPaddedAndTheLogRotated) {
    TestLog test(INT32_MAX, 0, kTermLength - 96);  // the next term id wraps
    TypeParam appender(test.log);
    EXPECT_EQ(appender.append(kNoLimit, as_bytes(text_of(100))), kAdminAction);
    const auto padding = load<wire::DataHeader>(test.log.term(0).data() + kTermLength - 96);
    EXPECT_EQ(padding.frame_length, 96);
    EXPECT_EQ(padding.type, wire::kPadFrameType);
    EXPECT_EQ(padding.flags, 0xC0);
    EXPECT_EQ(test.log.metadata().active_term_count(), 1);
    EXPECT_EQ(test.log.producer_position(), kTermLength);
    EXPECT_EQ(appender.append(kNoLimit, as_bytes(text_of(100))), kTermLength + 160);
    EXPECT_EQ(load<wire::DataHeader>(test.log.term(1).data()).term_id, INT32_MIN);
}

TYPED_TEST(AppenderTest, MessageThatFillsTheTermExactlyNeedsNoPadding) {
    TestLog test(1, 0, kTermLength - 64);
    TypeParam appender(test.log);
    EXPECT_EQ(appender.append(kNoLimit, as_bytes(text_of(32))), kTermLength);
    EXPECT_EQ(appender.append(kNoLimit, as_bytes(text_of(32))), kAdminAction);
    EXPECT_EQ(appender.append(kNoLimit, as_bytes(text_of(32))), kTermLength + 64);
}

TYPED_TEST(AppenderTest, LastTermIsNeverLeftHoweverOftenOneTries) {
    TestLog test(5, INT32_MAX, kTermLength - 64);
    TypeParam appender(test.log);
    BufferClaim claim;
    EXPECT_EQ(appender.append(kNoLimit, as_bytes(text_of(100))), kMaxPositionExceeded);
    const std::int64_t tail = test.log.metadata().raw_tail(INT32_MAX % 3);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(appender.append(kNoLimit, as_bytes(text_of(8192))), kMaxPositionExceeded);
        ASSERT_EQ(appender.claim(kNoLimit, 10, claim), kMaxPositionExceeded);
    }
    EXPECT_EQ(tail_term_id(test.log.metadata().raw_tail(INT32_MAX % 3)), tail_term_id(tail));
    EXPECT_EQ(test.log.metadata().active_term_count(), INT32_MAX);
    EXPECT_EQ(appender.append(0, as_bytes("x")), kMaxPositionExceeded);
}

TYPED_TEST(AppenderTest, StreamOfManyTermsIsReadAsItWasWritten) {
    TestLog test(-2);  // term ids -2, -1, 0, 1, ...
    TypeParam appender(test.log);
    std::int64_t read_position = 0;
    int rotations = 0;
    for (std::size_t i = 0; i < 5000; ++i) {
        const std::string text = text_of(i % 1300);
        std::int64_t result = appender.append(kNoLimit, as_bytes(text));
        if (result == kAdminAction) {
            ++rotations;
            // As the driver does: the term that comes next must be clean.
            const std::int32_t next =
                (partition_index_of(test.log.producer_position(), 16) + 1) % 3;
            clean_term(test.log.term(next), 0, kTermLength);
            read_position = test.log.producer_position();
            result = appender.append(kNoLimit, as_bytes(text));
        }
        ASSERT_GT(result, 0);
        ASSERT_EQ(test.payloads(read_position), (std::vector<std::string>{text}));
        read_position = result;
    }
    EXPECT_GT(rotations, 40);
}

TEST(ExclusiveAppender, PaddingAdvancesThePosition) {
    TestLog test;
    ExclusiveAppender appender(test.log);
    EXPECT_EQ(appender.append_padding(kNoLimit, 1000), 1056);
    EXPECT_EQ(appender.append(kNoLimit, as_bytes("after")), 1056 + 64);
    EXPECT_EQ(test.payloads(0), (std::vector<std::string>{"after"}));
    // As much as the longest message takes: 8,192 bytes in fragments of 1,376 and their headers.
    const std::int32_t most = framed_length(8192, appender.max_payload_length());
    EXPECT_GT(most, 8192);
    EXPECT_EQ(appender.append_padding(kNoLimit, most), 1056 + 64 + most + 32);
    EXPECT_THROW(static_cast<void>(appender.append_padding(kNoLimit, most + 1)), Error);
    EXPECT_THROW(static_cast<void>(appender.append_padding(kNoLimit, -1)), Error);
    EXPECT_EQ(appender.append_padding(0, 10), kNotConnected);
}

TEST(ExclusiveAppender, BlockOfAnotherLogIsAppendedAsItStands) {
    TestLog source;
    ExclusiveAppender from(source.log);
    EXPECT_GT(from.append(kNoLimit, as_bytes("one")), 0);
    EXPECT_GT(from.append(kNoLimit, as_bytes(text_of(5000))), 0);
    const auto length = static_cast<std::size_t>(from.position());
    const ConstBytes block = source.log.term(0).first(length);

    TestLog target;
    ExclusiveAppender to(target.log);
    EXPECT_EQ(to.append_block(0, block), kNotConnected);
    EXPECT_EQ(to.append_block(kNoLimit, block), from.position());
    EXPECT_EQ(target.payloads(0), source.payloads(0));
    EXPECT_THROW(static_cast<void>(to.append_block(kNoLimit, block)), Error);  // offset differs
    EXPECT_THROW(static_cast<void>(to.append_block(kNoLimit, block.first(16))), Error);
    std::vector<std::byte> long_block(static_cast<std::size_t>(kTermLength));
    EXPECT_THROW(static_cast<void>(to.append_block(kNoLimit, long_block)), Error);
    EXPECT_EQ(to.position(), from.position());
}

TEST(ExclusiveAppender, BlockRotatesAFullTermFirst) {
    TestLog source(7, 1);
    ExclusiveAppender from(source.log);
    EXPECT_GT(from.append(kNoLimit, as_bytes("first of the next term")), 0);
    TestLog target(7, 0, kTermLength);
    ExclusiveAppender to(target.log);
    EXPECT_EQ(to.append_block(kNoLimit, source.log.term(1).first(64)), kTermLength + 64);
    EXPECT_EQ(target.log.metadata().active_term_count(), 1);
}

TEST(ConcurrentAppenderThreads, NothingLostNothingMixedAcrossTerms) {
    constexpr std::int64_t kMessages = 10'000;
    constexpr std::size_t kProducers = 3;
    TestLog test(INT32_MAX - 1);
    std::atomic<std::int64_t> limit = kTermLength / 2;
    std::vector<std::thread> producers;
    for (std::size_t producer = 0; producer < kProducers; ++producer) {
        producers.emplace_back([&, producer] {
            const ConcurrentAppender appender(test.log);
            for (std::int64_t i = 0; i < kMessages; ++i) {
                std::vector<std::int64_t> words(static_cast<std::size_t>(i % 17) + 2, i);
                words[0] = static_cast<std::int64_t>(producer);
                while (appender.append(limit.load(), std::as_bytes(std::span(words))) < 0) {
                    std::this_thread::yield();
                }
            }
        });
    }
    std::array<std::int64_t, kProducers> next{};
    std::int64_t position = 0;
    std::int64_t received = 0;
    int wrong = 0;
    while (received < kMessages * static_cast<std::int64_t>(kProducers)) {
        std::int32_t offset = term_offset_of(position, kTermLength);
        const std::int32_t begin = offset;
        const TermRead read =
            read_term(test.log.term_at(position), offset, 50, kTermLength, [&](const Frame& frame) {
                const auto* const words = frame.payload().data();
                const auto producer = static_cast<std::size_t>(load<std::int64_t>(words));
                const std::int64_t expected = next[producer]++;
                const std::size_t size = (static_cast<std::size_t>(expected % 17) + 2) * 8;
                if (frame.payload().size() != size) ++wrong;
                for (std::size_t i = 8; i < frame.payload().size(); i += 8) {
                    if (load<std::int64_t>(words + i) != expected) ++wrong;
                }
                return ReadStep::next;
            });
        received += read.frames;
        if (read.malformed) ++wrong;
        clean_term(test.log.term_at(position), begin, offset - begin);
        position += offset - begin;
        limit = position + kTermLength / 2;
        if (offset == begin) std::this_thread::yield();
    }
    for (std::thread& producer : producers) producer.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(position, test.log.producer_position());
}

TEST(ExclusiveAppender, TailThatIsInNoTermIsRefused) {
    TestLog test;
    ExclusiveAppender before(test.log);
    test.log.metadata().set_raw_tail(0, pack_tail(7, 33));
    EXPECT_THROW(ExclusiveAppender{test.log}, Error);
    test.log.metadata().set_raw_tail(0, pack_tail(8, 0));
    EXPECT_THROW(ExclusiveAppender{test.log}, Error);
    test.log.metadata().set_active_term_count(-1);
    EXPECT_THROW(ExclusiveAppender{test.log}, Error);
}

}  // namespace
}  // namespace tern::logbuffer
