#include "tern/logbuffer/term_reader.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tern/logbuffer/exclusive_appender.hpp"
#include "tern/logbuffer/testing/test_log.hpp"

namespace tern::logbuffer {
namespace {

using testing::kTermLength;
using testing::TestLog;

constexpr std::int64_t kNoLimit = INT64_MAX;

class TermReaderTest : public ::testing::Test {
  protected:
    void append(std::size_t length) {
        ASSERT_GT(appender_.append(kNoLimit, as_bytes(std::string(length, 'x'))), 0);
    }
    TestLog test_;
    ExclusiveAppender appender_{test_.log};
    Bytes term_ = test_.log.term(0);
};

TEST_F(TermReaderTest, HandlerDecidesWhereToStop) {
    append(10);
    append(20);
    append(30);
    const auto read = [&](std::int32_t offset, int limit, ReadStep answer) {
        const TermRead result =
            read_term(term_, offset, limit, kTermLength, [&](const Frame&) { return answer; });
        return std::pair(offset, result.frames);
    };
    EXPECT_EQ(read(0, 10, ReadStep::next), std::pair(192, 3));
    EXPECT_EQ(read(0, 2, ReadStep::next), std::pair(128, 2));
    EXPECT_EQ(read(0, 10, ReadStep::stop), std::pair(64, 1));
    EXPECT_EQ(read(0, 10, ReadStep::retry), std::pair(0, 0));
    EXPECT_EQ(read(192, 10, ReadStep::next), std::pair(192, 0));
    std::int32_t offset = 0;
    EXPECT_EQ(read_term(term_, offset, 10, 64, [](const Frame&) { return ReadStep::next; }).frames,
              1);
}

TEST_F(TermReaderTest, OffsetIsRightWhenTheHandlerThrows) {
    append(10);
    append(20);
    std::int32_t offset = 0;
    const auto thrower = [](const Frame&) -> ReadStep { throw std::runtime_error("user"); };
    EXPECT_THROW(read_term(term_, offset, 10, kTermLength, thrower), std::runtime_error);
    EXPECT_EQ(offset, 64);
}

TEST_F(TermReaderTest, LengthThatCannotBeEndsTheReadingWithAWord) {
    append(10);
    for (const std::int32_t length : {1, 31, kTermLength, INT32_MAX}) {
        store(term_.data() + 64, length);
        std::int32_t offset = 0;
        const TermRead result =
            read_term(term_, offset, 10, kTermLength, [](const Frame&) { return ReadStep::next; });
        EXPECT_EQ(result.frames, 1);
        EXPECT_TRUE(result.malformed);
        EXPECT_EQ(offset, 64);
        EXPECT_EQ(scan_block(term_, 0, kTermLength), 64);
        EXPECT_EQ(scan_available(term_, 0, 4096).length, 64);
    }
}

TEST_F(TermReaderTest, BlockEndsAtTheLimitAndBeforePadding) {
    append(10);                                              // 0..64
    append(100);                                             // 64..224
    ASSERT_GT(appender_.append_padding(kNoLimit, 1000), 0);  // 224..1280
    append(10);                                              // 1280..1344
    EXPECT_EQ(scan_block(term_, 0, kTermLength), 224);
    EXPECT_EQ(scan_block(term_, 0, 223), 64);
    EXPECT_EQ(scan_block(term_, 0, 63), 0);
    EXPECT_EQ(scan_block(term_, 224, kTermLength), 1280);
    EXPECT_EQ(scan_block(term_, 1280, kTermLength), 1344);
    EXPECT_EQ(scan_block(term_, 1344, kTermLength), 1344);
}

TEST_F(TermReaderTest, SenderTakesWholeFramesThatFit) {
    const auto scan = [&](std::int32_t offset, std::int32_t max_length) {
        const Available available = scan_available(term_, offset, max_length);
        return std::pair(available.length, available.padding);
    };
    append(10);
    append(100);
    ASSERT_GT(appender_.append_padding(kNoLimit, 1000), 0);
    append(10);
    EXPECT_EQ(scan(0, 4096), std::pair(64 + 160 + 32, 1056 - 32));
    EXPECT_EQ(scan(0, 255), std::pair(64 + 160, 0));
    EXPECT_EQ(scan(0, 223), std::pair(64, 0));
    EXPECT_EQ(scan(0, 63), std::pair(-64, 0));
    EXPECT_EQ(scan(64, 100), std::pair(-160, 0));
    EXPECT_EQ(scan(0, 0), std::pair(0, 0));
    EXPECT_EQ(scan(1280, 4096), std::pair(64, 0));
    EXPECT_EQ(scan(1344, 4096), std::pair(0, 0));
}

TEST_F(TermReaderTest, SenderStopsAtAnUncommittedClaim) {
    append(10);
    BufferClaim claim;
    ASSERT_GT(appender_.claim(kNoLimit, 50, claim), 0);
    append(10);
    EXPECT_EQ(scan_available(term_, 0, 4096).length, 64);
    claim.commit();
    EXPECT_EQ(scan_available(term_, 0, 4096).length, 64 + 96 + 64);
}

}  // namespace
}  // namespace tern::logbuffer
