#pragma once
// Operating errors of the control paths. Data paths use result types instead and never throw.
//
// An Error carries a severity (as upstream's AeronException category), a numeric code whose
// meaning belongs to the room that throws it (driver: TRN-8, archive: chapter 40, ...), and a
// message that says what happened, where, and what to do.

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tern {

enum class Severity : std::uint8_t { fatal, error, warn };

[[nodiscard]] std::string_view to_string(Severity severity) noexcept;  ///< "FATAL" "ERROR" "WARN"

/// Code for errors that have no number of their own (GENERIC_ERROR of TRN-8).
inline constexpr std::int32_t kGenericError = 11;

class Error : public std::runtime_error {
  public:
    explicit Error(const std::string& message, std::int32_t code = kGenericError,
                   Severity severity = Severity::error)
        : std::runtime_error(message), code_(code), severity_(severity) {}

    [[nodiscard]] std::int32_t code() const noexcept { return code_; }
    [[nodiscard]] Severity severity() const noexcept { return severity_; }

  private:
    std::int32_t code_;
    Severity severity_;
};

/// The system has refused something.
class SystemError : public Error {
  public:
    SystemError(const std::string& message, int error_number) : Error(message, error_number) {}
    [[nodiscard]] int error_number() const noexcept { return code(); }  ///< errno
};

/// A setting that cannot be used; the command line answers with one line and exit code 2.
class ConfigurationError : public Error {
    using Error::Error;
};

/// A deadline passed; the message names what was awaited.
class TimeoutError : public Error {
    using Error::Error;
};

/// Thrown by an agent out of do_work() to end itself. `expected` ends are not errors and are not
/// logged as such.
class AgentTermination : public Error {
  public:
    AgentTermination(const std::string& message, bool expected)
        : Error(message, kGenericError, expected ? Severity::warn : Severity::error),
          expected_(expected) {}
    [[nodiscard]] bool expected() const noexcept { return expected_; }

  private:
    bool expected_;
};

/// Receives the errors of a running agent. Called on the agent's thread; must not throw.
using ErrorHandler = std::function<void(const std::exception&)>;

}  // namespace tern
