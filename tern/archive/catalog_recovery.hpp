#pragma once
// Where a recording ends whose archive was killed (ARC-8.5 of chapter 40, ARC-12 of chapter 41).
//
// The last segment is walked frame by frame. A frame belongs to the recording when its type, term
// id, term offset and stream id fit its position and it ends within its term; the first that does
// not ends the recording.
//
// Then the last frames, which may not have been synced, are examined: a frame that was written in
// part ends the recording before it, and the file is cut there. That is known when
//   - a page of it, behind its first page boundary, is a hole of the file; or
//   - it was recorded with a checksum, that does not match, and a sector of it is all zeros.
// The very last frame is also cut when a page of it is all zeros and neither checksum nor file
// system can tell whether zeros were written there. Upstream refuses to start in these cases and
// asks for its tool to be run; here the decision is taken and told.
//
// A crash of the process leaves whole pages, so this is exact where the file system has holes. A
// crash of the machine may leave sectors: only a record checksum makes that exact.
//
// A padding frame is its header alone (the rest is a hole), so it is always whole.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tern/archive/catalog.hpp"
#include "tern/archive/checksum.hpp"
#include "tern/base/bytes.hpp"
#include "tern/platform/storage.hpp"

namespace tern::archive {

struct RecoveredStop {
    std::int64_t position = 0;
    /// What had to be decided, for the operator; empty for a plain end.
    std::string note;
};

/// `segments`: base positions of the recording's files, ascending. `buffer`: scratch for reading,
/// at least 4096 bytes. Cuts the last file when its last frame is torn, and syncs it: what is found
/// may be in the system's memory only. Throws StorageError.
[[nodiscard]] RecoveredStop recover_stop_position(platform::Storage& storage,
                                                  const std::string& archive_directory,
                                                  const RecordingSummary& recording,
                                                  std::span<const std::int64_t> segments,
                                                  Checksum record_checksum, Bytes buffer);

}  // namespace tern::archive
