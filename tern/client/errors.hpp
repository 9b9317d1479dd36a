#pragma once
// What the client throws on its control paths and hands to error handlers (CLI-19).

#include <cstdint>
#include <string>

#include "tern/base/error.hpp"
#include "tern/wire/error_codes.hpp"

namespace tern::client {

/// Codes of the client itself (CLI-19.1); those of the driver are wire::ErrorCode.
namespace error_code {

inline constexpr std::int32_t kDriverTimeout = 1000;
inline constexpr std::int32_t kClientTimeout = 1001;
inline constexpr std::int32_t kConductorServiceTimeout = 1002;
inline constexpr std::int32_t kDriverBufferFull = 1004;

}  // namespace error_code

/// The driver refused a command. code() is the driver's (wire::ErrorCode), the message names the
/// command and has the driver's text. Severity warn, resource_temporarily_unavailable: try again.
class RegistrationException : public Error {
  public:
    RegistrationException(const std::string& message, std::int32_t code,
                          std::int64_t correlation_id)
        : Error(message, code,
                wire::error_code_of(code) == wire::ErrorCode::resource_temporarily_unavailable
                    ? Severity::warn
                    : Severity::error),
          correlation_id_(correlation_id) {}
    [[nodiscard]] std::int64_t correlation_id() const noexcept { return correlation_id_; }

  private:
    std::int64_t correlation_id_;
};

/// A channel endpoint of a publication or subscription of this client failed; only sent by old
/// drivers. Goes to the error handler (CLI-4.3).
class ChannelEndpointException : public Error {
  public:
    ChannelEndpointException(const std::string& message, std::int32_t channel_status_id)
        : Error(message, static_cast<std::int32_t>(wire::ErrorCode::channel_endpoint_error)),
          channel_status_id_(channel_status_id) {}
    [[nodiscard]] std::int32_t channel_status_id() const noexcept { return channel_status_id_; }

  private:
    std::int32_t channel_status_id_;
};

/// The driver is gone, or did not answer in the driver timeout.
class DriverTimeoutException : public TimeoutError {
  public:
    explicit DriverTimeoutException(const std::string& message)
        : TimeoutError(message, error_code::kDriverTimeout, Severity::fatal) {}
};

/// The driver has given this client up, because it saw no keepalive.
class ClientTimeoutException : public TimeoutError {
  public:
    explicit ClientTimeoutException(const std::string& message)
        : TimeoutError(message, error_code::kClientTimeout, Severity::fatal) {}
};

/// The conductor was not run for longer than the driver's client liveness timeout.
class ConductorServiceTimeoutException : public TimeoutError {
  public:
    explicit ConductorServiceTimeoutException(const std::string& message)
        : TimeoutError(message, error_code::kConductorServiceTimeout, Severity::fatal) {}
};

/// The client is closed, or has terminated after a fatal error.
class ClientClosedException : public Error {
    using Error::Error;
};

/// An argument that cannot be used: a length out of range, an unknown registration id.
class InvalidArgument : public Error {
    using Error::Error;
};

}  // namespace tern::client
