#pragma once
// Durations and sizes as upstream writes them in properties, URIs and labels (TRN-14.2, TLG-17.2).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tern {

inline constexpr std::int64_t kNanosPerMicro = 1'000;
inline constexpr std::int64_t kNanosPerMilli = 1'000'000;
inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr std::int64_t kMillisPerSecond = 1'000;

/// "10s", "100ms", "50us", "7ns", "7" (nanoseconds), any case. Too large saturates to INT64_MAX;
/// nullopt when it is not a non-negative duration.
[[nodiscard]] std::optional<std::int64_t> parse_duration_ns(std::string_view text);

/// "64k", "2M", "1g", "4096"; suffixes are powers of 1024. nullopt when malformed or too large.
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);

/// The largest of s, ms, us, ns that divides exactly: "10s", "1500us".
[[nodiscard]] std::string format_duration_ns(std::int64_t duration_ns);

/// The largest of g, m, k that divides exactly: "64k", "100".
[[nodiscard]] std::string format_size(std::int64_t size);

}  // namespace tern
