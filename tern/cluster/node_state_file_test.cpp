#include "tern/cluster/node_state_file.hpp"

#include <gtest/gtest.h>

#include "tern/base/error.hpp"
#include "tern/cluster/testing/temporary_directory.hpp"

namespace tern::cluster {
namespace {

class NodeStateFileTest : public ::testing::Test {
  protected:
    NodeStateFile open() { return {directory_.storage(), directory_.path(), 1}; }
    void expect_head_equals(std::string_view golden) {
        const auto expected = testing::read_golden(golden);
        const auto ours = directory_.read("node-state.dat");
        ASSERT_EQ(ours.size(), 1048576U);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            ASSERT_EQ(ours[i], expected[i]) << "byte " << i;
        }
    }
    testing::TemporaryDirectory directory_;
};

TEST_F(NodeStateFileTest, ANewFileIsUpstreamsToTheByte) {
    EXPECT_EQ(open().candidate_term_id(), -1);
    expect_head_equals("files/node-state-new-head.bin");
}

TEST_F(NodeStateFileTest, AVoteIsUpstreamsToTheByteAndSurvivesReopening) {
    open().update(73588229205, 31604938272, 1700000000666);
    expect_head_equals("files/node-state-voted-head.bin");
    auto file = open();
    EXPECT_EQ(file.candidate_term_id(), 73588229205);
    EXPECT_EQ(file.log_position(), 31604938272);
    EXPECT_EQ(file.timestamp_ms(), 1700000000666);
}

TEST_F(NodeStateFileTest, NeverGoesBack) {
    auto file = open();
    EXPECT_EQ(file.propose_max(4, 96, 1), 4);
    EXPECT_EQ(file.propose_max(3, 192, 2), 4);
    EXPECT_EQ(file.propose_max(4, 192, 2), 4);
    EXPECT_EQ(file.log_position(), 96);
    EXPECT_EQ(file.propose_max(5, 192, 2), 5);
    EXPECT_EQ(file.log_position(), 192);
    file.close();
    file.close();
    EXPECT_THROW((void)file.candidate_term_id(), Error);
}

TEST_F(NodeStateFileTest, RefusesWhatItCannotRead) {
    { open(); }
    const auto good = directory_.read("node-state.dat");
    const auto expect_refused = [&](std::size_t offset, std::int32_t value) {
        auto content = good;
        store(content.data() + offset, value);
        directory_.write("node-state.dat", content);
        EXPECT_THROW(open(), Error) << "offset " << offset;
    };
    expect_refused(0, 0x0001'0000);                 // major version 1
    expect_refused(8 + 8, -1);                      // entry's frame length
    expect_refused(8 + 8, 0);                       // ends before a footer
    expect_refused(8 + 2, (112 << 16) | 302);       // no candidate term
    expect_refused(8 + 40 + 2, (112 << 16) | 300);  // no footer
    directory_.write("node-state.dat", std::vector<std::byte>(4));
    EXPECT_THROW(open(), Error);
}

}  // namespace
}  // namespace tern::cluster
