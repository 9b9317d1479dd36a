#pragma once
// Streams over every kind of channel that is not in `streams`: destinations that come and go,
// spies, subscribers that nobody waits for, streams that may lose data, streams that are revoked.

#include "sim/harness/run.hpp"

namespace tern::sim {

void play_channels(Run& run);

}  // namespace tern::sim
