// Every possible tail of a log (pains 1619 and 1812).
#include "tern/archive/catalog_recovery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tern/archive/frame_layout.hpp"
#include "tern/archive/test_support.hpp"
#include "tern/platform/posix/platform.hpp"
#include "tern/platform/sim/world.hpp"

namespace tern::archive {
namespace {

using test::make_frame;
using test::TemporaryDirectory;

constexpr std::int32_t kTerm = 64 * 1024;
constexpr std::int32_t kSegment = 128 * 1024;
constexpr std::int32_t kStream = 1001;

struct Boundary {
    std::int64_t position;
    bool padding;
};

class RecoveryTest : public testing::Test {
  protected:
    RecoveryTest() {
        recording_.recording_id = 5;
        recording_.start_position = 0;
        recording_.initial_term_id = 50;
        recording_.segment_file_length = kSegment;
        recording_.term_buffer_length = kTerm;
        recording_.stream_id = kStream;
    }

    /// Appends a frame to the image of one segment.
    void append(std::uint16_t type, std::int32_t length) {
        const auto position = static_cast<std::int64_t>(segment_.size());
        const auto frame =
            make_frame(type, length, static_cast<std::int32_t>(50 + position / kTerm),
                       static_cast<std::int32_t>(position % kTerm), 9, kStream);
        segment_.insert(segment_.end(), frame.begin(), frame.end());
        boundaries_.push_back({std::ssize(segment_), type == wire::kPadFrameType});
    }

    RecoveredStop recover(const std::vector<std::int64_t>& segments,
                          Checksum checksum = Checksum::none) {
        return recover_stop_position(platform::posix::make_platform().storage, directory_.path(),
                                     recording_, segments, checksum, buffer_);
    }

    /// The segment's first `written` bytes, the rest of the file a hole.
    void write_segment(std::size_t written, std::int64_t base = 0) {
        std::vector<std::byte> file(kSegment);
        std::copy_n(segment_.begin(), std::min(written, segment_.size()), file.begin());
        test::write_file(directory_.file(segment_file_name(5, base)), file);
    }

