#pragma once
// Offsets in the catalog file (ARC-8.1, ARC-8.2, ARC-4.20 to ARC-4.22 of chapter 40).

#include <cstdint>

namespace tern::archive::catalog_layout {

// The file's header.
inline constexpr std::int64_t kHeaderLength = 32;
inline constexpr std::int64_t kVersion = 0;          // int32
inline constexpr std::int64_t kLength = 4;           // int32, always 32
inline constexpr std::int64_t kNextRecordingId = 8;  // int64
inline constexpr std::int64_t kAlignment = 16;       // int32

inline constexpr std::int32_t kStorageVersion = (3 << 16) | (1 << 8);  // 3.1.0
inline constexpr std::int32_t kStorageVersionMajor = 3;
inline constexpr std::int32_t kRecordAlignment = 64;
/// Of a file that is taken; those before 3.0 had 1,024.
inline constexpr std::int32_t kMaxRecordAlignment = 4'096;

// A record: its header, ...
inline constexpr std::int64_t kRecordHeaderLength = 32;
inline constexpr std::int64_t kRecordLength = 0;    // int32, bytes behind this header
inline constexpr std::int64_t kRecordState = 4;     // int32
inline constexpr std::int64_t kRecordChecksum = 8;  // int32

// ... the descriptor's fixed block, counted from the start of the record, ...
inline constexpr std::int64_t kControlSessionId = 32;
inline constexpr std::int64_t kCorrelationId = 40;
inline constexpr std::int64_t kRecordingId = 48;
inline constexpr std::int64_t kStartTimestamp = 56;
inline constexpr std::int64_t kStopTimestamp = 64;
inline constexpr std::int64_t kStartPosition = 72;
inline constexpr std::int64_t kStopPosition = 80;
inline constexpr std::int64_t kInitialTermId = 88;
inline constexpr std::int64_t kSegmentFileLength = 92;
inline constexpr std::int64_t kTermBufferLength = 96;
inline constexpr std::int64_t kMtuLength = 100;
inline constexpr std::int64_t kSessionId = 104;
inline constexpr std::int64_t kStreamId = 108;

// ... and three strings: stripped channel, original channel, source identity.
inline constexpr std::int64_t kStrings = 112;
inline constexpr std::int64_t kStringHeaderLength = 4;
inline constexpr std::int64_t kMinRecordLength = kStrings + 3 * kStringHeaderLength;

}  // namespace tern::archive::catalog_layout
