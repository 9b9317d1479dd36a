#pragma once
// `cluster-mark.dat` of a consensus module or backup, `cluster-mark-service-<n>.dat` of a service
// container (CLF-10).
//
// Thread safety: as MarkFile.

#include <cstdint>
#include <string>

#include "tern/base/version.hpp"
#include "tern/memory/mark_file.hpp"

namespace tern::memory {

inline constexpr std::string_view kClusterMarkFileName = "cluster-mark.dat";
inline constexpr std::string_view kClusterMarkLinkName = "cluster-mark.lnk";
inline constexpr std::int32_t kClusterMarkFileVersion = pack_version(0, 3, 0);

[[nodiscard]] std::string service_mark_file_name(std::int32_t service_id);
[[nodiscard]] std::string service_mark_link_name(std::int32_t service_id);

enum class ClusterComponent : std::int32_t {
    unknown = 0,
    consensus_module = 1,
    container = 2,
    backup = 3,
    standby = 4,
};
[[nodiscard]] std::string_view to_string(ClusterComponent component) noexcept;

struct ClusterMarkFields {
    std::int32_t archive_stream_id = 0;
    std::int32_t service_stream_id = 0;
    std::int32_t consensus_module_stream_id = 0;
    std::int32_t ingress_stream_id = -1;  ///< -1 for a service
    std::int32_t member_id = -1;
    std::int32_t service_id = -1;  ///< -1 for consensus module and backup
    std::int32_t cluster_id = 0;
    std::string aeron_directory = {};
    std::string control_channel = {};
    std::string ingress_channel = {};             ///< consensus module only
    std::string service_name = {};                ///< service only
    std::string authenticator = {};               ///< consensus module only
    std::string services_cluster_directory = {};  ///< consensus module only
};

class ClusterMarkFile : public MarkFile {
  public:
    /// At start: creates the file, or takes over that of a component which is no more. Throws
    /// OwnerActiveError when one seems alive, Error when the file is not ours to use.
    [[nodiscard]] static ClusterMarkFile acquire(platform::Storage& storage,
                                                 ClusterComponent component,
                                                 const MarkFileAcquisition& acquisition,
                                                 const ClusterMarkFields& fields);
    /// Tools: read-only; version() says whether it is ready.
    [[nodiscard]] static ClusterMarkFile open(platform::Storage& storage, const std::string& path);

    [[nodiscard]] ClusterMarkFields fields() const;
    [[nodiscard]] ClusterComponent component() const noexcept;
    /// Legacy; -1 on new files, kept on reuse, never written afterwards (CLF-10.6).
    [[nodiscard]] std::int64_t candidate_term_id() const noexcept;

    /// Service: when it has joined the log.
    void set_member_id(std::int32_t member_id) noexcept;

  private:
    explicit ClusterMarkFile(MarkFile&& file) : MarkFile(std::move(file)) {}
};

}  // namespace tern::memory