    RecordingSummary recording_;
    TemporaryDirectory directory_;
    std::vector<std::byte> segment_;
    std::vector<Boundary> boundaries_{{0, false}};
    std::vector<std::byte> buffer_ = std::vector<std::byte>(64 * 1024);
};

/// The write was cut at every page and at every 32 bytes in the neighbourhood of each frame's
/// ends: recovery finds the last frame that is whole, and what it finds is always a boundary.
TEST_F(RecoveryTest, FindsTheLastWholeFrameWhereverTheWriteWasCut) {
    for (const std::int32_t length : {32, 33, 1408, 4096, 4128, 9000, 100, 12000, 64}) {
        append(wire::kDataFrameType, length);
    }
    append(wire::kPadFrameType, static_cast<std::int32_t>(kTerm - std::ssize(segment_)));
    append(wire::kDataFrameType, 5000);
    for (std::size_t cut = 0; cut <= segment_.size(); cut += 32) {
        const bool near_page = cut % 4096 < 64 || cut % 4096 > 4032;
        if (!near_page && cut % 608 != 0) continue;
        write_segment(cut);
        const auto recovered = recover({0});
        const auto whole = std::ranges::find_if(
            boundaries_.rbegin(), boundaries_.rend(),
            [&](const Boundary& b) { return b.position <= static_cast<std::int64_t>(cut); });
        const auto found = std::ranges::find(boundaries_, recovered.position, &Boundary::position);
        ASSERT_NE(found, boundaries_.end()) << "not at a frame: " << recovered.position;
        if (cut % 4096 == 0 && !whole->padding) {
            // What a kill can leave: whole pages. Padding frames are whole with their header.
            const auto next = whole.base();
            if (next == boundaries_.end() || !next->padding) {
                EXPECT_EQ(recovered.position, whole->position) << "cut at " << cut;
            }
        }
        EXPECT_GE(recovered.position, whole->position) << "cut at " << cut;
        const auto second = recover({0});
        EXPECT_EQ(second.position, recovered.position) << "a second start agrees";
        EXPECT_TRUE(second.note.empty());
    }
}

TEST_F(RecoveryTest, TornLastFrameIsCutAndTold) {
    append(wire::kDataFrameType, 4000);
    append(wire::kDataFrameType, 1000);
    write_segment(4096);
    const auto recovered = recover({0});
    EXPECT_EQ(recovered.position, 4000);
    EXPECT_THAT(recovered.note, testing::HasSubstr("cut before it"));
    const auto file = test::read_file(directory_.file("5-0.rec"));
    EXPECT_EQ(std::ssize(file), kSegment);
    EXPECT_EQ(load<std::int32_t>(file.data() + 4000), 0) << "nothing left behind the stop position";
}

TEST_F(RecoveryTest, ChecksumProvesALastFrameOfZeros) {
    append(wire::kDataFrameType, 4000);
    const auto offset = static_cast<std::int32_t>(std::ssize(segment_));
    auto zeros = make_frame(wire::kDataFrameType, 9000, 50, offset, 9, kStream, std::byte{0});
    store(zeros.data() + kChecksumOffset,
          compute_checksum(Checksum::crc32c, ConstBytes(zeros).subspan(32)));
    segment_.insert(segment_.end(), zeros.begin(), zeros.end());
    write_segment(segment_.size());
    EXPECT_EQ(recover({0}, Checksum::crc32c).position, std::ssize(segment_));
    EXPECT_EQ(recover({0}, Checksum::none).position, 4000);
}

TEST_F(RecoveryTest, PaddingAcrossPagesEndsTheTermOrTheSegment) {
    append(wire::kDataFrameType, 1000);
    append(wire::kPadFrameType, kTerm - 1024);
    write_segment(segment_.size());
    EXPECT_EQ(recover({0}).position, kTerm);
    append(wire::kDataFrameType, 4096);
    append(wire::kPadFrameType, kTerm - 4096);
    write_segment(segment_.size());
    EXPECT_EQ(recover({0}).position, kSegment);
}

TEST_F(RecoveryTest, EmptyAndMissingSegments) {
    EXPECT_EQ(recover({}).position, 0);
    recording_.start_position = 4096;
    EXPECT_EQ(recover({}).position, 4096);
    write_segment(0);
    EXPECT_EQ(recover({0}).position, 4096);
    write_segment(0, kSegment);
    EXPECT_EQ(recover({0, kSegment}).position, kSegment) << "rolled, nothing written yet";
    test::write_file(directory_.file("5-131072.rec"), {});
    EXPECT_EQ(recover({0, kSegment}).position, kSegment) << "killed right after creation";
}

TEST_F(RecoveryTest, StaleFramesBehindAHoleDoNotCount) {
    append(wire::kDataFrameType, 1024);
    append(wire::kDataFrameType, 1024);
    // A whole frame of another life of this file, right behind: right shape, wrong place.
    const auto stale = make_frame(wire::kDataFrameType, 512, 49, 2048, 9, kStream);
    segment_.insert(segment_.end(), stale.begin(), stale.end());
    write_segment(segment_.size());
    const auto recovered = recover({0});
    EXPECT_EQ(recovered.position, 2048);
    EXPECT_THAT(recovered.note, testing::HasSubstr("term id"));
}

TEST_F(RecoveryTest, SmallReadsFindTheSame) {
    for (int i = 0; i < 40; ++i) append(wire::kDataFrameType, 1000 + 97 * i);
    segment_.resize(static_cast<std::size_t>(boundaries_[25].position));
    write_segment(segment_.size());
    const auto expected = recover({0}).position;
    EXPECT_EQ(expected, std::ssize(segment_));
    buffer_.resize(4096);
    EXPECT_EQ(recover({0}).position, expected);
}

/// The archive was killed between a write and its sync; power fails after the restart.
TEST_F(RecoveryTest, WhatWasRecoveredOutlivesAPowerFailure) {
    platform::sim::World world(1);
    auto& host = world.add_host("alpha");
    host.disk().options().crash.lose_page_ppm = 1'000'000;
    append(wire::kDataFrameType, 1000);
    const auto path = platform::join_path("/archive", segment_file_name(5, 0));
    {
        auto& storage = host.start("archive").platform().storage;
        storage.create_directories("/archive", platform::Visibility::shared);
        const auto file =
            storage.create(path, {.sparse = true, .visibility = platform::Visibility::shared});
        file->truncate(kSegment);
        file->sync(true);
        storage.sync_directory("/archive");
        storage.sync_directory("/");
        file->write_at(0, segment_);
    }
    const auto recovered =
        recover_stop_position(host.start("again").platform().storage, "/archive", recording_,
                              std::array{std::int64_t{0}}, Checksum::none, buffer_);
    EXPECT_EQ(recovered.position, std::ssize(segment_));
    host.crash();
    auto& storage = host.start("after").platform().storage;
    std::vector<std::byte> kept(segment_.size());
    storage.open(path, platform::Access::read_only)->read_at(0, kept);
    EXPECT_EQ(kept, segment_);
}

}  // namespace
}  // namespace tern::archive
