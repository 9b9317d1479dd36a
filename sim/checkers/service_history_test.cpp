#include "sim/checkers/service_history.hpp"

#include <gtest/gtest.h>

namespace tern::sim {
namespace {

using Kind = ServiceEvent::Kind;

/// Session 7 opens at 64, sends at 128, and is open still.
ServiceHistory some_history() {
    ServiceHistory history;
    EXPECT_EQ(history.restored(0, 0, {}), std::nullopt);
    EXPECT_EQ(history.applied(0, {Kind::open, 64, 1, 7}), std::nullopt);
    EXPECT_EQ(history.applied(0, {Kind::command, 128, 2, 7, "put"}), std::nullopt);
    return history;
}

TEST(ServiceHistory, IsTheSameAfterARestart) {
    ServiceHistory history = some_history();
    EXPECT_EQ(history.restored(0, 64, {7}), std::nullopt);
    EXPECT_EQ(history.applied(0, {Kind::command, 128, 2, 7, "put"}), std::nullopt);
    EXPECT_EQ(history.applied(0, {Kind::close, 192, 3, 7}), std::nullopt);
    EXPECT_EQ(history.restored(0, 192, {}), std::nullopt);
    EXPECT_EQ(history.end_position(), 192);
}

TEST(ServiceHistory, FindsAnEventThatHasChanged) {
    ServiceHistory history = some_history();
    EXPECT_EQ(history.restored(0, 64, {7}), std::nullopt);
    EXPECT_EQ(history.applied(0, {Kind::command, 128, 2, 7, "get"}),
              "member 0: command of session 7 at 128 where the history has command of session 7 at "
              "128");
}

TEST(ServiceHistory, FindsAnEventThatIsLeftOut) {
    ServiceHistory history = some_history();
    EXPECT_EQ(history.restored(0, 0, {}), std::nullopt);
    EXPECT_EQ(
        history.applied(0, {Kind::command, 128, 2, 7, "put"}),
        "member 0: command of session 7 at 128 where the history has open of session 7 at 64");
}

TEST(ServiceHistory, FindsAnEventThatIsAppliedAgain) {
    ServiceHistory history = some_history();
    EXPECT_EQ(history.applied(0, {Kind::command, 128, 2, 7, "put"}),
              "member 0: command of session 7 at 128, though it is at 128 already");
}

TEST(ServiceHistory, FindsSessionsThatARestartHasForgotten) {
    ServiceHistory history = some_history();
    EXPECT_EQ(history.restored(0, 128, {}), "member 0 restored at 128 has sessions [], not [7]");
}

TEST(ServiceHistory, FindsWhatASessionMayNot) {
    ServiceHistory history = some_history();
    EXPECT_EQ(history.applied(0, {Kind::open, 192, 3, 7}),
              "member 0: open of session 7 at 192, which was open before");
    EXPECT_EQ(history.applied(0, {Kind::close, 256, 3, 7}), std::nullopt);
    EXPECT_EQ(history.applied(0, {Kind::command, 320, 3, 7, "put"}),
              "member 0: command of session 7 at 320, which is not open");
    EXPECT_EQ(history.applied(0, {Kind::close, 384, 3, 7}),
              "member 0: close of session 7 at 384, which is not open");
}

TEST(ServiceHistory, TimersAndMessagesComeOnce) {
    ServiceHistory history = some_history();
    history.expects_timer(5);
    history.expects_timer(5);  // the command is applied again
    history.expects_message(5);
    EXPECT_EQ(history.pending(), 2U);
    EXPECT_EQ(history.applied(0, {Kind::timer, 192, 3, 5}), std::nullopt);
    EXPECT_EQ(history.first_pending(), "message 5");
    EXPECT_EQ(history.applied(0, {Kind::message, 256, 3, 5}), std::nullopt);
    EXPECT_EQ(history.pending(), 0U);
    EXPECT_EQ(history.applied(0, {Kind::timer, 320, 3, 5}),
              "member 0: timer 5 at 320, for the second time");
    EXPECT_EQ(history.applied(0, {Kind::message, 384, 3, 6}),
              "member 0: message 6 at 384, which nobody asked for");
}

}  // namespace
}  // namespace tern::sim
