// Pains 1619 and 1812: whatever a kill leaves of the last write of a recording, the archive starts,
// the recording is a prefix of what was written, and nothing that was acknowledged is missing.
//
// The recorder's own writer writes; its last write is then undone from each page on (what a kill
// leaves), or from each sector on with some sectors missing (what a power failure may leave).

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "tern/archive/catalog.hpp"
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
constexpr std::int32_t kSegment = 128 * 1024;
constexpr std::int32_t kSession = 9;
constexpr std::int64_t kPage = 4096;
constexpr std::int64_t kSector = 512;

/// A recording that its archive was killed over, in the files of a directory.
class LogTail {
  public:
    explicit LogTail(Checksum checksum, std::int64_t start_position = 0) : checksum_(checksum) {
        descriptor_ = test::sample_descriptor();
        descriptor_.segment_file_length = kSegment;
        descriptor_.term_buffer_length = kTerm;
        descriptor_.mtu_length = 32 * 1024;
        descriptor_.session_id = kSession;
        descriptor_.start_position = start_position;
        descriptor_.stop_position = -1;
        Catalog catalog(options(), platform_);
        id_ = catalog.add_recording(descriptor_);
        writer_.emplace(RecordingWriterOptions{.archive_directory = directory_.path(),
                                               .recording_id = id_,
                                               .geometry = catalog.find(id_)->geometry(),
                                               .position = start_position,
                                               .checksum = checksum,
                                               .max_block_length = kTerm},
                        platform_.storage);
        writer_->open();
        sent_.resize(static_cast<std::size_t>(start_position));
        boundaries_ = {start_position};
    }

    [[nodiscard]] std::int64_t position() const { return writer_->position(); }
    [[nodiscard]] std::int64_t rest_of_term() const { return kTerm - position() % kTerm; }

    /// One write of the recorder: data frames of these lengths.
    void write(const std::vector<std::int32_t>& lengths, std::byte fill = std::byte{0x5A}) {
        std::vector<std::byte> block;
        last_write_ = position();
        for (const auto length : lengths) {
            const auto at = position() + std::ssize(block);
            const auto frame =
                make_frame(wire::kDataFrameType, length, term_id(at),
                           static_cast<std::int32_t>(at % kTerm), kSession, 1001, fill);
            block.insert(block.end(), frame.begin(), frame.end());
            boundaries_.push_back(at + std::ssize(frame));
        }
        writer_->write_data(block);
        sent_.insert(sent_.end(), block.begin(), block.end());
    }
    /// Padding to the end of the term.
    void pad() {
        const auto length = static_cast<std::int32_t>(rest_of_term());
        last_write_ = position();
        const auto frame =
            make_frame(wire::kPadFrameType, length, term_id(position()),
                       static_cast<std::int32_t>(position() % kTerm), kSession, 1001);
        writer_->write_padding(frame, length);
        sent_.insert(sent_.end(), frame.begin(), frame.end());
        boundaries_.push_back(std::ssize(sent_));
    }

    /// Undoes the last write from position `cut` on, but for the pages or sectors of `unit` bytes
    /// that `keep` chooses. Works on a copy: the original stays.
    template <typename Keep>
    void cut(std::int64_t cut, std::int64_t unit, Keep&& keep) {
        const auto base = geometry().segment_base(last_write_);
        const auto path = directory_.file(segment_file_name(id_, base));
        // The next segment is made only once this one is full.
        const auto next = directory_.file(segment_file_name(id_, base + kSegment));
        if (cut < end_of(base) && platform_.storage.exists(next)) {
            platform_.storage.rename(next, next + ".later");
        }
        const auto copy = platform_.storage.open(path, platform::Access::read_write);
        saved_ = test::read_file(path);
        copy->truncate(0);
        copy->truncate(kSegment);
        const auto end = end_of(base) - base;
        for (std::int64_t at = 0; at < end; at += unit) {
            const auto length = std::min(unit, end - at);
            const bool kept = base + at < cut || keep(at);
            if (!kept && base + at + length <= last_write_) continue;
            // A unit that the last write began in keeps what was there before it.
            const auto upto = kept ? length : std::max<std::int64_t>(0, last_write_ - base - at);
            if (upto > 0)
                copy->write_at(at, ConstBytes(saved_).subspan(static_cast<std::size_t>(at),
                                                              static_cast<std::size_t>(upto)));
        }
    }

