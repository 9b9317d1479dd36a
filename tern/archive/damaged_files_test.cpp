// Files of an archive that are damaged in every systematic way: the archive starts, or says clearly
// why not; it never crashes or hangs, and never harms a recording that was not damaged.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "tern/archive/catalog.hpp"
#include "tern/archive/catalog_layout.hpp"
#include "tern/archive/frame_layout.hpp"
#include "tern/archive/recording_reader.hpp"
#include "tern/archive/recording_writer.hpp"
#include "tern/archive/test_support.hpp"
#include "tern/memory/archive_mark_file.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::archive {
namespace {

using test::TemporaryDirectory;
using Bits = std::vector<std::byte>;

constexpr std::int32_t kTerm = 64 * 1024;
constexpr std::int32_t kSegment = 64 * 1024;
constexpr std::int64_t kRecordings = 3;
constexpr std::int64_t kFrames = 40;
constexpr std::int32_t kFrameLength = 1024;
constexpr std::int64_t kStop = kFrames * kFrameLength;

/// Recordings 0 and 1 stopped, 2 live when the archive was killed; each of 40 frames.
class DamagedFiles : public testing::Test {
  protected:
    DamagedFiles() {
        Catalog catalog(options(), platform_);
        for (std::int64_t id = 0; id < kRecordings; ++id) {
            auto descriptor = test::sample_descriptor();
            descriptor.segment_file_length = kSegment;
            descriptor.term_buffer_length = kTerm;
            descriptor.stop_position = id + 1 == kRecordings ? -1 : kStop;
            EXPECT_EQ(catalog.add_recording(descriptor), id);
            RecordingWriter writer({.archive_directory = directory_.path(),
                                    .recording_id = id,
                                    .geometry = catalog.find(id)->geometry(),
                                    .max_block_length = kTerm},
                                   platform_.storage);
            writer.open();
            for (std::int64_t i = 0; i < kFrames; ++i) {
                writer.write_data(test::make_frame(wire::kDataFrameType, kFrameLength, 7,
                                                   static_cast<std::int32_t>(i * kFrameLength), 42,
                                                   1001, static_cast<std::byte>(id + 1)));
            }
        }
        catalog.close();
        catalog_ = test::read_file(catalog_path());
        for (std::int64_t id = 0; id < kRecordings; ++id) {
            segments_.push_back(test::read_file(segment_path(id)));
        }
    }

    [[nodiscard]] CatalogOptions options() const {
        return {.archive_directory = directory_.path(),
                .capacity = 4096,
                .io_buffer_length = 64 * 1024};
    }
    [[nodiscard]] std::string catalog_path() const { return directory_.file("archive.catalog"); }
    [[nodiscard]] std::string segment_path(std::int64_t id) const {
        return directory_.file(segment_file_name(id, 0));
    }

    /// Opens the catalog; empty when it opened, else what it said.
    std::string open(std::unique_ptr<Catalog>& catalog) {
        try {
            catalog = std::make_unique<Catalog>(options(), platform_);
            return {};
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr(directory_.path()))
                << "an error names its file";
            return error.what();
        }
    }

    /// Reads a recording as far as it goes: never beyond its stop position, never for ever.
    std::int64_t read(const Catalog& catalog, std::int64_t id) {
        const auto recording = *catalog.find(id);
        RecordingReader reader(platform_.storage, directory_.path(), recording,
                               recording.start_position, Checksum::none);
        std::vector<std::byte> buffer(kTerm);
        for (int reads = 0; reads < 1000 && reader.position() < recording.stop_position; ++reads) {
            const auto block =
                reader.read(buffer, recording.stop_position, recording.stop_position, 42, 1001);
            if (!block || block->empty()) return reader.position();
            reader.advance(std::ssize(block->frames) + block->padding_length);
        }
        return reader.position();
    }

    /// The recording is there, with all it had.
    void expect_unharmed(const Catalog& catalog, std::int64_t id, const std::string& damage) {
        const auto recording = catalog.find(id);
        ASSERT_TRUE(recording) << id << " is gone; " << damage;
        EXPECT_EQ(recording->stop_position, kStop) << id << "; " << damage;
        EXPECT_EQ(read(catalog, id), kStop) << id << "; " << damage;
    }
    void expect_segments_untouched(const std::string& damage) {
        for (std::int64_t id = 0; id < kRecordings; ++id) {
            ASSERT_EQ(test::read_file(segment_path(id)), segments_[static_cast<std::size_t>(id)])
                << "segment of " << id << "; " << damage;
        }
    }
    /// Which recording's record holds this byte of the catalog; -1: the header, or none.
    [[nodiscard]] std::int64_t record_at(std::size_t offset) const {
        const auto length = (end_of_records() - catalog_layout::kHeaderLength) / kRecordings;
        const auto at = static_cast<std::int64_t>(offset) - catalog_layout::kHeaderLength;
        return at < 0 || at >= kRecordings * length ? -1 : at / length;
    }
    [[nodiscard]] std::int64_t end_of_records() const {
        const std::int64_t length = load<std::int32_t>(catalog_.data() + 32) + 32;
        return catalog_layout::kHeaderLength + kRecordings * ((length + 63) / 64 * 64);
    }

