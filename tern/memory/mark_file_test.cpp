#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "tern/memory/archive_mark_file.hpp"
#include "tern/memory/cluster_mark_file.hpp"
#include "tern/memory/distinct_error_log.hpp"
#include "tern/memory/testing/golden.hpp"
#include "tern/platform/posix/storage.hpp"
#include "tern/platform/posix/system.hpp"

namespace tern::memory {
namespace {

using testing::AlignedBytes;

constexpr std::int64_t kNow = 1'700'000'000'222;

class MarkFileTest : public ::testing::Test {
  protected:
    MarkFileTest() {
        directory_ = fmt::format("/dev/shm/tern-mark-test-{}", ::getpid());
        storage_.remove_all(directory_);
        storage_.create_directories(directory_, platform::Visibility::owner_only);
        acquisition_.path = directory_ + "/mark.dat";
        acquisition_.now_epoch_ms = kNow;
        acquisition_.pid = 424242;
    }
    ~MarkFileTest() override { storage_.remove_all(directory_); }

    /// A file of full length that begins as a golden one.
    void put_golden(const std::string& name) {
        AlignedBytes head = testing::read_golden("files/" + name);
        const auto mapping = storage_.create_mapped(acquisition_.path, 1056768, {});
        std::memcpy(mapping->bytes().data(), head.data(), head.size());
    }
    /// Whether the file begins as the golden one and is zero after that.
    void expect_golden(const std::string& name) {
        AlignedBytes head = testing::read_golden("files/" + name);
        const auto mapping = storage_.open_mapped(acquisition_.path, platform::Access::read_only);
        const Bytes file = mapping->bytes();
        ASSERT_EQ(file.size(), 1056768U);
        EXPECT_EQ(as_text(file.first(head.size())), as_text(head.bytes()));
        for (std::size_t i = head.size(); i < file.size(); ++i) {
            ASSERT_EQ(file[i], std::byte{0}) << i;
        }
    }
    ArchiveMarkFile acquire_archive() {
        return ArchiveMarkFile::acquire(storage_, acquisition_, archive_);
    }
    ClusterMarkFile acquire_cluster() {
        return ClusterMarkFile::acquire(storage_, ClusterComponent::consensus_module, acquisition_,
                                        cluster_);
    }

