#pragma once
// Streams over links of one kind: that lose a part of what they carry, one by one or in bursts,
// that reorder, or repeat. All arrives, or, where a stream may lose data, all but what was lost;
// and recovery costs little more than what was lost.

#include "sim/harness/run.hpp"

namespace tern::sim {

void play_loss(Run& run);

}  // namespace tern::sim
