#pragma once
// `archive-mark.dat` (ARC-10).
//
// Thread safety: as MarkFile.

#include <cstdint>
#include <string>

#include "tern/base/version.hpp"
#include "tern/memory/mark_file.hpp"

namespace tern::memory {

inline constexpr std::string_view kArchiveMarkFileName = "archive-mark.dat";
inline constexpr std::string_view kArchiveMarkLinkName = "archive-mark.lnk";
inline constexpr std::int32_t kArchiveStorageVersion = pack_version(3, 1, 0);

struct ArchiveMarkFields {
    std::int64_t archive_id = -1;
    std::int32_t control_stream_id = 0;
    std::int32_t local_control_stream_id = 0;
    std::int32_t events_stream_id = 0;
    std::string control_channel = {};  ///< empty when there is none
    std::string local_control_channel = {};
    std::string events_channel = {};
    std::string aeron_directory = {};
};

class ArchiveMarkFile : public MarkFile {
  public:
    /// At start: creates the file, or takes over that of an archive which is no more. Throws
    /// OwnerActiveError when one seems alive, Error when the file is not ours to use.
    [[nodiscard]] static ArchiveMarkFile acquire(platform::Storage& storage,
                                                 const MarkFileAcquisition& acquisition,
                                                 const ArchiveMarkFields& fields);
    /// Tools: read-only; version() says whether it is ready.
    [[nodiscard]] static ArchiveMarkFile open(platform::Storage& storage, const std::string& path);

    [[nodiscard]] ArchiveMarkFields fields() const;

    /// For an archive that learns its id from the driver, after it has acquired the file.
    void set_archive_id(std::int64_t archive_id) noexcept;

  private:
    explicit ArchiveMarkFile(MarkFile&& file) : MarkFile(std::move(file)) {}
};

}  // namespace tern::memory
