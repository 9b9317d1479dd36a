#include "tern/archive/replay_session.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "tern/archive/test_support.hpp"
#include "tern/platform/posix/platform.hpp"

namespace tern::archive {
namespace {

/// Its time flies, and something else happens whenever somebody asks for it.
class BusyClock final : public platform::Clock {
  public:
    std::function<void()> meanwhile = [] {};
    [[nodiscard]] std::int64_t nano_time() const noexcept override {
        meanwhile();
        return now_ns_ += 1'000'000'000;
    }
    [[nodiscard]] std::int64_t epoch_ns() const noexcept override { return 0; }

  private:
    mutable std::int64_t now_ns_ = 0;
};

class ReplaySessionTest : public testing::Test {
  protected:
    ReplaySessionTest() {
        spec_.recording.segment_file_length = spec_.recording.term_buffer_length = 64 * 1024;
        spec_.recording.stop_position = 1024;
        spec_.length = 1024;
        spec_.archive_directory = directory_.path();
    }

    test::TemporaryDirectory directory_;
    BusyClock clock_;
    platform::Platform posix_ = platform::posix::make_platform();
    platform::Platform platform_{clock_, posix_.network, posix_.storage, posix_.random,
                                 posix_.system};
    ReplaySession::Spec spec_;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(4096);
    IoStatistics statistics_;
};

TEST_F(ReplaySessionTest, ASegmentThatIsNotThereIsAnError) {
    ReplaySession session(spec_, platform_);
    session.do_work(buffer_, statistics_);
    EXPECT_TRUE(session.is_done());
    EXPECT_TRUE(session.error().contains("segment file not created")) << session.error();
}

/// A truncation asks its replays to stop and takes the files away while they look for them.
TEST_F(ReplaySessionTest, WhatIsNotThereAfterAStopWasRequestedIsNoError) {
    ReplaySession session(spec_, platform_);
    clock_.meanwhile = [&] { session.request_stop(); };
    session.do_work(buffer_, statistics_);
    EXPECT_TRUE(session.is_done());
    EXPECT_TRUE(session.is_revoked());
    EXPECT_EQ(session.error(), "");
}

}  // namespace
}  // namespace tern::archive
