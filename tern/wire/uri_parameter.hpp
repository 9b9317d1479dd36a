#pragma once
// What the values of channel parameters may be (CLI-21.3): the checks of upstream's URI builder,
// for our builder and for channels that an archive keeps.

#include <string>
#include <string_view>

namespace tern::wire {

/// The value as the builder prints it: numbers plain, sizes and durations in the largest unit that
/// divides them, booleans as true or false (whatever is not true is false). Throws ChannelUriError
/// that says what is wrong with the value. Texts and values of keys that nobody knows are as they
/// were; ranges that a driver checks against something else are the driver's to check.
[[nodiscard]] std::string checked_uri_value(std::string_view key, std::string_view value);

}  // namespace tern::wire
