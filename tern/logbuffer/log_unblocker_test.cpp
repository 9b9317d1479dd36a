#include "tern/logbuffer/log_unblocker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tern/logbuffer/concurrent_appender.hpp"
#include "tern/logbuffer/term_cleaner.hpp"
#include "tern/logbuffer/testing/test_log.hpp"

namespace tern::logbuffer {
namespace {

using testing::kTermLength;
using testing::TestLog;

constexpr std::int64_t kNoLimit = INT64_MAX;

/// A publisher that dies after its claim has moved the tail, before it wrote anything.
void claim_and_die(TestLog& test, std::int32_t length) {
    LogMetadata& metadata = test.log.metadata();
    static_cast<void>(metadata.claim_tail(partition_index(metadata.active_term_count()), length));
}

TEST(LogUnblocker, ClaimWithLengthBecomesPadding) {
    TestLog test;
    const ConcurrentAppender appender(test.log);
    BufferClaim abandoned;
    EXPECT_EQ(appender.claim(kNoLimit, 100, abandoned), 160);
    EXPECT_GT(appender.append(kNoLimit, as_bytes("behind")), 0);
    EXPECT_TRUE(test.payloads(0).empty());
    EXPECT_TRUE(unblock_log(test.log, 0));
    EXPECT_EQ(test.payloads(0), (std::vector<std::string>{"behind"}));
    EXPECT_EQ(header_of(test.log.term(0).data()).frame_length, 132);
    EXPECT_FALSE(unblock_log(test.log, 0));  // a committed frame is nobody's block
}

TEST(LogUnblocker, ClaimWithoutLengthEndsWhereTheNextFrameBegins) {
    TestLog test;
    const ConcurrentAppender appender(test.log);
    claim_and_die(test, 192);
    EXPECT_FALSE(unblock_log(test.log, 0));  // its end is not known yet
    EXPECT_GT(appender.append(kNoLimit, as_bytes("behind")), 0);
    EXPECT_TRUE(unblock_log(test.log, 0));
    EXPECT_EQ(test.payloads(0), (std::vector<std::string>{"behind"}));
    EXPECT_EQ(header_of(test.log.term(0).data()).frame_length, 192);
    EXPECT_EQ(header_of(test.log.term(0).data()).type, wire::kPadFrameType);
    EXPECT_EQ(header_of(test.log.term(0).data()).session_id, testing::kSessionId);
}

TEST(LogUnblocker, DeathAtTheEndOfTheTermRotatesTheLog) {
    TestLog test(7, 0, kTermLength - 128);
    claim_and_die(test, 512);  // crosses the end; died before it wrote the padding
    EXPECT_TRUE(unblock_log(test.log, kTermLength - 128));
    EXPECT_EQ(test.log.metadata().active_term_count(), 1);
    EXPECT_EQ(test.log.producer_position(), kTermLength);
    const ConcurrentAppender appender(test.log);
    EXPECT_GT(appender.append(kNoLimit, as_bytes("next")), 0);
    EXPECT_EQ(test.payloads(kTermLength - 128), (std::vector<std::string>{"next"}));
}

TEST(LogUnblocker, DeathBetweenPaddingAndRotation) {
    TestLog test(7, 0, kTermLength - 128);
    const FrameWriter writer(test.log);
    claim_and_die(test, 512);
    writer.write_padding(test.log.term(0).data(), kTermLength - 128, 7, 128);
    const ConcurrentAppender appender(test.log);
    EXPECT_TRUE(unblock_log(test.log, kTermLength));
    EXPECT_EQ(test.log.metadata().active_term_count(), 1);
    EXPECT_EQ(appender.append(kNoLimit, as_bytes("next")), kTermLength + 64);
    EXPECT_FALSE(unblock_log(test.log, kTermLength));
}

TEST(LogUnblocker, NothingIsDoneWhereNobodyHasClaimed) {
    TestLog test(7, 0, kTermLength - 32);
    EXPECT_FALSE(unblock_log(test.log, kTermLength - 32));
    EXPECT_EQ(frame_length_at(test.log.term(0).data() + kTermLength - 32), 0);
    EXPECT_EQ(test.log.metadata().active_term_count(), 0);
    EXPECT_FALSE(unblock_log(test.log, 10 * kTermLength));  // not a position of this log's terms
}

TEST(LogUnblocker, LengthThatCannotBeIsLeftAlone) {
    TestLog test;
    claim_and_die(test, 128);
    for (const std::int32_t length : {-1, -31, -kTermLength - 32, INT32_MIN}) {
        store(test.log.term(0).data(), length);
        EXPECT_FALSE(unblock_log(test.log, 0));
        EXPECT_EQ(load<std::int32_t>(test.log.term(0).data()), length);
    }
}

TEST(TermCleaner, ZeroesItsRangeOnly) {
    for (const std::size_t length : {std::size_t{1} << 10, std::size_t{8} << 20}) {
        std::vector<std::byte> term(length, std::byte{7});
        const auto is_zero_from = [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = 0; i < 1024; ++i) {
                const std::byte expected{begin <= i && i < end ? std::uint8_t{0} : std::uint8_t{7}};
                if (term[i] != expected) return false;
                term[i] = std::byte{7};
            }
            return true;
        };
        for (std::int32_t offset = 0; offset < 256; offset += 32) {
            for (std::int32_t cleaned = 0; cleaned <= 512; cleaned += 32) {
                clean_term(term, offset, cleaned);
                const auto begin = static_cast<std::size_t>(offset);
                EXPECT_TRUE(is_zero_from(begin, begin + static_cast<std::size_t>(cleaned)))
                    << offset << " " << cleaned << " of " << length;
            }
        }
        clean_term(term, 0, static_cast<std::int32_t>(length));
        EXPECT_EQ(std::ranges::count(term, std::byte{0}), std::ssize(term));
    }
}

}  // namespace
}  // namespace tern::logbuffer
