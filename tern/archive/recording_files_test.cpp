// What the writer writes the reader reads, and Java's segments too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/archive/frame_layout.hpp"
#include "tern/archive/recording_reader.hpp"
#include "tern/archive/recording_writer.hpp"
#include "tern/archive/test_support.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::archive {
namespace {

using test::make_frame;
using test::TemporaryDirectory;

constexpr std::int32_t kTerm = 64 * 1024;
constexpr std::int32_t kStream = 1001;

class RecordingFilesTest : public testing::Test {
  protected:
    RecordingFilesTest() {
        recording_.recording_id = 3;
        recording_.segment_file_length = kTerm;
        recording_.term_buffer_length = kTerm;
        recording_.initial_term_id = 10;
        recording_.stream_id = kStream;
        recording_.session_id = 9;
    }

    platform::Storage& storage() { return platform::posix::make_platform().storage; }

    RecordingWriter writer(std::int64_t position, bool extending, Checksum checksum = {}) {
        RecordingWriterOptions options;
        options.archive_directory = directory_.path();
        options.recording_id = 3;
        options.geometry = recording_.geometry();
        options.position = position;
        options.extending = extending;
        options.checksum = checksum;
        options.max_block_length = kTerm;
        if (extending) RecordingWriter::remove_later_segments(options, storage());
        return {options, storage()};
    }

    std::vector<std::byte> frame_at(std::int64_t position, std::int32_t length,
                                    std::uint16_t type = wire::kDataFrameType) {
        return make_frame(type, length, static_cast<std::int32_t>(10 + position / kTerm),
                          static_cast<std::int32_t>(position % kTerm), 9, kStream,
                          static_cast<std::byte>(position / 32));
    }

    /// Everything from the start to `stop`; the error text at the end if there is one.
    std::pair<std::vector<std::byte>, std::string> read_all(std::int64_t stop,
                                                            Checksum checksum = {}) {
        RecordingReader reader(storage(), directory_.path(), recording_, recording_.start_position,
                               checksum);
        EXPECT_TRUE(reader.open());
        std::vector<std::byte> all;
        std::vector<std::byte> buffer(8192);
        while (reader.position() < stop) {
            const auto block = reader.read(buffer, stop, stop, 77, 88);
            if (!block) return {all, block.error()};
            if (block->empty()) return {all, "stalled"};
            all.insert(all.end(), block->frames.begin(), block->frames.end());
            reader.advance(std::ssize(block->frames));
            if (block->padding_length > 0)
                reader.advance(aligned_frame_length(block->padding_length));
        }
        return {all, {}};
    }