    TemporaryDirectory directory_;
    platform::Platform platform_ = platform::posix::make_platform();
    Bits catalog_;
    std::vector<Bits> segments_;
};

TEST_F(DamagedFiles, EveryBitOfTheCatalog) {
    int opened = 0;
    for (std::size_t at = 0; at < static_cast<std::size_t>(end_of_records()) + 64; ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            const auto damage = fmt::format("bit {} of byte {}", bit, at);
            auto damaged = catalog_;
            damaged[at] ^= static_cast<std::byte>(1 << bit);
            test::write_file(catalog_path(), damaged);
            std::unique_ptr<Catalog> catalog;
            const auto error = open(catalog);
            if (!error.empty()) {
                ASSERT_EQ(test::read_file(catalog_path()), damaged)
                    << "refused, yet changed; " << damage;
                continue;
            }
            ++opened;
            for (std::int64_t id = 0; id < kRecordings; ++id) {
                if (record_at(at) != id) expect_unharmed(*catalog, id, damage);
            }
            const auto next = catalog->add_recording(test::sample_descriptor());
            EXPECT_GE(next, kRecordings) << "an id given out twice; " << damage;
            if (HasFailure()) return;
        }
    }
    expect_segments_untouched("catalog damaged");
    EXPECT_GT(opened, 1000);
}

TEST_F(DamagedFiles, EveryLengthOfTheCatalog) {
    for (std::size_t length = 0; length <= static_cast<std::size_t>(end_of_records()); ++length) {
        const auto damage = fmt::format("cut to {}", length);
        test::write_file(catalog_path(), ConstBytes(catalog_).first(length));
        std::unique_ptr<Catalog> catalog;
        if (!open(catalog).empty()) continue;
        for (std::int64_t id = 0; id < kRecordings; ++id) {
            const auto record_end = (id + 1) * (end_of_records() - 32) / kRecordings + 32;
            if (static_cast<std::int64_t>(length) >= record_end) {
                expect_unharmed(*catalog, id, damage);
            }
        }
        EXPECT_GE(catalog->add_recording(test::sample_descriptor()), kRecordings)
            << "its segments would be overwritten; " << damage;
        if (HasFailure()) return;
    }
    expect_segments_untouched("catalog cut");
}

TEST_F(DamagedFiles, AMissingCatalogIsMadeAnewAndNothingOverwritten) {
    std::filesystem::remove(catalog_path());
    Catalog catalog(options(), platform_);
    EXPECT_EQ(catalog.size(), 0U);
    EXPECT_THAT(catalog.open_notes(),
                testing::Contains(testing::HasSubstr("3 segment files in " + directory_.path())));
    EXPECT_EQ(catalog.add_recording(test::sample_descriptor()), kRecordings);
    expect_segments_untouched("catalog missing");
}

TEST_F(DamagedFiles, RandomCatalogs) {
    std::mt19937 random(5);
    for (int round = 0; round < 3000; ++round) {
        auto damaged = catalog_;
        for (auto left = 1 + random() % 30; left > 0; --left) {
            damaged[random() % static_cast<std::size_t>(end_of_records())] =
                static_cast<std::byte>(random());
        }
        test::write_file(catalog_path(), damaged);
        std::unique_ptr<Catalog> catalog;
        if (!open(catalog).empty()) continue;
        for (std::int64_t id = 0; catalog->next_id(id); id = *catalog->next_id(id) + 1) {
            (void)read(*catalog, *catalog->next_id(id));
        }
    }
}

/// Every bit of the headers of the live recording's frames, and some of the payloads.
TEST_F(DamagedFiles, EveryBitOfFrameHeaders) {
    const auto& segment = segments_[2];
    for (std::size_t frame = 0; frame < static_cast<std::size_t>(kFrames); frame += 3) {
        for (std::size_t byte = 0; byte < 40; ++byte) {
            for (int bit = 0; bit < 8; ++bit) {
                const auto damage = fmt::format("bit {} of byte {} of frame {}", bit, byte, frame);
                auto damaged = segment;
                damaged[frame * kFrameLength + byte] ^= static_cast<std::byte>(1 << bit);
                test::write_file(segment_path(2), damaged);
                test::write_file(catalog_path(), catalog_);
                std::unique_ptr<Catalog> catalog;
                ASSERT_EQ(open(catalog), "") << damage;
                expect_unharmed(*catalog, 0, damage);
                expect_unharmed(*catalog, 1, damage);
                const auto recording = catalog->find(2);
                ASSERT_TRUE(recording);
                EXPECT_GE(recording->stop_position, static_cast<std::int64_t>(frame) * kFrameLength)
                    << "what lies before the damage is lost; " << damage;
                EXPECT_LE(read(*catalog, 2), kSegment);
                if (HasFailure()) return;
            }
        }
    }
}