    struct Outcome {
        std::int64_t stop = -1;
        std::string notes;
    };
    /// Starts on what is there, and checks what it makes of it.
    Outcome recover_and_check(std::int64_t acknowledged, const std::string& what) {
        Outcome outcome;
        {
            Catalog catalog(options(), platform_);
            outcome.stop = catalog.find(id_)->stop_position;
            for (const auto& note : catalog.open_notes()) outcome.notes += note + "\n";
            EXPECT_GE(outcome.stop, acknowledged) << "acknowledged is lost: " << what;
            EXPECT_TRUE(std::ranges::binary_search(boundaries_, outcome.stop))
                << "not at a frame: " << outcome.stop << " " << what;
            check_content(*catalog.find(id_), outcome.stop, what);
        }
        // As if it had been killed again, at once: nothing more may go.
        reopen();
        Catalog again(options(), platform_);
        EXPECT_EQ(again.find(id_)->stop_position, outcome.stop) << what;
        return outcome;
    }

    /// Makes the recording live again, as the kill left it.
    void reopen() {
        Catalog catalog(options(), platform_);
        catalog.set_stop_position(id_, -1);
    }
    /// The last write as it was.
    void restore() {
        const auto base = geometry().segment_base(last_write_);
        test::write_file(directory_.file(segment_file_name(id_, base)), saved_);
        const auto next = directory_.file(segment_file_name(id_, base + kSegment));
        if (platform_.storage.exists(next + ".later")) {
            platform_.storage.rename(next + ".later", next);
        }
        reopen();
    }

    [[nodiscard]] std::int64_t last_write() const { return last_write_; }
    [[nodiscard]] std::int64_t end() const { return std::ssize(sent_); }
    [[nodiscard]] const std::vector<std::int64_t>& boundaries() const { return boundaries_; }

  private:
    [[nodiscard]] CatalogOptions options() const {
        return {.archive_directory = directory_.path(),
                .capacity = 4096,
                .record_checksum = checksum_,
                .io_buffer_length = 64 * 1024};
    }
    [[nodiscard]] SegmentGeometry geometry() const {
        return {descriptor_.start_position, kTerm, kSegment, descriptor_.initial_term_id};
    }
    [[nodiscard]] std::int64_t end_of(std::int64_t base) const {
        return std::min<std::int64_t>(std::ssize(sent_), base + kSegment);
    }
    [[nodiscard]] std::int32_t term_id(std::int64_t position) const {
        return geometry().term_id(position);
    }

    void check_content(const RecordingSummary& recording, std::int64_t stop,
                       const std::string& what) {
        RecordingReader reader(platform_.storage, directory_.path(), recording,
                               recording.start_position, checksum_);
        std::vector<std::byte> buffer(kTerm);
        while (reader.position() < stop) {
            const auto at = reader.position();
            const auto block = reader.read(buffer, stop, stop, kSession, 1001);
            ASSERT_TRUE(block) << block.error() << " " << what;
            ASSERT_FALSE(block->empty()) << "stalls at " << at << " " << what;
            ASSERT_TRUE(std::ranges::equal(
                block->frames,
                ConstBytes(sent_).subspan(static_cast<std::size_t>(at), block->frames.size())))
                << "differs from what was sent, from " << at << " " << what;
            reader.advance(std::ssize(block->frames) + aligned_frame_length(block->padding_length));
        }
    }

    TemporaryDirectory directory_;
    platform::Platform platform_ = platform::posix::make_platform();
    Checksum checksum_;
    RecordingDescriptor descriptor_;
    std::int64_t id_ = -1;
    std::optional<RecordingWriter> writer_;
    std::vector<std::byte> sent_;           // by position
    std::vector<std::int64_t> boundaries_;  // of frames, ascending
    std::int64_t last_write_ = 0;
    std::vector<std::byte> saved_;
};

const auto kNothing = [](std::int64_t) { return false; };

/// Every tail that a kill can leave of the last write: each number of whole pages of it.
void kill_at_every_page(LogTail& tail, const std::string& what) {
    const auto begin = tail.last_write();
    for (auto cut = begin; cut < tail.end() + kPage; cut = (cut / kPage + 1) * kPage) {
        tail.cut(cut, kPage, kNothing);
        const auto outcome = tail.recover_and_check(
            begin, fmt::format("{}, cut at {} of [{}, {})", what, cut, begin, tail.end()));
        if (cut >= tail.end()) {
            EXPECT_EQ(outcome.stop, tail.end()) << what << ": all was written";
        }
        tail.restore();
    }
}

/// The stream before the last write, so that the write begins at each place that matters: page
/// boundaries and the frames before and behind, the end of a term, the end of a segment.
const std::vector<std::int64_t> kWriteAt{0,
                                         32,
                                         4064,
                                         4096,
                                         4128,
                                         kTerm - 96,
                                         kTerm - 4096,
                                         kTerm - 4128,
                                         kTerm,
                                         kTerm + 32,
                                         kSegment - 96,
                                         kSegment - 8192,
                                         kSegment - 4096,
                                         kSegment,
                                         kSegment + 4064};