    RecordingSummary recording_;
    TemporaryDirectory directory_;
};

TEST_F(RecordingFilesTest, WhatIsWrittenIsReadAcrossSegments) {
    for (const Checksum checksum : {Checksum::none, Checksum::crc32, Checksum::crc32c}) {
        auto file = writer(0, false, checksum);
        file.open();
        std::int64_t frames = 0;
        while (file.position() < 3 * kTerm + 1000) {
            const auto offset = file.position() % kTerm;
            if (offset + 1408 > kTerm) {
                const auto length = static_cast<std::int32_t>(kTerm - offset);
                file.write_padding(frame_at(file.position(), length, wire::kPadFrameType), length);
            } else {
                file.write_data(frame_at(file.position(), 1400));
                ++frames;
            }
        }
        const auto [bytes, error] = read_all(file.position(), checksum);
        EXPECT_EQ(error, "");
        EXPECT_EQ(std::ssize(bytes), frames * 1408);
        EXPECT_EQ(load<std::int32_t>(bytes.data() + kChecksumOffset), 77);
        EXPECT_EQ(load<std::int32_t>(bytes.data() + 16), 88);
        for (const auto base : list_segments(storage(), directory_.path(), 3)) {
            EXPECT_EQ(storage().file_size(directory_.file(segment_file_name(3, base))), kTerm);
            storage().remove(directory_.file(segment_file_name(3, base)));
        }
    }
}

TEST_F(RecordingFilesTest, ASegmentInTheWayStopsTheRecordingBeforeTheBlock) {
    test::write_file(directory_.file(segment_file_name(3, kTerm)), {});
    auto file = writer(kTerm - 64, false);
    file.open();
    file.write_data(frame_at(kTerm - 64, 32));
    EXPECT_THROW(file.write_data(frame_at(kTerm - 32, 32)), WriterError);
    EXPECT_EQ(file.position(), kTerm - 32);
}

TEST_F(RecordingFilesTest, ExtendingCutsStaleFramesOff) {
    auto file = writer(0, false);
    file.open();
    for (int i = 0; i < 4; ++i) file.write_data(frame_at(file.position(), 64));
    file.close();
    auto extension = writer(128, true);
    extension.open();
    const auto bytes = test::read_file(directory_.file("3-0.rec"));
    EXPECT_EQ(std::ssize(bytes), kTerm);
    EXPECT_EQ(load<std::int32_t>(bytes.data() + 64), 64);
    EXPECT_EQ(load<std::int32_t>(bytes.data() + 128), 0);
}

/// Pain 1900: segments that the system lost end a replay with an error, they never stall it.
TEST_F(RecordingFilesTest, ExtendingGoesOnWhereTheNextSegmentCouldNotBeMade) {
    auto file = writer(0, false);
    file.open();
    file.write_data(frame_at(0, kTerm / 2));
    storage().create(directory_.path() + "/3-65536.rec", {});  // and then the disk failed
    storage().create(directory_.path() + "/3-131072.rec", {});
    EXPECT_THROW(file.write_data(frame_at(kTerm / 2, kTerm / 2)), WriterError);
    auto extension = writer(file.position(), true);
    extension.open();
    extension.write_data(frame_at(kTerm / 2, kTerm / 2));
    extension.write_data(frame_at(kTerm, 64));
    EXPECT_EQ(extension.position(), kTerm + 64);
    EXPECT_FALSE(storage().exists(directory_.path() + "/3-131072.rec"));
}

TEST_F(RecordingFilesTest, LostBytesAreAnError) {
    auto file = writer(0, false);
    file.open();
    for (int i = 0; i < 100; ++i) file.write_data(frame_at(file.position(), 1000));
    file.close();
    const auto path = directory_.file("3-0.rec");
    const auto whole = test::read_file(path);

    auto holed = whole;
    std::fill(holed.begin() + 4096, holed.begin() + 8192, std::byte{0});
    test::write_file(path, holed);
    EXPECT_THAT(read_all(50 * 1024).second, testing::StartsWith("unexpected end of recording"));

    test::write_file(path, ConstBytes(whole).first(10'000));
    EXPECT_THAT(read_all(50 * 1024).second, testing::StartsWith("unexpected end of recording"));

    auto strange = whole;
    strange[1024 + 6] = std::byte{5};
    test::write_file(path, strange);
    EXPECT_EQ(read_all(50 * 1024).second,
              "unexpected end of recording at position=1024 (segmentFilePosition=0, "
              "segmentOffset=0, termOffset=0, frameOffset=1024)");

    storage().remove(path);
    RecordingReader reader(storage(), directory_.path(), recording_, 0, Checksum::none);
    EXPECT_FALSE(reader.open());
}

TEST_F(RecordingFilesTest, AStopInsideAFrameEndsBeforeIt) {
    auto file = writer(0, false);
    file.open();
    for (int i = 0; i < 4; ++i) file.write_data(frame_at(file.position(), 1024));
    for (const std::int64_t stop : {3000, 2048 + 31, 2048 + 1}) {
        const auto [bytes, error] = read_all(stop);
        EXPECT_EQ(std::ssize(bytes), 2048);
        EXPECT_EQ(error, "stalled");
    }
}

TEST_F(RecordingFilesTest, ReadsJavasRecordingsAndProvesTheirChecksums) {
    const auto path = test::unpack_golden_archive("archive-crc32c", directory_);
    const auto platform = platform::posix::make_platform();
    Catalog catalog({path, 1024, 0, Checksum::crc32c, 64 * 1024}, platform);
    std::vector<std::byte> buffer(64 * 1024);
    for (const std::int64_t id : {0, 1, 2}) {
        const auto recording = *catalog.find(id);
        RecordingReader reader(storage(), path, recording, recording.start_position,
                               Checksum::crc32c);
        ASSERT_TRUE(reader.open());
        EXPECT_TRUE(reader.is_at_frame());
        while (reader.position() < recording.stop_position) {
            const auto block =
                reader.read(buffer, recording.stop_position, recording.stop_position, 1, 2);
            ASSERT_TRUE(block) << block.error();
            ASSERT_FALSE(block->empty());
            reader.advance(std::ssize(block->frames) + aligned_frame_length(block->padding_length));
        }
        EXPECT_EQ(reader.position(), recording.stop_position);
    }
}

}  // namespace
}  // namespace tern::archive