TEST_F(DamagedFiles, EveryLengthOfASegment) {
    for (std::size_t length = 0; length < static_cast<std::size_t>(kStop) + 64; length += 56) {
        const auto damage = fmt::format("segment cut to {}", length);
        test::write_file(segment_path(2), ConstBytes(segments_[2]).first(length));
        test::write_file(catalog_path(), catalog_);
        std::unique_ptr<Catalog> catalog;
        ASSERT_EQ(open(catalog), "") << damage;
        const auto stop = catalog->find(2)->stop_position;
        EXPECT_EQ(stop, static_cast<std::int64_t>(length) / kFrameLength * kFrameLength) << damage;
        EXPECT_EQ(read(*catalog, 2), stop) << damage;
        expect_unharmed(*catalog, 0, damage);
    }
}

/// A stopped recording is trusted; its replay finds the damage, names the place and ends.
TEST_F(DamagedFiles, AReplayEndsAtTheDamage) {
    for (std::size_t byte = 0; byte < 4; ++byte) {
        auto damaged = segments_[0];
        damaged[5 * kFrameLength + byte] = std::byte{0xFF};
        test::write_file(segment_path(0), damaged);
        Catalog catalog(options(), platform_);
        EXPECT_LE(read(catalog, 0), kStop);
    }
    test::write_file(segment_path(0), ConstBytes(segments_[0]).first(3000));
    Catalog catalog(options(), platform_);
    EXPECT_EQ(read(catalog, 0), 0) << "a block is read as a whole or not";
    std::filesystem::remove(segment_path(0));
    EXPECT_EQ(read(catalog, 0), 0);
}

// ---- Mark file ---------------------------------------------------------------------------------

class DamagedMarkFile : public testing::Test {
  protected:
    DamagedMarkFile() {
        {
            auto file = acquire();
            file.signal_ready(1'000'000);
            file.signal_terminated();
        }
        good_ = test::read_file(path());
    }
    memory::ArchiveMarkFile acquire() {
        memory::MarkFileAcquisition acquisition;
        acquisition.path = path();
        acquisition.error_log_length = 1024 * 1024;
        acquisition.now_epoch_ms = 2'000'000;
        acquisition.pid = 1;
        memory::ArchiveMarkFields fields;
        fields.control_channel = "aeron:udp?endpoint=localhost:8010";
        fields.local_control_channel = "aeron:ipc";
        fields.aeron_directory = "/dev/shm/aeron";
        return memory::ArchiveMarkFile::acquire(platform_.storage, acquisition, fields);
    }
    [[nodiscard]] std::string path() const { return directory_.file("archive-mark.dat"); }

    /// Either it is taken over and works, or an error names the file.
    bool try_acquire(const std::string& damage) {
        try {
            auto file = acquire();
            file.signal_ready(2'000'000);
            EXPECT_EQ(file.fields().local_control_channel, "aeron:ipc") << damage;
            EXPECT_GE(file.error_log().size(), 1U);
            file.signal_terminated();
            return true;
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr("archive-mark.dat")) << damage;
            return false;
        }
    }
    void try_to_read() {
        try {
            (void)memory::ArchiveMarkFile::open(platform_.storage, path()).fields();
        } catch (const Error&) {
        }
    }

    TemporaryDirectory directory_;
    platform::Platform platform_ = platform::posix::make_platform();
    Bits good_;
};

TEST_F(DamagedMarkFile, EveryBitOfItsHeader) {
    int taken_over = 0;
    for (std::size_t at = 0; at < 256; ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            auto damaged = good_;
            damaged[at] ^= static_cast<std::byte>(1 << bit);
            test::write_file(path(), damaged);
            try_to_read();
            taken_over += try_acquire(fmt::format("bit {} of byte {}", bit, at)) ? 1 : 0;
            if (HasFailure()) return;
        }
    }
    EXPECT_GT(taken_over, 1000);
}

TEST_F(DamagedMarkFile, EveryLength) {
    for (std::size_t length = 0; length < good_.size(); length += length < 300 ? 1 : 4999) {
        test::write_file(path(), ConstBytes(good_).first(length));
        try_to_read();
        (void)try_acquire(fmt::format("cut to {}", length));
        if (HasFailure()) return;
    }
}

TEST_F(DamagedMarkFile, RandomErrorLogs) {
    std::mt19937 random(7);
    for (int round = 0; round < 40; ++round) {
        auto damaged = good_;
        for (std::size_t at = 8192; at < damaged.size(); at += 1 + random() % 64) {
            damaged[at] = static_cast<std::byte>(random());
        }
        test::write_file(path(), damaged);
        (void)try_acquire("random error log");
    }
}

}  // namespace
}  // namespace tern::archive
