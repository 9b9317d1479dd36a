#pragma once
// An archive on one host; users on it and on others record, extend, cut, purge, list and replay.
//
// What is promised of a recording (chapters 40 ARC-9.2, ARC-8.5; 41 ARC-5.5), with the archive's
// file sync level F and its catalog's C >= F. Acknowledged is what a client was told: a position by
// an answer or by the recording's counter, a stop position, a start by an answer that knows it.
//
//   of the process (kill)      whatever F and C: nothing that was written is lost, and so nothing
//                              acknowledged; the recovered end is between what was acknowledged and
//                              what was sent.
//   of the host, F >= 1        the same: a position is told when its bytes, their segment file and
//                              the file's name are on the disk. C >= F >= 1: recordings, their
//                              starts, ends and removals are as they were told. What was not
//                              synced is not replayed when it is torn: without checksums, where
//                              the disk writes whole pages.
//   of the host, F = 0, C >= 1 the recordings are still known; their bytes may be holes, torn or
//                              missing, and whatever is replayed proves nothing.
//   of the host, F = C = 0     nothing: recordings may be unknown, and their numbers used again.
//   write and sync errors,     the recording ends where the last block was written whole; all
//   a full disk                before it is there.
//   rotten bits                with checksums: a replay gives what was recorded or ends by an
//                              error. Not of bits of frame headers, which no checksum covers.
//   older files                as it was when the copy was made.
//
// Level 2 differs from 1 in that metadata (sizes, times) of segment files are synced as well; since
// they have their full size from the beginning on, it promises the same.

#include "sim/harness/run.hpp"

namespace tern::sim {

void play_archive(Run& run);

}  // namespace tern::sim
