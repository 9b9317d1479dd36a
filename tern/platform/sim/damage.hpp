#pragma once
// What a network may do to a datagram so that it still arrives.
//
// Only what a receiver is able to notice. A flipped bit of the payload is not: UDP's checksum
// finds it and the datagram is lost, and what that checksum misses nobody finds, since streams
// have none of their own. So the damage done here is what bugs and strangers send: datagrams of a
// wrong length, and headers that no peer writes.

#include <cstddef>
#include <vector>

#include "tern/platform/sim/prng.hpp"

namespace tern::platform::sim {

/// Damages the datagram in one of these ways, drawn from `prng`:
/// - cut: shorter, within its first header or anywhere, down to nothing;
/// - grown by up to 100 random bytes behind its last frame;
/// - its first frame of a version, or of a type, that nobody speaks;
/// - its first frame of a length that none can have: negative, below that of a header, beyond
///   any term;
/// - noise: as many random bytes, of a version that nobody speaks.
/// A cut may fall between two frames; those in front of it are then as they were sent.
void damage(std::vector<std::byte>& datagram, Prng& prng);

}  // namespace tern::platform::sim
