#include "tern/archive/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tern/archive/catalog_layout.hpp"
#include "tern/archive/test_support.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::archive {
namespace {

using test::golden_path;
using test::read_file;
using test::sample_descriptor;
using test::TemporaryDirectory;
using test::write_file;
using testing::HasSubstr;

class FixedClock final : public platform::Clock {
  public:
    std::int64_t nano_time() const noexcept override { return 0; }
    std::int64_t epoch_ns() const noexcept override { return 1700000099999'000'000; }
};

class CatalogTest : public testing::Test {
  protected:
    CatalogOptions options(Checksum checksum = Checksum::none, std::int64_t capacity = 1024) {
        return {directory_.path(), capacity, 0, checksum, 64 * 1024};
    }
    platform::Platform platform() {
        auto real = platform::posix::make_platform();
        return {clock_, real.network, real.storage, real.random, real.system};
    }
    std::string file() const { return directory_.file("archive.catalog"); }

    FixedClock clock_;
    TemporaryDirectory directory_;
};

TEST_F(CatalogTest, WritesWhatUpstreamWrites) {
    {
        Catalog catalog(options(), platform());
        RecordingDescriptor d;
        d.start_timestamp_ms = 1700000000123;
        d.start_position = 69632;
        d.initial_term_id = -1234567;
        d.segment_file_length = 16777216;
        d.term_buffer_length = 1048576;
        d.mtu_length = 8192;
        d.session_id = 2125315813;
        d.stream_id = 1007;
        d.stripped_channel = "aeron:udp?endpoint=localhost:20121";
        d.original_channel = "aeron:udp?endpoint=localhost:20121|term-length=1m|alias=golden";
        d.source_identity = "127.0.0.1:40123";
        EXPECT_EQ(catalog.add_recording(d), 0);
    }
    EXPECT_EQ(read_file(file()), read_file(golden_path("files/catalog-one.bin")));
}

TEST_F(CatalogTest, RecoversUpstreamsCatalogAsUpstreamDoesButForFreshChecksums) {
    write_file(file(), read_file(golden_path("files/catalog-states.bin")));
    {
        Catalog catalog(options(Checksum::crc32c, 4096), platform());
        EXPECT_EQ(catalog.size(), 7U);
        EXPECT_FALSE(catalog.contains(3));
        EXPECT_FALSE(catalog.contains(4));
        EXPECT_EQ(catalog.next_recording_id(), 9);
        const auto longer = catalog.describe(5);
        ASSERT_TRUE(longer);
        EXPECT_EQ(longer->original_channel,
                  "aeron:udp?endpoint=a-much-longer-host-name.example:20005|interface=10.1.2.3|"
                  "alias=replaced-by-longer");
        EXPECT_EQ(longer->source_identity, "10.0.0.5:40125");
    }
    auto ours = read_file(file());
    auto theirs = read_file(golden_path("files/catalog-states-recovered.bin"));
    ASSERT_EQ(ours.size(), theirs.size());
    for (const std::size_t record : {32U, 544U, 1312U, 1632U}) {
        const auto length = load<std::int32_t>(ours.data() + record);
        const auto checksum = load<std::int32_t>(ours.data() + record + 8);
        const ConstBytes covered{ours.data() + record + 32, static_cast<std::size_t>(length)};
        EXPECT_EQ(checksum, compute_checksum(Checksum::crc32c, covered));
        store(ours.data() + record + 8, load<std::int32_t>(theirs.data() + record + 8));
    }
    EXPECT_EQ(ours, theirs);
}

TEST_F(CatalogTest, ChecksumsAreUpstreams) {
    for (const auto& [kind, expected] :
         {std::pair{Checksum::crc32, 0x6c86f8b5U}, {Checksum::crc32c, 0x8cef7320U}}) {
        TemporaryDirectory directory;
        Catalog catalog({directory.path(), 1024, 0, kind, 4096}, platform());
        (void)catalog.add_recording(sample_descriptor());
        const auto bytes = read_file(directory.file("archive.catalog"));
        EXPECT_EQ(load<std::uint32_t>(bytes.data() + 32 + 8), expected);
    }
}

TEST_F(CatalogTest, ReplacesByLongerAndShorterAndKeepsTheOthers) {
    Catalog catalog(options(), platform());
    for (int i = 0; i < 3; ++i) (void)catalog.add_recording(sample_descriptor());
    auto changed = *catalog.describe(1);
    changed.original_channel = "aeron:ipc?alias=" + std::string(500, 'x');
    catalog.replace_recording(changed);
    EXPECT_EQ(catalog.original_channel(1), changed.original_channel);
    EXPECT_EQ(catalog.original_channel(2), "aeron:ipc");
    changed.original_channel = "aeron:ipc?alias=y";
    catalog.replace_recording(changed);
    EXPECT_EQ(catalog.original_channel(1), "aeron:ipc?alias=y");
    catalog.recording_stopped(2, 64, 5);
    catalog.close();

    Catalog again(options(), platform());
    EXPECT_EQ(again.size(), 3U);
    EXPECT_EQ(again.original_channel(1), "aeron:ipc?alias=y");
    EXPECT_EQ(again.find(2)->stop_position, 64);
    EXPECT_TRUE(again.open_notes().empty());
}

TEST_F(CatalogTest, GrowsWhenFull) {
    Catalog catalog(options(), platform());
    for (int i = 0; i < 100; ++i) EXPECT_EQ(catalog.add_recording(sample_descriptor()), i);
    catalog.close();
    Catalog again(options(), platform());
    EXPECT_EQ(again.size(), 100U);
    EXPECT_EQ(again.last_id(), 99);
}

TEST_F(CatalogTest, FindsTheLastMatchingRecording) {
    Catalog catalog(options(), platform());
    auto d = sample_descriptor();
    for (int i = 0; i < 4; ++i) {
        d.session_id = i % 2;
        (void)catalog.add_recording(d);
    }
    EXPECT_EQ(catalog.find_last(0, 0, 1001, "ipc"), 2);
    EXPECT_EQ(catalog.find_last(3, 0, 1001, "ipc"), -1);
    EXPECT_EQ(catalog.find_last(0, 1, 1001, "udp"), -1);
    EXPECT_EQ(catalog.find_last(0, 1, 1001, ""), 3);
    catalog.set_state(3, RecordingState::deleted);
    EXPECT_EQ(catalog.find_last(0, 1, 1001, ""), 1);
    EXPECT_EQ(catalog.next_id(2), 2);
    EXPECT_EQ(catalog.next_id(3), std::nullopt);
}

TEST_F(CatalogTest, FinishesACreationThatWasCutShort) {
    write_file(file(), std::vector<std::byte>(1024));
    Catalog catalog(options(), platform());
    EXPECT_EQ(catalog.open_notes().size(), 1U);
    EXPECT_EQ(catalog.add_recording(sample_descriptor()), 0);
}

/// Killed at any point of adding a record: the next start works and ids stay unique.
TEST_F(CatalogTest, SurvivesACrashBetweenRecordAndHeader) {
    {
        Catalog catalog(options(), platform());
        for (int i = 0; i < 3; ++i) (void)catalog.add_recording(sample_descriptor());
    }
    auto bytes = read_file(file());
    store(bytes.data() + 8, std::int64_t{1});  // upstream's order: record first, header later
    write_file(file(), bytes);
    Catalog catalog(options(), platform());
    EXPECT_EQ(catalog.next_recording_id(), 3);
    ASSERT_EQ(catalog.open_notes().size(), 1U);
    EXPECT_THAT(catalog.open_notes()[0], HasSubstr("next recording id"));
}

TEST_F(CatalogTest, KeepsBytesBehindTheLastRecordAside) {
    {
        Catalog catalog(options(), platform());
        (void)catalog.add_recording(sample_descriptor());
    }
    auto bytes = read_file(file());
    bytes[400] = std::byte{1};
    write_file(file(), bytes);
    Catalog catalog(options(), platform());
    ASSERT_EQ(catalog.open_notes().size(), 1U);
    EXPECT_THAT(catalog.open_notes()[0], HasSubstr("offset 400"));
    EXPECT_EQ(catalog.add_recording(sample_descriptor()), 1);
    const auto saved = read_file(file() + ".trailing-224");
    EXPECT_EQ(saved[400 - 224], std::byte{1});
    catalog.close();
    Catalog again(options(), platform());
    EXPECT_TRUE(again.open_notes().empty());
    EXPECT_EQ(again.size(), 2U);
}

/// Any one byte of a catalog replaced by any of some values: it opens, or it refuses with an
/// Error; it never reads out of bounds (run under the address sanitizer).
TEST_F(CatalogTest, NeverTrustsAByte) {
    const auto good = read_file(golden_path("files/catalog-one.bin"));
    for (std::size_t at = 0; at < 288; ++at) {
        for (const auto value : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
            auto bytes = good;
            bytes[at] = static_cast<std::byte>(value);
            write_file(file(), bytes);
            try {
                Catalog catalog(options(), platform());
                for (auto id = catalog.next_id(0); id; id = catalog.next_id(*id + 1)) {
                    (void)catalog.describe(*id);
                }
            } catch (const Error&) {
            }
        }
    }
}

/// Each record would take a gibibyte of the disk.
TEST_F(CatalogTest, RefusesAnAlignmentThatNoArchiveWrites) {
    auto bytes = read_file(golden_path("files/catalog-one.bin"));
    for (const std::int32_t alignment : {0, 7, 96, 8'192, 1 << 30, -64}) {
        store(bytes.data() + 16, alignment);
        write_file(file(), bytes);
        EXPECT_THROW(Catalog(options(), platform()), CatalogError) << alignment;
    }
}

TEST_F(CatalogTest, OpensAnArchiveThatJavaWasKilledIn) {
    for (const std::string name : {"archive", "archive-crc32c"}) {
        TemporaryDirectory directory;
        const auto path = test::unpack_golden_archive(name, directory);
        const auto checksum = name == "archive" ? Checksum::none : Checksum::crc32c;
        Catalog catalog({path, 1024, 0, checksum, 64 * 1024}, platform());
        EXPECT_EQ(catalog.size(), 3U);
        EXPECT_EQ(catalog.find(0)->stop_position, 67360);
        EXPECT_EQ(catalog.find(1)->start_position, 131072);
        EXPECT_EQ(catalog.find(1)->stop_position, 445056);
        EXPECT_EQ(catalog.find(2)->stop_position, 182912) << "as upstream recovers it";
        EXPECT_TRUE(catalog.open_notes().empty());
    }
}

}  // namespace
}  // namespace tern::archive
