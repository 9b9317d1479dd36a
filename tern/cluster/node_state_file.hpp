#pragma once
// node-state.dat: the one durable vote of a member, the highest candidate term that it proposed or
// voted for (CLF-11). A fixed file of 1 MiB, mapped.
//
// The term is stored last and made durable (sync level > 0) before propose_max() returns, and that
// is called before the corresponding vote or request leaves the node.
//
// Errors: tern::Error when the file is there but not understood; StorageError.
// Thread safety: none; one owner.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tern/platform/storage.hpp"

namespace tern::cluster {

inline constexpr std::string_view kNodeStateFileName = "node-state.dat";
inline constexpr std::int64_t kNodeStateFileLength = 1024 * 1024;

class NodeStateFile {
  public:
    /// Opens or creates `directory`/node-state.dat.
    NodeStateFile(platform::Storage& storage, const std::string& directory,
                  std::int32_t file_sync_level);

    [[nodiscard]] std::int64_t candidate_term_id() const;  ///< -1: never voted
    [[nodiscard]] std::int64_t log_position() const;
    [[nodiscard]] std::int64_t timestamp_ms() const;

    void update(std::int64_t candidate_term_id, std::int64_t log_position,
                std::int64_t timestamp_ms);
    /// Stores the term if it is higher than the stored one; returns the one in force.
    std::int64_t propose_max(std::int64_t candidate_term_id, std::int64_t log_position,
                             std::int64_t timestamp_ms);
    void close();  ///< harmless when repeated

  private:
    void initialise();
    void locate_candidate_term();
    [[nodiscard]] std::byte* field(std::int64_t offset) const;

    std::unique_ptr<platform::Mapping> mapping_;
    std::int32_t file_sync_level_;
    std::int64_t candidate_term_offset_ = 0;  // of the entry's body
};

}  // namespace tern::cluster
