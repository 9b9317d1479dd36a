#include "tern/logbuffer/position.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tern/base/error.hpp"

namespace tern::logbuffer {
namespace {

constexpr std::array kInitialTermIds{0, 1, -1, 100, INT32_MAX, INT32_MAX - 1, INT32_MIN, -54321};
constexpr std::array kCounts{0, 1, 2, 3, 1000, INT32_MAX - 1, INT32_MAX};

TEST(Position, RoundTripsForEveryTermLengthAndAcrossTheWrapOfTermIds) {
    for (int shift = 16; shift <= 30; ++shift) {
        const std::int32_t term_length = 1 << shift;
        EXPECT_EQ(position_shift(term_length), shift);
        for (const std::int32_t initial : kInitialTermIds) {
            for (const std::int32_t count : kCounts) {
                for (const std::int32_t offset : {0, 32, term_length - 32}) {
                    const std::int32_t term_id = wrapping_add(initial, count);
                    const std::int64_t position = compute_position(term_id, offset, shift, initial);
                    ASSERT_EQ(position, std::int64_t{count} * term_length + offset);
                    ASSERT_GE(position, 0);
                    ASSERT_LT(position, max_possible_position(term_length));
                    ASSERT_EQ(term_id_of(position, shift, initial), term_id);
                    ASSERT_EQ(term_offset_of(position, term_length), offset);
                    ASSERT_EQ(partition_index_of(position, shift), count % 3);
                    ASSERT_EQ(partition_index(term_count(term_id, initial)), count % 3);
                }
            }
        }
    }
}

TEST(Position, FramedLengthIsTheSumOfItsFragments) {
    for (const std::int32_t max_payload : {32, 1376, 8160, 65472}) {
        for (std::int32_t length = 1; length < 200'000; length += 977) {
            std::int32_t expected = 0;
            for (std::int32_t rest = length; rest > 0; rest -= max_payload) {
                expected += align_frame(std::min(rest, max_payload) + 32);
            }
            ASSERT_EQ(framed_length(length, max_payload), expected) << length << " " << max_payload;
        }
    }
}

TEST(Position, LimitsOfMessagesAndWindows) {
    EXPECT_EQ(max_message_length(kTermMinLength), 8192);
    EXPECT_EQ(max_message_length(kTermMaxLength), kMaxMessageLength);
    EXPECT_EQ(producer_window_length(65536, 0), 32768);
    EXPECT_EQ(producer_window_length(65536, 4096), 4096);
    EXPECT_EQ(producer_window_length(65536, 65536), 32768);
    EXPECT_EQ(receiver_window_length(65536, 131072), 32768);
}

TEST(Position, IllegalLengthsAreNamedInUpstreamsWords) {
    const auto message = [](std::int64_t length) {
        try {
            check_term_length(length);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(message(65536), "");
    EXPECT_EQ(message(4096), "Term length less than min length of 65536: length=4096");
    EXPECT_EQ(message(2147483648),
              "Term length more than max length of 1073741824: length=2147483648");
    EXPECT_EQ(message(65568), "Term length not a power of 2: length=65568");
}

TEST(Position, CountsOfAnotherProcessAreAlwaysOfATerm) {
    for (const std::int32_t count : {0, 1, 5, INT32_MAX, -1, -2, INT32_MIN}) {
        EXPECT_GE(partition_index(count), 0) << count;
        EXPECT_LT(partition_index(count), kPartitionCount) << count;
        EXPECT_GE(partition_index_of(std::int64_t{count} * 65536, 16), 0) << count;
        EXPECT_LT(partition_index_of(std::int64_t{count} * 65536, 16), kPartitionCount) << count;
    }
    EXPECT_EQ(partition_index(INT32_MAX), 1);
}

}  // namespace
}  // namespace tern::logbuffer
