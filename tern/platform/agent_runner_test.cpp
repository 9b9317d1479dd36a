#include "tern/platform/agent_runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <semaphore>

namespace tern::platform {
namespace {

/// Does what the test tells it, and writes down what was asked of it.
class ScriptedAgent final : public Agent {
  public:
    explicit ScriptedAgent(std::string name = "scripted-agent-with-a-long-name")
        : name_(std::move(name)) {}

    void on_start() override {
        char thread_name[32] = {};
        ::pthread_getname_np(::pthread_self(), thread_name, sizeof(thread_name));
        thread_name_ = thread_name;
        calls_.push_back("start " + name_);
        if (start_) start_();
    }
    int do_work() override {
        ++cycles_;
        return work_ ? work_() : 0;
    }
    void on_close() override {
        calls_.push_back("close " + name_);
        if (close_) close_();
    }
    std::string_view role_name() const override { return name_; }

    std::string name_;
    std::string thread_name_;
    std::function<void()> start_;
    std::function<int()> work_;
    std::function<void()> close_;
    std::vector<std::string> calls_;
    int cycles_ = 0;
};

class Runs : public testing::Test {
  protected:
    ErrorHandler handler_ = [this](const std::exception& error) {
        errors_.emplace_back(error.what());
    };
    std::vector<std::string> errors_;
    ScriptedAgent agent_;
};

TEST_F(Runs, AnInvokedAgentIsStartedAndClosedOnce) {
    agent_.work_ = [] { return 3; };
    AgentInvoker invoker(agent_, handler_);
    EXPECT_EQ(invoker.invoke(), 0);  // not started
    invoker.start();
    invoker.start();
    EXPECT_EQ(invoker.invoke(), 3);
    invoker.close();
    invoker.close();
    EXPECT_EQ(invoker.invoke(), 0);
    EXPECT_EQ(agent_.calls_.size(), 2U);
    EXPECT_EQ(agent_.cycles_, 1);
}

TEST_F(Runs, AnErrorIsHandledAndATerminationEndsTheAgent) {
    AgentInvoker invoker(agent_, handler_);
    invoker.start();
    agent_.work_ = []() -> int { throw Error("once"); };
    invoker.invoke();
    EXPECT_TRUE(invoker.is_running());
    EXPECT_THAT(errors_, testing::ElementsAre("once"));

    agent_.work_ = []() -> int { throw AgentTermination("asked to", true); };
    agent_.close_ = [] { throw Error("badly closed"); };
    invoker.invoke();
    EXPECT_FALSE(invoker.is_running());
    EXPECT_THAT(errors_, testing::ElementsAre("once", "badly closed"));
    EXPECT_EQ(agent_.calls_.size(), 2U);
}

TEST_F(Runs, AnAgentThatDoesNotStartDoesNoWorkButIsClosed) {
    agent_.start_ = [] { throw Error("no"); };
    {
        AgentInvoker invoker(agent_, handler_);
        invoker.start();
        EXPECT_FALSE(invoker.is_running());
    }
    {
        AgentRunner runner(agent_, make_idle_strategy("yield"), handler_);
        runner.start();
        runner.close();
    }
    EXPECT_EQ(agent_.cycles_, 0);
    EXPECT_EQ(agent_.calls_.size(), 4U);
    EXPECT_THAT(errors_, testing::ElementsAre("no", "no"));
}

TEST_F(Runs, AnAgentInvokedFromItsOwnCycleIsNotReentered) {
    AgentInvoker invoker(agent_, handler_);
    agent_.work_ = [&] { return 1 + invoker.invoke(); };
    invoker.start();
    EXPECT_EQ(invoker.invoke(), 1);
    EXPECT_EQ(agent_.cycles_, 1);
}

TEST_F(Runs, AThreadIsNamedAfterTheRoleAndEndsOnClose) {
    std::binary_semaphore worked(0);
    agent_.work_ = [&] {
        if (agent_.cycles_ == 10) worked.release();
        return 0;
    };
    AgentRunner runner(agent_, make_idle_strategy("backoff"), handler_);
    runner.start(0);
    worked.acquire();
    runner.close();
    runner.close();
    EXPECT_TRUE(runner.is_finished());
    EXPECT_GE(agent_.cycles_, 10);
    EXPECT_EQ(agent_.thread_name_, "scripted-agent-");
    EXPECT_EQ(agent_.calls_.size(), 2U);
    EXPECT_THAT(errors_, testing::IsEmpty());
}

TEST_F(Runs, AThreadEndsByTerminationAndTellsWhenUnexpected) {
    agent_.work_ = []() -> int { throw AgentTermination("broken", false); };
    std::binary_semaphore closed(0);
    agent_.close_ = [&] { closed.release(); };
    AgentRunner runner(agent_, make_idle_strategy("spin"), handler_);
    runner.start();
    closed.acquire();
    runner.close();
    EXPECT_THAT(errors_, testing::ElementsAre("broken"));
    EXPECT_EQ(agent_.cycles_, 1);
}

TEST_F(Runs, AnAgentThatWasNeverStartedIsClosedAllTheSame) {
    { AgentInvoker invoker(agent_, handler_); }
    { AgentRunner runner(agent_, make_idle_strategy("noop"), handler_); }
    EXPECT_EQ(agent_.calls_.size(), 2U);
    EXPECT_EQ(agent_.cycles_, 0);
}

TEST_F(Runs, ACompositeGivesEachATurnAndClosesInReverse) {
    ScriptedAgent first("first");
    ScriptedAgent second("second");
    std::vector<std::string> closed;
    first.close_ = [&] { closed.emplace_back("first"); };
    second.close_ = [&] {
        closed.emplace_back("second");
        throw Error("second closed badly");
    };
    first.work_ = []() -> int { throw Error("first failed"); };
    second.work_ = [] { return 5; };
    CompositeAgent both("both", {&first, &second}, handler_);
    AgentInvoker invoker(both, handler_);
    invoker.start();
    EXPECT_EQ(invoker.invoke(), 5);
    second.work_ = []() -> int { throw AgentTermination("end", true); };
    invoker.invoke();
    EXPECT_FALSE(invoker.is_running());
    EXPECT_THAT(closed, testing::ElementsAre("second", "first"));
    EXPECT_THAT(errors_,
                testing::ElementsAre("first failed", "first failed", "second closed badly"));
}

TEST(IdleStrategies, AreKnownByAllTheirNames) {
    for (const char* name :
         {"backoff", "spin", "busy_spin", "yield", "sleep-ns", "sleep-ms", "noop", "yielding",
          "aeron_idle_strategy_backoff", "org.agrona.concurrent.BusySpinIdleStrategy"}) {
        auto strategy = make_idle_strategy(name);
        for (int i = 0; i < 40; ++i) strategy->idle(0);
        strategy->idle(1);
        strategy->reset();
    }
    (void)make_idle_strategy("backoff", "1-2-1us-10us");
    (void)make_idle_strategy("sleep-ns", "1ms");
}

TEST(IdleStrategies, RefuseWhatTheyDoNotUnderstand) {
    EXPECT_THROW((void)make_idle_strategy("controllable"), ConfigurationError);
    EXPECT_THROW((void)make_idle_strategy(""), ConfigurationError);
    for (const char* options : {"1", "1-2-3us", "1-2-3us-4us-5us", "a-2-3us-4us", "1-2-9us-4us",
                                "1-2-0-4us", "-1-2-3-4", "1-2-1us-2s"}) {
        EXPECT_THROW((void)make_idle_strategy("backoff", options), ConfigurationError) << options;
    }
    EXPECT_THROW((void)make_idle_strategy("sleep-ns", "fast"), ConfigurationError);
}

}  // namespace
}  // namespace tern::platform