/// Fills up to `position` with frames and, at term ends, padding.
void fill_to(LogTail& tail, std::int64_t position) {
    while (tail.position() < position) {
        const auto rest = std::min(position - tail.position(), tail.rest_of_term());
        const auto length = std::min<std::int64_t>(rest, 9000 / 32 * 32);
        if (rest == tail.rest_of_term() && rest <= 9000 && tail.position() % 64 == 0) {
            tail.pad();
        } else {
            tail.write({static_cast<std::int32_t>(length)});
        }
    }
}

class LogTails : public testing::TestWithParam<std::tuple<Checksum, std::byte>> {};

TEST_P(LogTails, pain_1619_EveryTailThatAKillCanLeave) {
    const auto [checksum, fill] = GetParam();
    for (const auto begin : kWriteAt) {
        LogTail tail(checksum);
        fill_to(tail, begin);
        ASSERT_EQ(tail.position(), begin);
        std::vector<std::int32_t> lengths;
        std::int64_t total = 0;
        for (const std::int32_t length : {33, 4096, 100, 4128, 32, 12000, 8192, 1408, 20000}) {
            total += aligned_frame_length(length);
            if (total > tail.rest_of_term()) break;
            lengths.push_back(length);
        }
        if (!lengths.empty()) {
            tail.write(lengths, fill);
            kill_at_every_page(tail, fmt::format("write at {}", begin));
        }
        if (tail.rest_of_term() < kTerm) {
            tail.pad();
            kill_at_every_page(tail, fmt::format("padding at {}", tail.last_write()));
        }
    }
}

/// A single frame, of every length that ends anywhere in the pages behind it.
TEST_P(LogTails, pain_1812_LastFrameStraddlesPages) {
    const auto [checksum, fill] = GetParam();
    for (const std::int64_t begin : {4096 - 32, 4096 - 64, 4096 * 3, kSegment - 16384}) {
        LogTail tail(checksum);
        fill_to(tail, begin);
        for (std::int32_t length = 33; length <= 3 * kPage; length += 416) {
            if (tail.rest_of_term() < aligned_frame_length(length)) break;
            tail.write({length}, fill);
            kill_at_every_page(tail, fmt::format("frame of {} at {}", length, begin));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Payloads, LogTails,
                         testing::Combine(testing::Values(Checksum::none, Checksum::crc32c),
                                          testing::Values(std::byte{0x5A}, std::byte{0})),
                         [](const auto& p) {
                             return std::string(std::get<0>(p.param) == Checksum::none
                                                    ? "Plain"
                                                    : "Checksums") +
                                    (std::get<1>(p.param) == std::byte{0} ? "Zeros" : "Bytes");
                         });

TEST(LogTail, pain_1812_CutsBeforeTheTornFrameAndSaysSo) {
    LogTail tail(Checksum::none);
    tail.write({4000});
    tail.write({1000});
    tail.cut(4096, kPage, kNothing);
    const auto outcome = tail.recover_and_check(4000, "torn");
    EXPECT_EQ(outcome.stop, 4000);
    EXPECT_THAT(outcome.notes,
                testing::AllOf(testing::HasSubstr("recording 0"), testing::HasSubstr("0-0.rec"),
                               testing::HasSubstr("frame at position 4000 (length 1024)"),
                               testing::HasSubstr("cut before it")));
}

TEST(LogTail, pain_1619_StartsThatLieWithinATerm) {
    for (const std::int64_t start : {32, 4096, kTerm - 32, kTerm + 4064}) {
        LogTail tail(Checksum::none, start);
        EXPECT_EQ(tail.recover_and_check(start, "nothing written").stop, start);
        tail.reopen();
        if (tail.rest_of_term() < 8192) tail.pad();
        tail.write({8192});
        kill_at_every_page(tail, fmt::format("start {}", start));
    }
}

/// A power failure keeps any sectors of what was not synced: with checksums the recording is still
/// a prefix of what was sent.
TEST(LogTail, pain_1619_AnySectorsOfTheLastWriteWithChecksums) {
    std::mt19937 random(1619);
    for (int round = 0; round < 400; ++round) {
        LogTail tail(Checksum::crc32c);
        fill_to(tail, kWriteAt[static_cast<std::size_t>(round) % kWriteAt.size()]);
        std::vector<std::int32_t> lengths;
        std::int64_t total = 0;
        for (;;) {
            const auto length = static_cast<std::int32_t>(33 + random() % (round % 2 ? 600 : 9000));
            total += aligned_frame_length(length);
            if (total > std::min<std::int64_t>(tail.rest_of_term(), 40'000)) break;
            lengths.push_back(length);
        }
        if (lengths.empty()) continue;
        tail.write(lengths);
        const auto begin = tail.last_write();
        const auto keep = [&](std::int64_t) { return random() % 4 != 0; };
        tail.cut(begin, kSector, keep);
        tail.recover_and_check(begin, fmt::format("round {}", round));
        if (testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace tern::archive
