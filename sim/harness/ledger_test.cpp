#include "sim/harness/ledger.hpp"

#include <gtest/gtest.h>

namespace tern::sim {
namespace {

class AnsweredLedger : public ::testing::Test {
  protected:
    AnsweredLedger() {
        for (const std::int64_t value : {5, 7, 11}) ledger_.sent(value);
        EXPECT_EQ(ledger_.answered(5), std::nullopt);  // 7 and 11 are open
    }
    Ledger ledger_;
};

TEST_F(AnsweredLedger, AcceptsWhatWasAcknowledgedAndOpenCommandsInOrder) {
    for (const std::int64_t total : {5, 12, 23}) {
        Ledger ledger = ledger_;
        EXPECT_EQ(ledger.recovered(total), std::nullopt) << total;
        EXPECT_EQ(ledger.acknowledged_total(), total);
        EXPECT_EQ(ledger.pending(), 0U);
    }
}

TEST_F(AnsweredLedger, FindsALostOneADoubledOneAndASkippedOne) {
    for (const std::int64_t total : {0, 10, 16, 28}) {
        Ledger ledger = ledger_;
        EXPECT_NE(ledger.recovered(total), std::nullopt) << total;
    }
}

TEST_F(AnsweredLedger, FindsAWrongAnswerAndOneTooMany) {
    EXPECT_NE(ledger_.answered(13), std::nullopt);
    EXPECT_EQ(ledger_.answered(24), std::nullopt);
    EXPECT_NE(ledger_.answered(24), std::nullopt);
}

}  // namespace
}  // namespace tern::sim