    platform::posix::PosixStorage storage_;
    std::string directory_;
    MarkFileAcquisition acquisition_;
    ArchiveMarkFields archive_{
        .archive_id = 72623859790382856,
        .control_stream_id = 10,
        .local_control_stream_id = 11,
        .events_stream_id = 30,
        .control_channel = "aeron:udp?endpoint=localhost:8010",
        .local_control_channel = "aeron:ipc?term-length=64k",
        .events_channel = "aeron:udp?control-mode=dynamic|control=localhost:8030",
        .aeron_directory = "/dev/shm/aeron-golden"};
    ClusterMarkFields cluster_{.archive_stream_id = 10,
                               .service_stream_id = 104,
                               .consensus_module_stream_id = 105,
                               .ingress_stream_id = 101,
                               .member_id = 2,
                               .service_id = -1,
                               .cluster_id = 7,
                               .aeron_directory = "/dev/shm/aeron-golden-2",
                               .control_channel = "aeron:ipc?term-length=128k",
                               .ingress_channel = "aeron:udp?endpoint=localhost:9010",
                               .service_name = "",
                               .authenticator = "io.aeron.security.DefaultAuthenticatorSupplier",
                               .services_cluster_directory = "/var/lib/golden/services"};
};

TEST_F(MarkFileTest, ArchiveWritesWhatUpstreamWrites) {
    ArchiveMarkFile file = acquire_archive();
    EXPECT_EQ(file.version(), 0);
    EXPECT_EQ(file.activity_timestamp_ms(), 0);
    file.signal_ready(1'700'000'000'333);
    expect_golden("archive-mark-head.bin");
    EXPECT_TRUE(file.is_active(1'700'000'000'333 + kMarkLivenessTimeoutMs));
    EXPECT_FALSE(file.is_active(1'700'000'000'334 + kMarkLivenessTimeoutMs));
}

TEST_F(MarkFileTest, ConsensusModuleWritesWhatUpstreamWrites) {
    acquisition_.pid = 424243;
    ClusterMarkFile file = acquire_cluster();
    file.signal_ready(1'700'000'000'333);
    expect_golden("cluster-mark-head.bin");
}

TEST_F(MarkFileTest, ServiceWritesWhatUpstreamWrites) {
    acquisition_.pid = 424244;
    acquisition_.now_epoch_ms = 1'700'000'000'444;
    ClusterMarkFields fields = cluster_;
    fields.ingress_stream_id = -1;
    fields.member_id = -1;
    fields.service_id = 1;
    fields.ingress_channel = "";
    fields.service_name = "golden-service";
    fields.authenticator = "";
    fields.services_cluster_directory = "";
    ClusterMarkFile file =
        ClusterMarkFile::acquire(storage_, ClusterComponent::container, acquisition_, fields);
    file.signal_ready(1'700'000'000'555);
    expect_golden("cluster-mark-service-head.bin");
    file.set_member_id(3);
    EXPECT_EQ(ClusterMarkFile::open(storage_, acquisition_.path).fields().member_id, 3);
}

TEST_F(MarkFileTest, ReadsUpstreamsFiles) {
    put_golden("archive-mark-head.bin");
    const ArchiveMarkFile archive = ArchiveMarkFile::open(storage_, acquisition_.path);
    EXPECT_EQ(archive.version(), kArchiveStorageVersion);
    EXPECT_EQ(archive.start_timestamp_ms(), kNow);
    EXPECT_EQ(archive.pid(), 424242);
    EXPECT_EQ(archive.fields().events_channel, archive_.events_channel);
    EXPECT_EQ(archive.fields().aeron_directory, archive_.aeron_directory);
    EXPECT_EQ(archive.error_log().size(), 1048576U);

    storage_.remove(acquisition_.path);
    put_golden("cluster-mark-head.bin");
    const ClusterMarkFile cluster = ClusterMarkFile::open(storage_, acquisition_.path);
    EXPECT_EQ(cluster.component(), ClusterComponent::consensus_module);
    EXPECT_EQ(cluster.candidate_term_id(), -1);
    EXPECT_EQ(cluster.fields().authenticator, cluster_.authenticator);
    EXPECT_EQ(cluster.fields().services_cluster_directory, cluster_.services_cluster_directory);
    EXPECT_EQ(cluster.fields().cluster_id, 7);
}

TEST_F(MarkFileTest, LiveFileIsRefusedAndLeftAlone) {
    put_golden("archive-mark-head.bin");
    acquisition_.now_epoch_ms = 1'700'000'000'333 + kMarkLivenessTimeoutMs - 1;
    try {
        acquire_archive();
        FAIL();
    } catch (const OwnerActiveError& error) {
        EXPECT_EQ(error.pid(), 424242);
        EXPECT_EQ(std::string(error.what()), "active mark file detected: " + acquisition_.path);
    }
    expect_golden("archive-mark-head.bin");
    acquisition_.now_epoch_ms += 1;
    acquire_archive();
}

// Whoever cannot be seen is given two heartbeats, not the ten seconds that one who can is given.
TEST_F(MarkFileTest, pain_1688_FileOfADeadProcessIsTakenOverSoon) {
    const platform::posix::PosixSystem system;
    put_golden("archive-mark-head.bin");  // of process 424242
    ASSERT_FALSE(system.process_alive(424242));
    acquisition_.pid = 5;
    acquisition_.system = &system;
    acquisition_.now_epoch_ms = 1'700'000'000'333 + kUnseenOwnerTimeoutMs - 1;
    EXPECT_THROW(acquire_archive(), OwnerActiveError);
    acquisition_.now_epoch_ms += 1;
    ArchiveMarkFile file = acquire_archive();
    EXPECT_EQ(file.activity_timestamp_ms(), kMarkStarting);
}

TEST_F(MarkFileTest, pain_1688_FileOfALivingProcessIsRefusedForTheWholeTimeout) {
    const platform::posix::PosixSystem system;
    acquisition_.pid = ::getppid();
    acquisition_.system = &system;
    ArchiveMarkFile file = acquire_archive();
    file.signal_ready(kNow);
    acquisition_.pid = ::getpid();
    acquisition_.now_epoch_ms = kNow + kMarkLivenessTimeoutMs - 1;
    EXPECT_THROW(acquire_archive(), OwnerActiveError);
}

// Upstream's would have to be deleted by hand.
TEST_F(MarkFileTest, pain_1688_FileOfOneThatDiedWhileStartingIsTakenOver) {
    const platform::posix::PosixSystem system;
    put_golden("archive-mark-head.bin");
    {
        const auto mapping = storage_.open_mapped(acquisition_.path, platform::Access::read_write);
        store(mapping->bytes().data() + 8, std::int32_t{0});  // never ready
        store(mapping->bytes().data() + 16, kMarkStarting);
    }
    acquisition_.pid = 5;
    acquisition_.system = &system;
    acquisition_.now_epoch_ms = kNow + 2 * kMarkLivenessTimeoutMs;
    ArchiveMarkFile file = acquire_archive();
    file.signal_ready(acquisition_.now_epoch_ms);
    EXPECT_EQ(file.version(), kArchiveStorageVersion);
}

TEST_F(MarkFileTest, StaleFileIsTakenOverAndItsErrorsAreHandedOut) {
    put_golden("archive-mark-head.bin");
    {
        const auto mapping = storage_.open_mapped(acquisition_.path, platform::Access::read_write);
        DistinctErrorLog(mapping->bytes().subspan(8192, 1 << 20)).record(1, "it was the disk");
    }
    acquisition_.now_epoch_ms += 20'000;
    acquisition_.pid = 5;
    archive_.control_channel = "aeron:udp?endpoint=x:1";
    ArchiveMarkFile file = acquire_archive();
    EXPECT_NE(file.previous_errors().find("it was the disk"), std::string::npos);
    EXPECT_EQ(error_report(file.error_log()), "");
    EXPECT_EQ(file.activity_timestamp_ms(), kMarkStarting);
    EXPECT_EQ(file.fields().control_channel, "aeron:udp?endpoint=x:1");
    EXPECT_EQ(file.pid(), 5);
    EXPECT_THROW(acquire_archive(), OwnerActiveError);  // another start meanwhile
}

TEST_F(MarkFileTest, EndIsSignalledByWhoeverForgetsIt) {
    {
        ArchiveMarkFile file = acquire_archive();
        file.signal_ready(kNow);
    }
    {
        const ArchiveMarkFile ended = ArchiveMarkFile::open(storage_, acquisition_.path);
        EXPECT_EQ(ended.activity_timestamp_ms(), kMarkTerminated);
        EXPECT_FALSE(ended.is_active(kNow));
    }
    { const ArchiveMarkFile failed_start = acquire_archive(); }
    acquire_archive().signal_ready(kNow);  // at once, without waiting for a timeout
}

TEST_F(MarkFileTest, ArchiveThatDiedBeforeItWasReadyNeedsATakeOver) {
    { const auto created = storage_.create_mapped(acquisition_.path, 1056768, {}); }
    EXPECT_THROW(acquire_archive(), Error);
    acquisition_.take_over = true;
    acquire_archive();
}

TEST_F(MarkFileTest, ClusterFileOfAnotherKindIsRefusedAndLeftAlone) {
    put_golden("cluster-mark-service-head.bin");
    acquisition_.now_epoch_ms += 20'000;
    EXPECT_THROW(acquire_cluster(), Error);
    expect_golden("cluster-mark-service-head.bin");
}

TEST_F(MarkFileTest, ConsensusModuleFollowsAFailedStartAndABackup) {
    {
        const ClusterMarkFile backup =
            ClusterMarkFile::acquire(storage_, ClusterComponent::backup, acquisition_, cluster_);
    }
    EXPECT_EQ(ClusterMarkFile::open(storage_, acquisition_.path).version(), -1);
    ClusterMarkFile file = acquire_cluster();
    file.signal_ready(kNow);
    EXPECT_EQ(file.version(), kClusterMarkFileVersion);
    EXPECT_EQ(file.component(), ClusterComponent::consensus_module);
}

TEST_F(MarkFileTest, LegacyFileWithoutMessageHeaderIsReadAndRewritten) {
    AlignedBytes head = testing::read_golden("files/cluster-mark-head.bin");
    {
        const auto mapping = storage_.create_mapped(acquisition_.path, 1056768, {});
        std::memcpy(mapping->bytes().data(), head.data() + 8, head.size() - 8);
        store<std::int64_t>(mapping->bytes().data() + 32, 77);  // candidate term id
    }
    EXPECT_EQ(ClusterMarkFile::open(storage_, acquisition_.path).fields().member_id, 2);
    acquisition_.now_epoch_ms += 20'000;
    ClusterMarkFile file = acquire_cluster();
    EXPECT_EQ(file.candidate_term_id(), 77);
    const auto mapping = storage_.open_mapped(acquisition_.path, platform::Access::read_only);
    EXPECT_EQ(load<std::uint16_t>(mapping->bytes().data() + 2), 200);
}

TEST_F(MarkFileTest, FullHeaderAndOddLengthsAreErrors) {
    archive_.aeron_directory = std::string(9000, 'd');
    EXPECT_THROW(acquire_archive(), Error);
    acquisition_.error_log_length = 4096;
    EXPECT_THROW(acquire_archive(), ConfigurationError);
}

TEST_F(MarkFileTest, GarbageInTheHeaderIsNotFollowed) {
    put_golden("cluster-mark-head.bin");
    {
        const auto mapping = storage_.open_mapped(acquisition_.path, platform::Access::read_write);
        store<std::uint32_t>(mapping->bytes().data() + 136, 0xFFFF'FFFF);
        store<std::int32_t>(mapping->bytes().data() + 72, INT32_MAX);
    }
    const ClusterMarkFile file = ClusterMarkFile::open(storage_, acquisition_.path);
    EXPECT_EQ(file.fields().aeron_directory, "");
    EXPECT_EQ(file.fields().services_cluster_directory, "");
    EXPECT_TRUE(file.error_log().empty());
}

}  // namespace
}  // namespace tern::memory
