#include "tern/logbuffer/term_rebuilder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tern/logbuffer/exclusive_appender.hpp"
#include "tern/logbuffer/term_cleaner.hpp"
#include "tern/logbuffer/testing/test_log.hpp"

namespace tern::logbuffer {
namespace {

using testing::kMtu;
using testing::kTermLength;
using testing::TestLog;

constexpr std::int64_t kNoLimit = INT64_MAX;

/// The datagrams that a sender would make of the first term of a log.
std::vector<ConstBytes> datagrams(const LogBuffers& log) {
    std::vector<ConstBytes> found;
    std::int32_t offset = 0;
    while (true) {
        const Available available = scan_available(log.term(0), offset, kMtu);
        if (available.length <= 0) return found;
        found.push_back(log.term(0).subspan(static_cast<std::size_t>(offset),
                                            static_cast<std::size_t>(available.length)));
        offset += available.length + available.padding;
    }
}

class TermRebuilderTest : public ::testing::Test {
  protected:
    TermRebuilderTest() {
        ExclusiveAppender appender(source_.log);
        for (std::size_t i = 0;
             appender.append(kNoLimit, as_bytes(std::string(i * 37 % 3000, 'x'))) > 0;) {
            ++i;
        }
        packets_ = datagrams(source_.log);
    }
    static std::int32_t offset_of(ConstBytes packet) {
        return load<wire::DataHeader>(packet.data()).term_offset;
    }

    TestLog source_;
    TestLog image_;
    Bytes term_ = image_.log.term(0);
    std::vector<ConstBytes> packets_;
};

TEST_F(TermRebuilderTest, AnyOrderWithDuplicatesGivesTheSameTerm) {
    ASSERT_GT(packets_.size(), 20U);
    std::mt19937 random(1);
    for (int round = 0; round < 20; ++round) {
        clean_term(term_, 0, kTermLength);
        std::vector<ConstBytes> order = packets_;
        order.insert(order.end(), packets_.begin(), packets_.end());
        std::ranges::shuffle(order, random);
        std::size_t inserted = 0;
        for (const ConstBytes packet : order) {
            ASSERT_TRUE(is_insertable(packet, kTermLength));
            inserted += insert_packet(term_, offset_of(packet), packet) ? 1U : 0U;
        }
        EXPECT_EQ(inserted, packets_.size());
        EXPECT_EQ(image_.payloads(0), source_.payloads(0));
        const TermGap gap = find_gap(term_, 0, kTermLength);
        EXPECT_EQ(gap.offset, kTermLength);
        EXPECT_EQ(gap.length, 0);
    }
}

TEST_F(TermRebuilderTest, GapIsFoundExactlyAndFilled) {
    const std::size_t lost = 5;
    for (std::size_t i = 0; i < packets_.size(); ++i) {
        if (i != lost) insert_packet(term_, offset_of(packets_[i]), packets_[i]);
    }
    const TermGap gap = find_gap(term_, 0, kTermLength);
    EXPECT_EQ(gap.offset, offset_of(packets_[lost]));
    EXPECT_EQ(gap.length, static_cast<std::int32_t>(packets_[lost].size()));
    EXPECT_EQ(find_gap(term_, 0, gap.offset).length, 0);
    EXPECT_EQ(find_gap(term_, 0, gap.offset + 32).length, 32);

    EXPECT_TRUE(fill_gap(term_, image_.log.metadata(), 7, gap));
    EXPECT_FALSE(fill_gap(term_, image_.log.metadata(), 7, gap));
    const auto padding = load<wire::DataHeader>(term_.data() + gap.offset);
    EXPECT_EQ(padding.frame_length, gap.length);
    EXPECT_EQ(padding.type, wire::kPadFrameType);
    EXPECT_EQ(padding.term_id, 7);
    EXPECT_EQ(padding.term_offset, gap.offset);
    EXPECT_EQ(padding.session_id, testing::kSessionId);
    EXPECT_EQ(find_gap(term_, 0, kTermLength).offset, kTermLength);
    EXPECT_FALSE(insert_packet(term_, gap.offset, packets_[lost]));  // too late
}

TEST_F(TermRebuilderTest, WhatDoesNotFitTheTermIsNotInsertable) {
    std::vector<std::byte> packet(packets_[3].begin(), packets_[3].end());
    const auto with = [&](std::size_t offset, std::int32_t value) {
        std::vector<std::byte> changed = packet;
        store(changed.data() + offset, value);
        return is_insertable(changed, kTermLength);
    };
    const std::int32_t length = load<std::int32_t>(packet.data());
    EXPECT_TRUE(with(0, length));
    for (const std::int32_t bad : {0, -1, 31, length + 32, kTermLength, INT32_MAX, INT32_MIN}) {
        EXPECT_FALSE(with(0, bad)) << bad;
    }
    for (const std::int32_t bad : {-32, 1, kTermLength, kTermLength - 32, INT32_MAX}) {
        EXPECT_FALSE(with(8, bad)) << bad;
    }
    EXPECT_FALSE(is_insertable(ConstBytes(packet).first(31), kTermLength));
    EXPECT_FALSE(is_insertable({}, kTermLength));
    std::vector<std::byte> padded(96);  // a frame of 70 bytes, which ends with its padding
    std::copy_n(packet.begin(), 32, padded.begin());
    store(padded.data(), std::int32_t{70});
    EXPECT_TRUE(is_insertable(padded, kTermLength));
    for (std::size_t cut = 33; cut < padded.size(); ++cut) {
        EXPECT_FALSE(is_insertable(ConstBytes(padded).first(cut), kTermLength)) << cut;
    }
    std::vector<std::byte> other_type = packet;
    store<std::uint16_t>(other_type.data() + 6, 5);
    EXPECT_FALSE(is_insertable(other_type, kTermLength));
}

TEST_F(TermRebuilderTest, PaddingHeaderMayStandForTheRestOfATerm) {
    wire::DataHeader padding = image_.log.metadata().default_frame_header;
    padding.type = wire::kPadFrameType;
    padding.term_offset = kTermLength - 4096;
    padding.frame_length = 4096;
    std::vector<std::byte> packet(32);
    store(packet.data(), padding);
    EXPECT_TRUE(is_insertable(packet, kTermLength));
    padding.frame_length = 4128;
    store(packet.data(), padding);
    EXPECT_FALSE(is_insertable(packet, kTermLength));
}

TEST_F(TermRebuilderTest, RandomBytesAreNeverInsertedBeyondTheTerm) {
    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        std::vector<std::byte> packet(
            packets_[static_cast<std::size_t>(i) % packets_.size()].begin(),
            packets_[static_cast<std::size_t>(i) % packets_.size()].end());
        for (int flip = 0; flip < 3; ++flip) {
            packet[random() % std::min<std::size_t>(packet.size(), 40)] ^=
                static_cast<std::byte>(1U << (random() % 8));
        }
        packet.resize(random() % (packet.size() + 1));
        if (is_insertable(packet, kTermLength)) {
            insert_packet(term_, load<wire::DataHeader>(packet.data()).term_offset, packet);
        }
    }
    static_cast<void>(find_gap(term_, 0, kTermLength));
}

}  // namespace
}  // namespace tern::logbuffer
