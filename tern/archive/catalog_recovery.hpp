#pragma once
// Where a recording ends whose archive was killed (ARC-8.5 of chapter 40, ARC-12 of chapter 41).
//
// The last segment is walked frame by frame. A frame belongs to the recording when its type, term
// id, term offset and stream id fit its position and it ends within its term; the first that does
// not ends the recording. A last data frame that crosses a page boundary may have been written in
// part: it counts when its checksum proves it, or when every page behind the first boundary holds
// something other than zeros. Otherwise the file is cut before it: upstream refuses to start there
// and asks for its tool to be run; here the decision is taken and told.
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
/// at least 4096 bytes. Cuts the last file when its last frame is torn. Throws StorageError.
[[nodiscard]] RecoveredStop recover_stop_position(platform::Storage& storage,
                                                  const std::string& archive_directory,
                                                  const RecordingSummary& recording,
                                                  std::span<const std::int64_t> segments,
                                                  Checksum record_checksum, Bytes buffer);

}  // namespace tern::archive
