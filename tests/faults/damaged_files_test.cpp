// Every bit flipped, every length cut, of each small file of a cluster directory: the tools and the
// start of a node answer with an error that names the file, or go on; they never crash or hang.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "tern/cluster/consensus/module_files.hpp"
#include "tern/cluster/node_state_file.hpp"
#include "tern/cluster/recording_log.hpp"
#include "tern/cluster/testing/temporary_directory.hpp"
#include "tern/tools/cluster_tool.hpp"
#include "tern/tools/error_logs.hpp"
#include "tests/support/scratch_directory.hpp"

namespace tern::faults {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMarkFileLength = 1'056'768;

class DamagedFiles : public ::testing::Test {
  protected:
    // The tools' notices about thousands of damaged files are not news.
    void SetUp() override { ::testing::internal::CaptureStderr(); }
    void TearDown() override { static_cast<void>(::testing::internal::GetCapturedStderr()); }

    DamagedFiles() {
        put("files/recording-log-full.bin", "recording.log", 0);
        put("files/node-state-voted-head.bin", "node-state.dat", cluster::kNodeStateFileLength);
        put("files/cluster-mark-head.bin", "cluster-mark.dat", kMarkFileLength);
        put("files/cluster-mark-service-head.bin", "cluster-mark-service-0.dat", kMarkFileLength);
    }
    [[nodiscard]] std::string path_of(std::string_view name) const {
        return directory_.path() + "/" + std::string(name);
    }
    void put(std::string_view golden, std::string_view name, std::size_t length) {
        auto bytes = cluster::testing::read_golden(golden);
        bytes.resize(std::max(bytes.size(), length));
        storage().create(path_of(name), {})->write_at(0, ConstBytes(bytes));
    }
    void restore(const std::string& name, ConstBytes original) {
        const auto file =
            storage().open(directory_.path() + "/" + name, platform::Access::read_write);
        file->truncate(static_cast<std::int64_t>(original.size()));
        file->write_at(0, original.first(std::min<std::size_t>(original.size(), 16'384)));
    }
    /// Damages the first `length` bytes in every way, one way at a time, and runs `check`.
    void damage(const std::string& name, std::size_t length, const std::function<void()>& check) {
        const auto original = cluster::testing::read_file(path_of(name));
        const std::string path = directory_.path() + "/" + name;
        length = std::min(length, original.size());
        for (std::size_t offset = 0; offset < length; ++offset) {
            for (int bit = 0; bit < 8; ++bit) {
                const std::byte flipped = original[offset] ^ static_cast<std::byte>(1 << bit);
                storage()
                    .open(path, platform::Access::read_write)
                    ->write_at(static_cast<std::int64_t>(offset), ConstBytes(&flipped, 1));
                attempt(fmt::format("{}: bit {} of byte {} flipped", name, bit, offset), name,
                        check);
                restore(name, original);
            }
        }
        for (std::size_t size = 0; size < length; ++size) {
            storage()
                .open(path, platform::Access::read_write)
                ->truncate(static_cast<std::int64_t>(size));
            attempt(fmt::format("{}: cut to {} bytes", name, size), name, check);
            restore(name, original);
        }
    }
    void attempt(const std::string& what, const std::string& name,
                 const std::function<void()>& check) {
        try {
            check();
            ++survived_;
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), HasSubstr(name)) << what;
            ++refused_;
        } catch (const std::exception& error) {
            ADD_FAILURE() << what << ": " << error.what();
        }
    }
    /// The commands that read files, as text and as JSON.
    void run_tool() {
        for (const bool json : {false, true}) {
            for (const auto* command : {"describe", "pid", "errors", "recording-log"}) {
                tools::ClusterTool tool(
                    {.directory = directory_.path(), .properties = {}, .json = json, .wait_ns = {}},
                    platform_, [](std::string_view) {});
                (void)tool.run(command, {});
            }
        }
        (void)tools::find_error_logs(storage(), directory_.path());
    }
    platform::Storage& storage() { return platform_.storage; }

    platform::Platform platform_ = platform::posix::make_platform();
    support::ScratchDirectory directory_{platform_};
    int survived_ = 0;
    int refused_ = 0;
};

TEST_F(DamagedFiles, RecordingLog) {
    damage("recording.log", SIZE_MAX, [&] { run_tool(); });
    damage("recording.log", SIZE_MAX, [&] {
        cluster::RecordingLog log(storage(), directory_.path(),
                                  cluster::RecordingLog::Open::create_or_read_write, 0);
        (void)cluster::make_recovery_plan(log, 1, cluster::LogRecordingExtent{});
        if (const auto* last = log.find_last_term()) {
            log.commit_log_position(last->leadership_term_id, last->term_base_log_position);
        }
        try {
            (void)log.invalidate_latest_snapshot();
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), HasSubstr("no matching term"));
        }
    });
    EXPECT_GT(survived_, 100);
    EXPECT_GT(refused_, 100);
}

TEST_F(DamagedFiles, NodeState) {
    damage("node-state.dat", 192, [&] { run_tool(); });
    damage("node-state.dat", 192, [&] {
        cluster::NodeStateFile file(storage(), directory_.path(), 0);
        (void)file.propose_max(file.candidate_term_id(), 1, 2);
    });
    EXPECT_GT(refused_, 100);
}

TEST_F(DamagedFiles, MarkFileOfTheModule) {
    damage("cluster-mark.dat", 256, [&] { run_tool(); });
    EXPECT_GT(survived_, 100);
    EXPECT_GT(refused_, 100);
}

TEST_F(DamagedFiles, MarkFileOfAService) {
    damage("cluster-mark-service-0.dat", 256, [&] { run_tool(); });
    EXPECT_GT(survived_, 100);
    EXPECT_GT(refused_, 100);
}

TEST_F(DamagedFiles, MarkFilesAtTheStartOfANode) {
    for (const auto* name : {"cluster-mark.dat", "cluster-mark-service-0.dat"}) {
        damage(name, 256, [&] {
            (void)memory::ClusterMarkFile::acquire(storage(),
                                                   memory::ClusterComponent::consensus_module,
                                                   {.path = directory_.path() + "/" + name,
                                                    .now_epoch_ms = platform_.clock.epoch_ms(),
                                                    .pid = 1},
                                                   {});
        });
    }
    EXPECT_GT(survived_, 100);
    EXPECT_GT(refused_, 10);
}

}  // namespace
}  // namespace tern::faults
