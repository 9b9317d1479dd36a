#pragma once
// Error codes of the archive protocol (ARC-6 of chapter 40): relevantId of an ERROR response.

#include <cstdint>

namespace tern::archive::error_code {

inline constexpr std::int32_t kGeneric = 0;
inline constexpr std::int32_t kActiveListing = 1;
inline constexpr std::int32_t kActiveRecording = 2;
inline constexpr std::int32_t kActiveSubscription = 3;
inline constexpr std::int32_t kUnknownSubscription = 4;
inline constexpr std::int32_t kUnknownRecording = 5;
inline constexpr std::int32_t kUnknownReplay = 6;
inline constexpr std::int32_t kMaxReplays = 7;
inline constexpr std::int32_t kMaxRecordings = 8;
inline constexpr std::int32_t kInvalidExtension = 9;
inline constexpr std::int32_t kAuthenticationRejected = 10;
inline constexpr std::int32_t kStorageSpace = 11;
inline constexpr std::int32_t kUnknownReplication = 12;
inline constexpr std::int32_t kUnauthorisedAction = 13;
inline constexpr std::int32_t kReplicationConnectionFailure = 14;
inline constexpr std::int32_t kEmptyRecording = 15;
inline constexpr std::int32_t kInvalidPosition = 16;

}  // namespace tern::archive::error_code
