#pragma once
// Streams between hosts and within them, through every fault that the transport has to live with.

#include "sim/harness/run.hpp"

namespace tern::sim {

void play_streams(Run& run);

}  // namespace tern::sim
