#include "tern/cluster/consensus/uncommitted_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tern::cluster {
namespace {

TEST(UncommittedQueueTest, CommittedEffectsAreDroppedAndTheRestUndoneNewestFirst) {
    UncommittedQueue<char> queue;
    queue.push(96, 'a');
    queue.push(192, 'b');
    queue.push(192, 'c');
    queue.push(288, 'd');
    std::vector<char> seen;
    queue.sweep(95, [&](char c) { seen.push_back(c); });
    EXPECT_TRUE(seen.empty());
    queue.sweep(96, [&](char c) { seen.push_back(c); });
    EXPECT_EQ(seen, std::vector<char>{'a'});
    std::vector<char> undone;
    queue.restore(191, [&](char c) { undone.push_back(c); });
    EXPECT_EQ(undone, (std::vector<char>{'d', 'c', 'b'}));
    EXPECT_EQ(queue.size(), 0U);
}

}  // namespace
}  // namespace tern::cluster
