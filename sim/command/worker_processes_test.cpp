#include "sim/command/worker_processes.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

namespace tern::sim {
namespace {

std::map<std::uint64_t, std::string> run(std::uint64_t count, int jobs,
                                         const std::function<std::string(std::uint64_t)>& task) {
    std::map<std::uint64_t, std::string> results;
    run_in_processes(count, jobs, task, [&](const TaskResult& result) {
        const auto [place, is_new] =
            results.emplace(result.task, result.text ? *result.text : "died: " + result.death);
        EXPECT_TRUE(is_new) << result.task;
        return true;
    });
    return results;
}

TEST(WorkerProcesses, DoEveryTaskOnceAndTellLongTextsWhole) {
    const auto results = run(17, 3, [](std::uint64_t task) {
        return std::string(static_cast<std::size_t>(task) * 50'000, static_cast<char>('a' + task));
    });
    ASSERT_EQ(results.size(), 17U);
    for (const auto& [task, text] : results) {
        EXPECT_EQ(text, std::string(static_cast<std::size_t>(task) * 50'000,
                                    static_cast<char>('a' + task)));
    }
}

TEST(WorkerProcesses, ACrashIsAResultAndTheOthersGoOn) {
    const auto results = run(10, 2, [](std::uint64_t task) {
        if (task == 4) std::_Exit(7);
        return std::to_string(task);
    });
    ASSERT_EQ(results.size(), 10U);
    EXPECT_EQ(results.at(4), "died: exit code 7");
    EXPECT_EQ(results.at(6), "6");
    EXPECT_EQ(results.at(8), "8");
}

TEST(WorkerProcesses, AreEndedWhenNoMoreIsWanted) {
    int count = 0;
    run_in_processes(
        1'000'000'000, 2, [](std::uint64_t task) { return std::to_string(task); },
        [&](const TaskResult&) { return ++count < 5; });
    EXPECT_EQ(count, 5);
}

}  // namespace
}  // namespace tern::sim
