#pragma once
// Once faults have stopped, something happens within a bound of virtual time: a client is served.
//
// Times in nanoseconds. A finding is one line, and comes once for each time that faults stopped.
// No thread safety.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tern::sim {

class LivenessChecker {
  public:
    /// `awaited` says in a finding what should have happened: "a client is served".
    LivenessChecker(std::string awaited, std::int64_t bound_ns)
        : awaited_(std::move(awaited)), bound_ns_(bound_ns) {}

    /// From now on nothing is promised.
    void faults_began() noexcept { since_ns_.reset(); }
    void faults_stopped(std::int64_t now_ns) noexcept { since_ns_ = now_ns; }
    /// What was awaited has happened. A finding when it was too late.
    [[nodiscard]] std::optional<std::string> served(std::int64_t now_ns);
    /// Any time, at the latest at the end of a run.
    [[nodiscard]] std::optional<std::string> check(std::int64_t now_ns);

  private:
    std::string awaited_;
    std::int64_t bound_ns_;
    std::optional<std::int64_t> since_ns_;  // while waiting
};

}  // namespace tern::sim
