#pragma once
// What the client throws on its control paths and hands to error handlers (CLI-19).

#include <cstdint>
#include <string>

#include "tern/base/error.hpp"

namespace tern::client {

/// Error codes of the driver (TRN-8) and of the client itself (CLI-19.1).
namespace error_code {

inline constexpr std::int32_t kInvalidChannel = 1;
inline constexpr std::int32_t kUnknownSubscription = 2;
inline constexpr std::int32_t kUnknownPublication = 3;
inline constexpr std::int32_t kChannelEndpointError = 4;
inline constexpr std::int32_t kUnknownCounter = 5;
inline constexpr std::int32_t kUnknownCommandTypeId = 6;
inline constexpr std::int32_t kMalformedCommand = 7;
inline constexpr std::int32_t kNotSupported = 8;
inline constexpr std::int32_t kUnknownHost = 9;
inline constexpr std::int32_t kResourceTemporarilyUnavailable = 10;
inline constexpr std::int32_t kStorageSpace = 12;
inline constexpr std::int32_t kImageRejected = 13;
inline constexpr std::int32_t kPublicationRevoked = 14;
inline constexpr std::int32_t kDriverTimeout = 1000;
inline constexpr std::int32_t kClientTimeout = 1001;
inline constexpr std::int32_t kConductorServiceTimeout = 1002;
inline constexpr std::int32_t kDriverBufferFull = 1004;

}  // namespace error_code

/// The driver refused a command. code() is the driver's (TRN-8), the message its text. A code of
/// kResourceTemporarilyUnavailable means: try again.
class RegistrationException : public Error {
  public:
    RegistrationException(const std::string& driver_message, std::int32_t code,
                          std::int64_t correlation_id);
    [[nodiscard]] std::int64_t correlation_id() const noexcept { return correlation_id_; }

  private:
    std::int64_t correlation_id_;
};

/// A channel endpoint of a publication or subscription of this client failed; only sent by old
/// drivers. Goes to the error handler (CLI-4.3).
class ChannelEndpointException : public Error {
  public:
    ChannelEndpointException(const std::string& message, std::int32_t channel_status_id)
        : Error(message, error_code::kChannelEndpointError),
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
